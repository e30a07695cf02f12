import { BlockList, isIPv6 } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { PublicError } from './error-map.ts';
import type { Metrics } from './metrics.ts';

const nearby = new BlockList();
nearby.addSubnet('127.0.0.0', 8);
nearby.addSubnet('10.0.0.0', 8);
nearby.addSubnet('172.16.0.0', 12);
nearby.addSubnet('192.168.0.0', 16);
nearby.addAddress('::1', 'ipv6');
nearby.addSubnet('fc00::', 7, 'ipv6');

/**
 * `/metrics` for a scraper on the same machine or private network that asks this process itself. A request that came through a
 * proxy (it carries X-Forwarded-For or Forwarded) is refused, so that a public proxy in front of the API does not publish it.
 */
export function metricsRoute(fastify: FastifyInstance, metrics: Metrics): void {
  fastify.get('/metrics', async (request, reply) => {
    const isProxied = request.headers['x-forwarded-for'] !== undefined || request.headers.forwarded !== undefined;
    if (isProxied || !isNearby(request.socket.remoteAddress)) {
      throw new PublicError('FORBIDDEN', 'Metrics are for scrapers on this machine or its private network that ask without a proxy.').withStatus(403);
    }
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
}

function isNearby(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.replace(/^::ffff:/, '');
  return nearby.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}
