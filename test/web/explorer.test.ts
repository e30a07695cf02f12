import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

const root = resolve(import.meta.dirname, '../..');
const base = '/explorer/';
const gzipLimitBytes = { page: 450_000, everything: 2_200_000 };

describe('the built explorer', () => {
  let folder: string;
  let files: Map<string, Buffer>;
  let html: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'farthing-explorer-'));
    const vite = join(root, 'node_modules/vite/bin/vite.js');
    const args = [vite, 'build', '-c', join(root, 'web/vite.config.ts'), '--outDir', folder, '--logLevel', 'error'];
    await promisify(execFile)(process.execPath, args, { cwd: root, env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production' } });
    const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    const paths = names.map((entry) => join(entry.parentPath, entry.name));
    files = new Map(await Promise.all(paths.map(async (path) => [path.slice(folder.length + 1), await readFile(path)] as const)));
    html = files.get('index.html')?.toString() ?? '';
  }, 180_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const textOf = (ending: string) => [...files].filter(([name]) => name.endsWith(ending)).map(([, content]) => content.toString());
  const gzipBytes = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + gzipSync(files.get(name)!).length, 0);
  const linksOf = (page: string) => [...page.matchAll(/\s(?:src|href)="([^"]*)"/g)].map(([, link]) => link!);

  test('every file that the page names is there, under the page\'s own path', () => {
    const links = linksOf(html);
    expect(links.length).toBeGreaterThanOrEqual(3);
    expect(links.filter((link) => !link.startsWith(`${base}assets/`))).toEqual([]);
    expect(links.filter((link) => !files.has(link.slice(base.length)))).toEqual([]);
  });

  test('every file that a script or a stylesheet names is there', () => {
    const hashed = /["'`(](?:\/explorer\/|\.\/)?(?:assets\/)?([\w.-]+-[\w-]{8}\.(?:js|css|ttf|svg))["'`)]/g;
    const named = [...textOf('.js'), ...textOf('.css')].flatMap((text) => [...text.matchAll(hashed)].map(([, name]) => `assets/${name}`));
    for (const piece of [/editor\.worker/, /json\.worker/, /graphql\.worker/, /codicon/]) expect(named).toContainEqual(expect.stringMatching(piece));
    expect(named.filter((name) => !files.has(name))).toEqual([]);
  });

  test('names of assets carry a hash of what is in them, so that they can be cached for ever', () => {
    const unhashed = [...files.keys()].filter((name) => name !== 'index.html' && !/^assets\/.+-[\w-]{8}\.\w+$/.test(name));
    expect(unhashed).toEqual([]);
  });

  test('nothing is loaded from another host', () => {
    expect(html).not.toMatch(/https?:|["'(]\/\//);
    for (const css of textOf('.css')) expect(css).not.toMatch(/(?:url\(|@import)\s*["']?(?:https?:)?\/\//);
    const load = /(?:\bimport|\bfetch|importScripts|new Worker|new SharedWorker|new EventSource|new WebSocket)\s*\(\s*["'`](?:https?:|wss?:)?\/\//;
    for (const js of textOf('.js')) expect(load.exec(js)?.[0]).toBeUndefined();
    for (const js of textOf('.js')) expect(/unpkg\.com|jsdelivr\.net|esm\.sh\/|cdnjs\.|fonts\.g(?:oogleapis|static)/.exec(js)?.[0]).toBeUndefined();
  });

  test('no script stands in the page itself: a policy of script-src \'self\' lets all of it run', () => {
    const scripts = [...html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)];
    expect(scripts).toHaveLength(1);
    expect(scripts[0]![1]).toContain(' src=');
    expect(scripts[0]![2]).toBe('');
    expect(html).not.toMatch(/\son\w+=|javascript:/);
  });

  test('it stays small enough to open at once: what the page asks for first, and all of it', () => {
    const first = ['index.html', ...linksOf(html).map((link) => link.slice(base.length))];
    expect(gzipBytes(new Set(first))).toBeLessThan(gzipLimitBytes.page);
    expect(gzipBytes(files.keys())).toBeLessThan(gzipLimitBytes.everything);
  });

  test('it says what it is', () => {
    expect(html).toContain('<title>Farthing API explorer</title>');
  });
});
