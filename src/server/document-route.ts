import type { FastifyInstance } from 'fastify';
import type { Services } from '../database/room.ts';
import { openDocument } from '../receipts/room.ts';
import { PublicError } from './error-map.ts';

/** Receipts and statements: the signature in the link is the credential, so no cookie or token is read here. */
export function documentRoutes(fastify: FastifyInstance, services: Services): void {
  for (const folder of ['receipts', 'exports']) {
    fastify.get<{ Querystring: Record<string, unknown> }>(`/${folder}/:file`, async (request, reply) => {
      const path = request.url.split('?')[0] as string;
      const answer = await openDocument(services, path, request.query);
      switch (answer.kind) {
        case 'FORGED':
          throw new PublicError('FORBIDDEN', 'This link is not one that was given out here: ask the API for another.').withStatus(403);
        case 'EXPIRED':
          throw new PublicError('FORBIDDEN', 'This link has expired: ask the API for another.').withStatus(410);
        case 'NOT_FOUND':
          throw new PublicError('NOT_FOUND', 'There is no such document.').withStatus(404);
        case 'DOCUMENT':
          return reply
            .type(answer.contentType)
            .header('content-disposition', `attachment; filename="${answer.fileName}"`)
            .header('cache-control', 'private, no-store')
            .send(answer.body);
      }
    });
  }
}
