import type { Config } from '../config.ts';

const loopback = ['127.0.0.1', 'localhost', '[::1]'];

/** The origins whose pages may call this server with a browser's cookies. A server on this machine alone goes by each of its names. */
export function trustedOrigins(config: Pick<Config, 'publicUrl' | 'allowedOrigins'>): string[] {
  const own = new URL(config.publicUrl);
  const names = loopback.includes(own.hostname) ? loopback : [own.hostname];
  const port = own.port === '' ? '' : `:${own.port}`;
  return [...new Set([own.origin, ...names.map((name) => `${own.protocol}//${name}${port}`), ...config.allowedOrigins])];
}
