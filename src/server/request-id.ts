import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The id that a proxy or client gave the request, if it is fit to stand in a log, else one of our own. */
export function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID();
}

/** The id of the HTTP request that is being answered, for code that Apollo calls without a context. */
export const currentRequestId = new AsyncLocalStorage<string>();
