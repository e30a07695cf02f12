import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

interface Page {
  /** Its folder under dist/web, and its path. */
  readonly name: string;
  readonly contentSecurityPolicy: (liveUrl: string) => string;
}

/** GraphiQL: its editor styles itself inline and runs workers; everything comes from our own files. */
const explorerPolicy = (liveUrl: string) =>
  [
    "default-src 'self'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "worker-src 'self' blob:", "font-src 'self' data:",
    "img-src 'self' data:", `connect-src 'self' ${liveUrl}`, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
  ].join('; ');

const pages: readonly Page[] = [{ name: 'explorer', contentSecurityPolicy: explorerPolicy }];

/** Where Vite puts the pages: beside the build, whether this file runs from the sources or from the build. */
export function builtPagesFolder(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package.json')) && path.dirname(folder) !== folder) folder = path.dirname(folder);
  return path.join(folder, 'dist', 'web');
}

/** Serves the built pages; `/` leads to the explorer. */
export function pageRoutes(fastify: FastifyInstance, publicUrl: string, folder: string): void {
  const liveUrl = new URL(publicUrl).origin.replace(/^http/, 'ws');
  fastify.get('/', async (_request, reply) => reply.redirect('/explorer/'));
  for (const { name, contentSecurityPolicy } of pages) {
    const root = path.join(folder, name);
    fastify.get(`/${name}`, async (_request, reply) => reply.redirect(`/${name}/`));
    if (!existsSync(root)) {
      fastify.get(`/${name}/*`, async (_request, reply) => sayNotBuilt(reply, name));
      continue;
    }
    const policy = contentSecurityPolicy(liveUrl);
    void fastify.register(fastifyStatic, {
      root,
      prefix: `/${name}/`,
      decorateReply: false,
      cacheControl: false,
      setHeaders: (response, file) => {
        // Vite names files under assets/ by their content.
        const isHashed = path.relative(root, file).startsWith(`assets${path.sep}`);
        void response.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
        void response.header('content-security-policy', policy);
      },
    });
  }
}

function sayNotBuilt(reply: FastifyReply, name: string): FastifyReply {
  return reply.code(404).type('text/plain; charset=utf-8').send(`The page "${name}" is not built. Run "npm run build" and start again. The API itself is at /graphql.\n`);
}
