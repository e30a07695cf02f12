import { expect, test } from '@jest/globals';
import pg from 'pg';
import { startDatabaseProxy } from '../support/proxy.ts';
import { eachTestServer, startTestServer } from '../support/server.ts';

const server = eachTestServer();

async function read(path: string): Promise<{ status: number; body: any }> {
  const response = await fetch(`${server.current.url}${path}`);
  return { status: response.status, body: await response.json() };
}

async function asOwner(statement: string): Promise<void> {
  const client = new pg.Client(server.database.ownerUrl);
  await client.connect();
  await client.query(statement);
  await client.end();
}

test('a server on a migrated database is live and ready', async () => {
  expect(await read('/livez')).toEqual({ status: 200, body: { status: 'live' } });
  expect(await read('/readyz')).toEqual({ status: 200, body: { status: 'ready' } });
});

test('a server whose database lacks a migration is live but not ready, and says which', async () => {
  await asOwner(`DELETE FROM migration WHERE name = '0002-ledger'`);
  expect(await read('/livez')).toMatchObject({ status: 200 });
  expect(await read('/readyz')).toEqual({
    status: 503,
    body: { status: 'not ready', reason: 'The database lacks the migrations 0002-ledger: run "farthing migrate".' },
  });
});

test('a server whose database was never migrated says that all migrations are missing', async () => {
  await asOwner('ALTER TABLE migration RENAME TO migration_of_others');
  expect(await read('/readyz')).toMatchObject({
    status: 503, body: { reason: expect.stringMatching(/^The database lacks the migrations 0001-ground, 0002-ledger, .*: run "farthing migrate"\.$/) },
  });
});

test('a server whose database does not answer within a second is not ready', async () => {
  const client = new pg.Client(server.database.ownerUrl);
  await client.connect();
  await client.query('BEGIN; LOCK TABLE migration');
  const startedAt = performance.now();
  expect(await read('/readyz')).toMatchObject({ status: 503, body: { reason: 'The database did not answer within 1000 ms.' } });
  expect(performance.now() - startedAt).toBeLessThan(1_900);
  await client.query('ROLLBACK');
  await client.end();
  expect(await read('/readyz')).toMatchObject({ status: 200 });
});

test('a server that lost its database is live, not ready, and answers UNAVAILABLE, until the database is back', async () => {
  const proxy = await startDatabaseProxy(server.database.url);
  const proxied = await startTestServer({ ...server.database, url: proxy.url });
  const get = async (path: string) => (await fetch(`${proxied.url}${path}`)).status;
  const { token } = await proxied.signUp({ name: 'Ada' });
  await proxy.refuse();
  expect(await get('/livez')).toBe(200);
  expect(await get('/readyz')).toBe(503);
  await new Promise((resolve) => setTimeout(resolve, 2_000)); // what the viewer's cache may still believe
  expect(await proxied.graphql('{ viewer { displayName } }', {}, token)).toMatchObject({ status: 503, errors: [{ extensions: { code: 'UNAVAILABLE' } }] });
  await proxy.accept();
  expect(await get('/readyz')).toBe(200);
  expect(await proxied.graphql('{ viewer { displayName } }', {}, token)).toMatchObject({ status: 200, data: { viewer: { displayName: 'Ada' } } });
  await proxied.close();
  await proxy.close();
});
