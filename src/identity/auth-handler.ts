import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { configService } from '../config.ts';
import { failureKind, logService, Overloaded, service, Unavailable, type Services } from '../database/room.ts';
import { AttemptLimit } from './attempt-limit.ts';
import { authPath, authService } from './auth.ts';
import { passwordTrace } from './password-hasher.ts';
import { resetPage } from './reset-page.ts';
import { forgetSessions, viewerFromRequest } from './viewer.ts';

/** Answers a request to `/api/auth/*`. The address is the client's, as the server knows it behind its proxies. */
export type AuthHandler = (request: Request, remoteAddress: string) => Promise<Response>;

interface Endpoint {
  /** Counted against the attempts that one address may make. */
  readonly limited?: boolean;
  /** The answer takes at least this long, so that its time does not tell what was done. */
  readonly floorMs?: number;
  readonly endsSessions?: boolean;
  readonly signsOut?: boolean;
}

/** What better-auth offers and we promise; the rest of its routes are not there. */
const endpoints = new Map<string, Endpoint>([
  ['POST /sign-up/email', { limited: true }],
  ['POST /sign-in/email', { limited: true }],
  ['POST /sign-out', { endsSessions: true, signsOut: true }],
  ['GET /get-session', {}],
  ['POST /request-password-reset', { limited: true, floorMs: 250 }],
  ['POST /reset-password', { limited: true, endsSessions: true }],
  ['POST /change-password', { limited: true, endsSessions: true }],
]);

const resetPagePath = 'GET /reset-password';

const authHandlerService = service<AuthHandler>('identity.handler', (services) => {
  const limit = new AttemptLimit(services.get(configService).limits.authAttemptsPerMinute);
  return (request, remoteAddress) => answer(services, limit, request, remoteAddress);
});

export function authHandler(services: Services): AuthHandler {
  return services.get(authHandlerService);
}

async function answer(services: Services, limit: AttemptLimit, request: Request, remoteAddress: string): Promise<Response> {
  const route = `${request.method} ${new URL(request.url).pathname.slice(authPath.length)}`;
  if (route === resetPagePath) return resetPage();
  const endpoint = endpoints.get(route);
  if (!endpoint) return refusal(404, 'NOT_FOUND', `There is no ${route} under ${authPath}; there are ${[...endpoints.keys(), resetPagePath].join(', ')}.`);
  const waitSeconds = endpoint.limited ? await limit.take(remoteAddress) : 0;
  if (waitSeconds > 0) {
    const message = `More than ${limit.perMinute} attempts a minute came from your address. Try again in ${waitSeconds} seconds.`;
    return refusal(429, 'RATE_LIMITED', message, { 'retry-after': String(waitSeconds) });
  }
  const [response] = await Promise.all([ask(services, request, endpoint), endpoint.floorMs ? delay(endpoint.floorMs) : null]);
  response.headers.set('cache-control', 'no-store');
  return response;
}

async function ask(services: Services, request: Request, endpoint: Endpoint): Promise<Response> {
  const credentials = { authorization: request.headers.get('authorization'), cookie: request.headers.get('cookie') };
  try {
    const { auth } = services.get(authService);
    const response = await passwordTrace.run({}, () => auth.handler(request));
    if (!endpoint.signsOut || !response.ok) return response;
    // better-auth answers a sign-out with success even when it could not delete the session.
    forgetSessions(services);
    const still = await viewerFromRequest(services, credentials);
    return still === null || still === 'INVALID' ? response : unavailable();
  } catch (error) {
    return failure(services, error);
  } finally {
    if (endpoint.endsSessions) forgetSessions(services);
  }
}

function failure(services: Services, error: unknown): Response {
  if (error instanceof Overloaded) return refusal(503, 'OVERLOADED', 'Too many sign-ins at once. Try again in a moment.', { 'retry-after': '1' });
  const { name, message, code } = error as Error & { code?: unknown };
  if (error instanceof Unavailable || failureKind(error) === 'RETRY') {
    services.get(logService).warn({ room: 'identity', name, code }, 'The database could not be asked about a sign-in.');
    return unavailable();
  }
  const requestId = randomUUID();
  // The message of an error that is ours alone; PostgreSQL's may quote what somebody typed.
  services.get(logService).error({ room: 'identity', requestId, name, code, reason: code === undefined ? message : undefined }, 'A request to sign-in failed.');
  return refusal(500, 'INTERNAL_SERVER_ERROR', `Something went wrong here. The log knows it as ${requestId}.`);
}

function unavailable(): Response {
  return refusal(503, 'UNAVAILABLE', 'This cannot be done just now. Try again.', { 'retry-after': '1' });
}

function refusal(status: number, code: string, message: string, headers: Record<string, string> = {}): Response {
  return Response.json({ code, message }, { status, headers: { 'cache-control': 'no-store', ...headers } });
}
