import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { migrate } from '../../src/database/room.ts';
import { migrations } from '../../migrations/index.ts';

/** The server that `global-setup.ts` started for this run, or the one that TEST_POSTGRES_URL names. */
export function serverUrl(): URL {
  const url = process.env.TEST_POSTGRES_URL;
  if (!url) throw new Error('TEST_POSTGRES_URL is not set: run the tests through jest, whose global set-up starts a server.');
  return new URL(url);
}

export function databaseUrl(name: string, user?: string): string {
  const url = serverUrl();
  url.pathname = `/${name}`;
  if (user) url.username = user;
  return url.href;
}

const folder = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'migrations');

/** The template's name carries its migrations' hash, so a server that outlives a run never serves an old one. */
export function templateName(): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(folder).sort()) hash.update(readFileSync(path.join(folder, file)));
  return `farthing_template_${hash.digest('hex').slice(0, 12)}`;
}

/** Makes the migrated template once; every test's database is a clone of it, which takes some 30 ms. */
export async function ensureTemplate(): Promise<void> {
  await onServer(async (client) => {
    await client.query('SELECT pg_advisory_lock(4242)');
    const name = templateName();
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount) return;
    await client.query(`DO $$ BEGIN CREATE ROLE farthing_app LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`);
    const draft = `draft_${randomUUID().replaceAll('-', '')}`;
    await client.query(`CREATE DATABASE ${draft}`);
    await migrate({ url: databaseUrl(draft), migrations });
    await client.query(`ALTER DATABASE ${draft} RENAME TO ${name}`);
  });
}

export async function cloneTemplate(): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await onServer((client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${templateName()}`));
  return name;
}

export async function dropDatabase(name: string): Promise<void> {
  await onServer((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
}

async function onServer<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: serverUrl().href });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
