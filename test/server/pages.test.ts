import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { eachTestDatabase } from '../support/database.ts';
import { startBareServer } from './bare-server.ts';

const database = eachTestDatabase();
const schema = buildSchema('type Query { ping: Int }');

async function withPages(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'farthing-pages-'));
  await mkdir(path.join(folder, 'explorer', 'assets'), { recursive: true });
  await writeFile(path.join(folder, 'explorer', 'index.html'), '<!doctype html><title>Explorer</title>');
  await writeFile(path.join(folder, 'explorer', 'assets', 'main-abc123.js'), 'export {};');
  await writeFile(path.join(folder, 'secret.txt'), 'secret');
  await work(folder).finally(() => rm(folder, { recursive: true }));
}

test('the explorer is served from our own files, under a policy that lets nothing else in', () =>
  withPages(async (folder) => {
    const { url } = await startBareServer(database.current, schema, { pagesFolder: folder, environment: { PUBLIC_URL: 'https://tips.example' } });
    const page = await fetch(`${url}/explorer/`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<title>Explorer</title>');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const policy = page.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'self'; script-src 'self';");
    expect(policy).toContain("connect-src 'self' wss://tips.example;");
    expect(page.headers.get('strict-transport-security')).toBe('max-age=31536000');
    const script = await fetch(`${url}/explorer/assets/main-abc123.js`);
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(script.headers.get('content-type')).toContain('javascript');
  }));

test.each([['control', "'none'"], ['setup', "'self'"]])('the %s page loads our own files alone, runs nothing inline, and stands in no frame', (name, frames) =>
  withPages(async (folder) => {
    await mkdir(path.join(folder, name));
    await writeFile(path.join(folder, name, 'index.html'), '<!doctype html>');
    const { url } = await startBareServer(database.current, schema, { pagesFolder: folder, environment: { PUBLIC_URL: 'https://tips.example' } });
    const page = await fetch(`${url}/${name}/`);
    expect([page.status, page.headers.get('x-frame-options')]).toEqual([200, 'DENY']);
    expect(page.headers.get('content-security-policy')!.split('; ')).toEqual([
      "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self' wss://tips.example", `frame-src ${frames}`,
      "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ]);
  }));

test('the overlay runs our own scripts alone, takes the styles that OBS puts into it, and stands in frames of our own pages', () =>
  withPages(async (folder) => {
    await mkdir(path.join(folder, 'overlay'));
    await writeFile(path.join(folder, 'overlay', 'index.html'), '<!doctype html>');
    const { url } = await startBareServer(database.current, schema, { pagesFolder: folder, environment: { PUBLIC_URL: 'https://tips.example' } });
    const page = await fetch(`${url}/overlay/`);
    expect([page.status, page.headers.get('x-frame-options'), page.headers.get('cache-control')]).toEqual([200, 'SAMEORIGIN', 'no-cache']);
    expect(page.headers.get('content-security-policy')!.split('; ')).toEqual([
      "default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:", "font-src 'self' data:",
      "connect-src 'self' wss://tips.example", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'self'",
    ]);
  }));

test('the root, the bare name and a browser that opens the API lead to the explorer', () =>
  withPages(async (folder) => {
    const { url } = await startBareServer(database.current, schema, { pagesFolder: folder });
    for (const from of ['/', '/explorer', '/graphql']) {
      const response = await fetch(`${url}${from}`, { redirect: 'manual', headers: { accept: 'text/html,*/*' } });
      expect([from, response.status, response.headers.get('location')]).toEqual([from, 302, '/explorer/']);
    }
  }));

test('nothing outside of a page\'s folder can be read', () =>
  withPages(async (folder) => {
    const { url } = await startBareServer(database.current, schema, { pagesFolder: folder });
    for (const escape of ['../secret.txt', '..%2fsecret.txt', '%2e%2e/secret.txt', '..%5csecret.txt', 'assets/../../secret.txt']) {
      const response = await fetch(`${url}/explorer/${escape}`);
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(await response.text()).not.toBe('secret');
    }
  }));

test('pages that are not built say so, and how to build them', async () => {
  const { url } = await startBareServer(database.current, schema, { pagesFolder: path.join(tmpdir(), 'no-such-folder') });
  const response = await fetch(`${url}/explorer/`);
  expect(response.status).toBe(404);
  expect(await response.text()).toContain('Run "npm run build"');
});
