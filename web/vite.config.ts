import { createHash } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

const here = import.meta.dirname;

/** The overlay runs in OBS, which embeds a Chromium as old as this; the other pages run in browsers of today. */
const targets: Readonly<Record<string, string>> = { overlay: 'chrome103' };

/**
 * Gives each page its place: `web/<page>` is built to `dist/web/<page>` and served at `/<page>/`.
 * Pages are built one by one, so that a small page never loads a chunk that a large one brought along.
 */
function pagePlace(): Plugin {
  return {
    name: 'farthing:page-place',
    config(config) {
      const page = basename(config.root ?? here);
      const outDir = config.build?.outDir ?? resolve(here, '../dist/web', page);
      return { base: `/${page}/`, build: { outDir, target: targets[page] ?? 'es2022' } };
    },
  };
}

/** Names the build in a page that asks for it: by all of its files, whose names are made of what is in them. */
function buildId(): Plugin {
  return {
    name: 'farthing:build-id',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        if (!bundle) return html;
        const hash = createHash('sha256').update(html);
        for (const file of Object.keys(bundle).sort()) hash.update(file);
        return html.replace('<meta name="build-id" content="development"', `<meta name="build-id" content="${hash.digest('hex').slice(0, 16)}"`);
      },
    },
  };
}

/** `vite build -c web/vite.config.ts` builds the explorer, `vite build web/<page> -c web/vite.config.ts` another page. */
export default defineConfig({
  root: resolve(here, 'explorer'),
  publicDir: false,
  plugins: [pagePlace(), buildId()],
  worker: { format: 'es' },
  build: {
    emptyOutDir: true,
    // Fonts and images stay files, so that the page needs no `data:` source for what is ours.
    assetsInlineLimit: 0,
    // Monaco is one piece of 2 MB and more; test/web holds the whole page to a size instead.
    chunkSizeWarningLimit: 6000,
    rolldownOptions: {
      onwarn(warning, warn) {
        // "use client" marks matter to servers that render React; these pages are rendered in the browser alone.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:4000', ws: true } } },
});
