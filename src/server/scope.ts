import type { FastifyInstance, FastifyPluginAsync } from 'fastify';

/**
 * Registers routes that have parsers or hooks of their own. The name is what fastify calls them in what it reports; without one it looks for
 * them in every module that is loaded.
 */
export function registerScope(fastify: FastifyInstance, name: string, routes: FastifyPluginAsync): PromiseLike<unknown> {
  return fastify.register(Object.assign(routes, { [Symbol.for('fastify.display-name')]: name }));
}
