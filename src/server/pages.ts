import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

interface Page {
  /** Its folder under dist/web, and its path. */
  readonly name: string;
  readonly contentSecurityPolicy: (liveUrl: string) => string;
  /** Whether our own pages may show it in a frame. */
  readonly isFramed?: boolean;
}

/** GraphiQL: its editor styles itself inline and runs workers; everything comes from our own files. */
const explorerPolicy = (liveUrl: string) =>
  [
    "default-src 'self'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "worker-src 'self' blob:", "font-src 'self' data:",
    "img-src 'self' data:", `connect-src 'self' ${liveUrl}`, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
  ].join('; ');

/** The overlay: OBS puts what stands in its "Custom CSS" box into the page as a style element, which a policy without inline styles forbids. */
const overlayPolicy = (liveUrl: string) =>
  [
    "default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:", "font-src 'self' data:",
    `connect-src 'self' ${liveUrl}`, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'self'",
  ].join('; ');

/** The pages for streamers and moderators: our own files and nothing else. The setup page shows the overlay beside its address. */
const streamerPolicy = (frames: string) => (liveUrl: string) =>
  [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", `connect-src 'self' ${liveUrl}`, `frame-src ${frames}`,
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
  ].join('; ');

const pages: readonly Page[] = [
  { name: 'explorer', contentSecurityPolicy: explorerPolicy },
  { name: 'overlay', contentSecurityPolicy: overlayPolicy, isFramed: true },
  { name: 'control', contentSecurityPolicy: streamerPolicy("'none'") },
  { name: 'setup', contentSecurityPolicy: streamerPolicy("'self'") },
];

/** Where Vite puts the pages: beside the build, whether this file runs from the sources or from the build. */
export function builtPagesFolder(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'package.json')) && path.dirname(folder) !== folder) folder = path.dirname(folder);
  return path.join(folder, 'dist', 'web');
}

/**
 * Which build of the overlay this server serves: it changes whenever the page does. `unbuilt` when there is none. An overlay that was
 * loaded before the server was replaced sees by it that it is old.
 */
export function overlayBuildId(folder = builtPagesFolder()): string {
  const file = path.join(folder, 'overlay', 'index.html');
  const html = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return /<meta name="build-id" content="([^"]+)"/.exec(html)?.[1] ?? 'unbuilt';
}

/** Serves the built pages; `/` leads to the explorer. */
export function pageRoutes(fastify: FastifyInstance, publicUrl: string, folder: string): void {
  const liveUrl = new URL(publicUrl).origin.replace(/^http/, 'ws');
  fastify.get('/', async (_request, reply) => reply.redirect('/explorer/'));
  for (const { name, contentSecurityPolicy, isFramed } of pages) {
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
        if (isFramed) void response.header('x-frame-options', 'SAMEORIGIN');
      },
    });
  }
}

function sayNotBuilt(reply: FastifyReply, name: string): FastifyReply {
  return reply.code(404).type('text/plain; charset=utf-8').send(`The page "${name}" is not built. Run "npm run build" and start again. The API itself is at /graphql.\n`);
}
