import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { PLATFORM_OWNER_ID } from '../../src/ledger/room.ts';
import { cleanUpAll, scratch } from '../database/embedded-support.ts';
import { startChildServer } from '../support/child-server.ts';
import { databaseUrl, dropDatabase, serverUrl } from '../support/cluster.ts';
import { eachTestDatabase } from '../support/database.ts';
import { run } from './support.ts';

const database = eachTestDatabase();
const folder = scratch();
afterAll(cleanUpAll);

const environment = (url: string) => ({ DATABASE_URL: url, AUTH_SECRET: 'a secret of the tests, long enough', LOG_LEVEL: 'error', PORT: '0' });

async function asOwner<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

test('migrate says what it ran, then that there is nothing to do; check refuses a database that lacks some', async () => {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asOwner(serverUrl().href, (client) => client.query(`CREATE DATABASE ${name}`));
  const own = environment(databaseUrl(name));
  try {
    const early = await run(folder, ['check'], own);
    expect(early).toMatchObject({ code: 1, out: '' });
    expect(early.err).toMatch(/^The database lacks the migrations 0001-ground, .*: run "farthing migrate"\.$/m);
    const first = await run(folder, ['migrate'], own);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(/^ran 0001-ground\nran 0002-ledger\n(ran .+\n)+The database is up to date now: \d+ migrations ran\.\n$/);
    expect(await run(folder, ['migrate'], own)).toEqual({ code: 0, out: 'The database is up to date.\n', err: '' });
  } finally {
    await dropDatabase(name);
  }
});

test('a login that may take the role of the application does, so that privileges guard what is append-only', async () => {
  const { code, out } = await run(folder, ['check'], environment(database.current.ownerUrl));
  expect(code).toBe(0);
  expect(out).toContain('entry is append-only: the role farthing_app may not change it, triggers refuse changes\n');
});

test('check names what does not hold with the rows that break it, and ends with 1', async () => {
  await asOwner(database.current.ownerUrl, (client) => client.query(`INSERT INTO counter VALUES ($1, 'creators', 7)`, [PLATFORM_OWNER_ID]));
  const { code, out } = await run(folder, ['check'], environment(database.current.url));
  expect(code).toBe(1);
  expect(out).toContain('BROKEN  the count of creators is how many there are\n          {"creators":"0","value":"7"}\n');
  expect(out).toMatch(/\n1 of \d+ lines do not hold\.\n$/);
});

test('check stops the postings of a currency whose books are broken, unless it is told not to', async () => {
  await asOwner(database.current.ownerUrl, (client) => client.query(
    `INSERT INTO account (id, owner_id, kind, currency, balance, version, created_at) VALUES (gen_random_uuid(), gen_random_uuid(), 'wallet', 'USD', 5, 0, now())`));
  const own = environment(database.current.url);
  const looked = await run(folder, ['check', '--no-halt'], own);
  expect(looked.code).toBe(1);
  expect(looked.out).not.toContain('halted');
  const halted = await run(folder, ['check'], own);
  expect(halted.code).toBe(1);
  expect(halted.out).toMatch(/^halted {2}no posting in USD: not .+$/m);
});

test('a table whose guards are gone is a line that does not hold', async () => {
  await asOwner(database.current.ownerUrl, (client) => client.query(
    'ALTER TABLE entry DISABLE TRIGGER ALL; GRANT UPDATE ON entry TO farthing_app'));
  const { code, out } = await run(folder, ['check'], environment(database.current.url));
  expect(code).toBe(1);
  expect(out).toContain('BROKEN  entry is append-only: nothing guards it\n');
});

test('a server on a real database has no demo, and refuses a database that has one', async () => {
  const server = await startChildServer({ databaseUrl: database.current.url });
  try {
    expect(server.output).toContain(`Farthing serves on ${server.url}\n`);
    expect(server.output).not.toContain('farthing-demo');
    expect(await database.current.db.query('SELECT FROM person')).toEqual([]);
  } finally {
    await server.close();
  }
  await asOwner(database.current.ownerUrl, (client) => client.query(`INSERT INTO counter VALUES ($1, 'demo_data', 2)`, [PLATFORM_OWNER_ID]));
  const { code, err } = await run(folder, ['serve', '--no-migrate'], environment(database.current.url));
  expect(code).toBe(1);
  expect(err).toContain('Set DATABASE_URL to another database.');
});

test('a server that was killed comes back at the same address', async () => {
  const server = await startChildServer({ databaseUrl: database.current.url });
  try {
    const { pid } = server;
    expect(await server.kill('SIGKILL')).toBeNull();
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow('fetch failed');
    await server.start();
    expect(server.pid).not.toBe(pid);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  } finally {
    await server.close();
  }
});
