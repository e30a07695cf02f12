import type { FastifyInstance } from 'fastify';
import type { Services } from '../database/room.ts';
import { receiveWebhook } from '../payments/room.ts';
import { errorBody } from './error-map.ts';
import { registerScope } from './scope.ts';

/** More than any provider sends. */
const mostBytes = 1_048_576;

/** Takes payment providers' webhooks: the body as it came, for its signature, and an answer as soon as it is stored. */
export function webhookRoute(fastify: FastifyInstance, services: Services): void {
  void registerScope(fastify, 'webhooks', async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.post<{ Params: { provider: string } }>('/webhooks/:provider', { bodyLimit: mostBytes }, async (request, reply) => {
      const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const providerName = request.params.provider;
      const answer = await receiveWebhook(services, { providerName, rawBody, headers: request.headers });
      void reply.header('cache-control', 'no-store');
      if (answer.kind === 'TAKEN') return { received: true };
      if (answer.kind === 'REFUSED') return reply.code(400).send(errorBody('BAD_REQUEST', `The webhook is refused. ${answer.reason}`));
      return reply.code(404).send(errorBody('NOT_FOUND', `No provider "${providerName.slice(0, 50)}" is set up here.`));
    });
  });
}
