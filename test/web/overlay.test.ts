import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { overlayBuildId } from '../../src/server/room.ts';
import { themes, widgets } from '../../web/overlay/options.ts';

const root = resolve(import.meta.dirname, '../..');
const gzipLimitBytes = 40_000;

async function buildInto(folder: string, web: string): Promise<void> {
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', join(web, 'overlay'), '-c', join(root, 'web/vite.config.ts'), '--outDir', folder, '--logLevel', 'error'];
  await promisify(execFile)(process.execPath, args, { cwd: root, env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production' } });
}

describe('the built overlay', () => {
  let folder: string;
  let files: Map<string, Buffer>;
  let html: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farthing-overlay-'));
    await buildInto(join(folder, 'overlay'), join(root, 'web'));
    const names = (await readdir(join(folder, 'overlay'), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const paths = names.map((entry) => join(entry.parentPath, entry.name));
    files = new Map(await Promise.all(paths.map(async (path) => [path.slice(folder.length + '/overlay/'.length), await readFile(path)] as const)));
    html = files.get('index.html')!.toString();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const textOf = (ending: string) => [...files].filter(([name]) => name.endsWith(ending)).map(([, content]) => content.toString()).join('\n');

  test(`is at most ${gzipLimitBytes / 1000} kB, compressed, all of it together`, () => {
    const sizes = [...files].map(([name, content]) => [name, gzipSync(content).length] as const);
    expect(sizes.length).toBeGreaterThanOrEqual(3);
    expect(sizes.reduce((sum, [, bytes]) => sum + bytes, 0)).toBeLessThanOrEqual(gzipLimitBytes);
  });

  test('names files of its own path alone, each of them there', () => {
    const links = [...html.matchAll(/\s(?:src|href)="([^"]*)"/g)].map(([, link]) => link!).filter((link) => !link.startsWith('data:'));
    expect(links.length).toBeGreaterThanOrEqual(2);
    expect(links.filter((link) => !link.startsWith('/overlay/assets/') || !files.has(link.slice('/overlay/'.length)))).toEqual([]);
    expect(textOf('.css')).not.toMatch(/url\(|@import/);
    expect(textOf('.js')).not.toMatch(/(?:\bimport|\bfetch|new WebSocket|new Worker)\s*\(\s*["'`](?:https?:|wss?:)?\/\//);
  });

  test('has no script in the page itself, and writes no markup from text', () => {
    const scripts = [...html.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/g)];
    expect(scripts.map(([, text]) => text)).toEqual(['']);
    expect(html).not.toMatch(/\son\w+=|javascript:|<style|\sstyle=/);
    expect(textOf('.js')).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/);
  });

  test('uses nothing of CSS that the Chromium of an old OBS does not know', () => {
    expect(textOf('.css')).not.toMatch(/:has\(|@container|@layer|color-mix\(|oklch\(|&[\s.:[]/);
    expect(textOf('.css')).toMatch(/prefers-reduced-motion:\s*reduce/);
  });

  test('says which build it is, to the server too; another page is another build', async () => {
    const id = overlayBuildId(folder);
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(html.match(/name="build-id"/g)).toHaveLength(1);
    const changed = await mkdtemp(join(root, 'dist', '.changed-'));
    try {
      await cp(join(root, 'web/overlay'), join(changed, 'overlay'), { recursive: true });
      await cp(join(root, 'web/shared'), join(changed, 'shared'), { recursive: true });
      await writeFile(join(changed, 'tsconfig.json'), '{}');
      const css = join(changed, 'overlay/overlay.css');
      await writeFile(css, `${await readFile(css, 'utf8')}\n.alert { letter-spacing: 1px; }\n`);
      await buildInto(join(folder, 'other/overlay'), changed);
    } finally {
      await rm(changed, { recursive: true, force: true });
    }
    expect(overlayBuildId(join(folder, 'other'))).toMatch(/^[0-9a-f]{16}$/);
    expect(overlayBuildId(join(folder, 'other'))).not.toBe(id);
    expect(overlayBuildId(join(folder, 'nowhere'))).toBe('unbuilt');
  });
});

describe('docs/overlay.md', () => {
  const read = (file: string) => readFile(join(root, file), 'utf8');

  test('names every CSS variable with its default, and no other', async () => {
    const css = await read('web/overlay/overlay.css');
    const defaults = /:root \{([^}]+)\}/.exec(css)![1]!.matchAll(/(--overlay-[a-z-]+): (.+);/g);
    const documented = (await read('docs/overlay.md')).matchAll(/^\| `(--overlay-[a-z-]+)` \| `([^`]+)` \|/gm);
    expect(Object.fromEntries([...documented].map(([, name, value]) => [name, value]))).toEqual(Object.fromEntries([...defaults].map(([, name, value]) => [name, value])));
  });

  test('names every widget and every theme', async () => {
    const text = await read('docs/overlay.md');
    for (const name of [...Object.keys(widgets), ...themes]) expect(text).toContain(`\`${name}\``);
  });

  test('names every class that a theme may use', async () => {
    const sources = await Promise.all(['alert-box.ts', 'boards.ts'].map((file) => read(`web/overlay/${file}`)));
    const made = new Set(sources.flatMap((source) => [...source.matchAll(/element\('\w+', '([\w-]+)'/g)].map((match) => match[1]!)));
    const text = await read('docs/overlay.md');
    expect(made.size).toBeGreaterThan(10);
    expect([...made].filter((name) => !text.includes(`\`.${name}\``))).toEqual([]);
  });
});
