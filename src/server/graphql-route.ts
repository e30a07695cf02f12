import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { ApolloServer } from '@apollo/server';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createContext } from '../api/room.ts';
import type { Services } from '../database/room.ts';
import { visitorFromRequest } from '../identity/room.ts';
import type { ClientAddresses } from './client-address.ts';
import { PublicError, toPublicError } from './error-map.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { currentRequestId } from './request-id.ts';
import { newTrace, type OperationTrace, type TracedContext } from './trace.ts';

export interface GraphqlRouteParts {
  readonly apollo: ApolloServer<TracedContext>;
  readonly services: Services;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly addresses: ClientAddresses;
}

declare module 'fastify' {
  interface FastifyRequest {
    trace?: OperationTrace;
  }
}

export const graphqlPath = '/graphql';

/** `/graphql` over HTTP: POST, and GET for queries. A browser that opens it by hand is sent to the explorer. */
export function graphqlRoute(fastify: FastifyInstance, parts: GraphqlRouteParts): void {
  const handle = fastifyApolloHandler(parts.apollo, { context: (request: FastifyRequest) => contextOf(request, parts) }) as (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
  fastify.route({
    method: ['GET', 'POST'],
    url: graphqlPath,
    preHandler: async (request, reply) => {
      if (isBrowserVisit(request)) return reply.redirect('/explorer/');
      // Apollo's adapter builds a URL from it.
      if (!URL.canParse(`http://${request.host}/`)) throw new PublicError('BAD_REQUEST', 'The Host header is not a host.').withStatus(400);
    },
    handler: (request, reply) => currentRequestId.run(request.id, () => handle(request, reply)),
    onResponse: async ({ trace }) => {
      if (trace) parts.metrics.operations.inc({ kind: trace.kind, transport: 'http', outcome: trace.errorCodes[0] ?? 'OK' });
    },
  });
}

function isBrowserVisit(request: FastifyRequest): boolean {
  const { query } = request.query as { query?: string };
  return request.method === 'GET' && query === undefined && (request.headers.accept?.startsWith('text/html') ?? false);
}

async function contextOf(request: FastifyRequest, { services, log, addresses }: GraphqlRouteParts): Promise<TracedContext> {
  const { authorization, cookie } = request.headers;
  const trace = newTrace();
  request.trace = trace;
  try {
    const visitor = await visitorFromRequest(services, { authorization, cookie });
    if (visitor === 'INVALID') {
      throw new PublicError('UNAUTHENTICATED', 'The session token is not valid, or its session has ended: sign in again.').withStatus(401);
    }
    return Object.assign(createContext({ services, ...visitor, requestId: request.id, remoteAddress: addresses.of(request.raw) }), { trace });
  } catch (error) {
    const known = toPublicError(error, { log, requestId: request.id });
    trace.errorCodes = [known.code];
    if (known.code === 'UNAUTHENTICATED') throw known;
    throw known.withStatus(known.code === 'INTERNAL_SERVER_ERROR' ? 500 : 503);
  }
}
