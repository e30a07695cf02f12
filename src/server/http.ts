import cors from '@fastify/cors';
import { fastify, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Config } from '../config.ts';
import type { ClientAddresses } from './client-address.ts';
import { errorBody, PublicError, toPublicError, type PublicCode } from './error-map.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Origins } from './origins.ts';
import { requestIdOf } from './request-id.ts';

export interface HttpParts {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly origins: Origins;
  readonly addresses: ClientAddresses;
}

/** The HTTP server without its routes: limits, headers, CORS, one log line a request, and errors in GraphQL's form. */
export function createHttp(parts: HttpParts): FastifyInstance {
  const { config, metrics, origins } = parts;
  const http = fastify({
    bodyLimit: config.limits.bodyBytes,
    // Longer than load balancers keep theirs, so that none sends into a connection we are closing.
    keepAliveTimeout: 72_000,
    requestTimeout: 30_000,
    genReqId: (request) => requestIdOf(request.headers),
    logger: false,
    routerOptions: { ignoreTrailingSlash: false },
    // Paths that no router can read. They reach no hook.
    frameworkErrors: (error, request, reply: FastifyReply) => {
      const { status, code, message } = describeRefusal(error, config.limits.bodyBytes, { log: parts.log, requestId: request.id });
      void reply.headers({ ...securityHeaders(config), 'x-request-id': request.id }).code(status).send(errorBody(code, message));
      writeLine(parts, request, status, reply.elapsedTime);
    },
  });
  void http.register(cors, {
    origin: (origin, decide) => decide(null, origin !== undefined && origins.allows(origin)),
    credentials: true,
    methods: ['GET', 'POST'],
    exposedHeaders: ['set-auth-token', 'x-request-id', 'retry-after'],
    maxAge: 600,
  });
  http.addHook('onRequest', async (request, reply) => {
    void reply.headers(securityHeaders(config));
    void reply.header('x-request-id', request.id);
  });
  http.addHook('onResponse', async (request, reply) => {
    const labels = { method: request.method, route: request.routeOptions.url ?? 'none', status: reply.statusCode };
    metrics.httpSeconds.observe(labels, reply.elapsedTime / 1_000);
    writeLine(parts, request, reply.statusCode, reply.elapsedTime);
  });
  http.setErrorHandler(async (error: FastifyError, request, reply) => {
    const { status, code, message } = describeRefusal(error, request.routeOptions.bodyLimit, { log: parts.log, requestId: request.id });
    return reply.code(status).send(errorBody(code, message));
  });
  http.setNotFoundHandler(async (request, reply) =>
    reply.code(404).send(errorBody('NOT_FOUND', `Nothing is at ${request.method} ${request.url.split('?')[0]?.slice(0, 200)}. The API is at /graphql.`)));
  return http;
}

/** The path alone: queries and tokens travel in the rest of a URL. */
function writeLine({ log, addresses }: HttpParts, request: FastifyRequest, status: number, ms: number): void {
  const { trace } = request;
  log.info(
    {
      requestId: request.id,
      remoteAddress: addresses.of(request.raw),
      method: request.method,
      path: request.url.split('?')[0],
      status,
      ms: Math.round(ms * 10) / 10,
      ...(trace && { operation: { kind: trace.kind, name: trace.name }, errors: trace.errorCodes.length > 0 ? trace.errorCodes : undefined }),
    },
    'request',
  );
}

function securityHeaders(config: Config): Record<string, string> {
  return {
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    ...(config.publicUrl.startsWith('https:') && { 'strict-transport-security': 'max-age=31536000' }),
  };
}

interface Refusal {
  readonly status: number;
  readonly code: PublicCode;
  readonly message: string;
}

/** What fastify refuses before any route runs, and what routes throw. */
function describeRefusal(error: FastifyError, bodyLimitBytes: number, scene: Parameters<typeof toPublicError>[1]): Refusal {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return { status: 413, code: 'PAYLOAD_TOO_LARGE', message: `The request's body is larger than ${bodyLimitBytes} bytes, the most that is allowed.` };
  }
  if (!(error instanceof PublicError) && error.statusCode !== undefined && error.statusCode < 500) {
    return { status: error.statusCode, code: 'BAD_REQUEST', message: error.message };
  }
  const known = toPublicError(error, scene);
  const { status } = (known.extensions.http ?? {}) as { status?: number };
  return { status: status ?? (known.code === 'INTERNAL_SERVER_ERROR' ? 500 : 503), code: known.code, message: known.message };
}
