import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { ClientAddresses } from './client-address.ts';
import { registerScope } from './scope.ts';

/** Set by our own CORS handling, for the whole server in one place. */
const notCopied = new Set(['access-control-allow-origin', 'access-control-allow-credentials', 'access-control-expose-headers', 'set-cookie', 'content-length', 'transfer-encoding', 'connection']);

export interface FetchRoute {
  readonly prefix: string;
  readonly publicUrl: string;
  readonly addresses: ClientAddresses;
  readonly handle: (request: Request, remoteAddress: string) => Promise<Response>;
}

/** Lets a handler of the Fetch API answer a path and everything under it. */
export function fetchRoute(fastify: FastifyInstance, { prefix, publicUrl, addresses, handle }: FetchRoute): void {
  void registerScope(fastify, prefix, async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.route({
      method: ['GET', 'POST'],
      url: `${prefix}/*`,
      handler: async (request, reply) => {
        const headers = headersOf(request.headers);
        const body = request.method === 'GET' ? undefined : (request.body as Buffer<ArrayBuffer> | undefined);
        const asked = new Request(new URL(request.url, publicUrl), { method: request.method, headers, body });
        const answer = await handle(asked, addresses.of(request.raw));
        void reply.code(answer.status);
        for (const [name, value] of answer.headers) if (!notCopied.has(name)) void reply.header(name, value);
        for (const cookie of answer.headers.getSetCookie()) void reply.header('set-cookie', cookie);
        void reply.header('cache-control', 'no-store');
        return reply.send(Buffer.from(await answer.arrayBuffer()));
      },
    });
  });
}

function headersOf(given: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  // Browsers send Sec-Fetch-Site with every one of its kind. Node's own fetch sends the mode alone, and would pass for a page that hides its origin.
  if (!headers.has('sec-fetch-site')) headers.delete('sec-fetch-mode');
  return headers;
}
