import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach } from '@jest/globals';
import pg from 'pg';
import { readConfig, configService, type Config } from '../../src/config.ts';
import { databaseService, logService, Services, type Database } from '../../src/database/room.ts';
import { authHandler } from '../../src/identity/room.ts';
import { mailerService } from '../../src/mail/room.ts';
import type { TestDatabase } from '../support/database.ts';

export const password = 'correct horse battery';

/** What a person sees of sign-in: requests to `/api/auth/*`, the mail that arrives, and what an operator finds in the log. */
export interface IdentityServer {
  readonly services: Services;
  readonly config: Config;
  readonly logged: string[];
  post(route: string, body: object, headers?: Record<string, string>, address?: string): Promise<Response>;
  get(route: string, headers?: Record<string, string>): Promise<Response>;
  /** Every mail so far, whole, the oldest first. */
  mails(): Promise<string[]>;
}

const running: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (let stop = running.pop(); stop; stop = running.pop()) await stop();
});

/** Runs identity over a test's database until the test ends; two of them are two processes. */
export function identityOver(db: Database, overrides: Partial<Config> = {}): IdentityServer {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'identity-test-'));
  const config: Config = { ...readConfig({}, dataDir), dataDir, authSecret: 'a secret of the tests, long enough', ...overrides };
  const logged: string[] = [];
  const write = (details: object, message: string) => logged.push(`${message} ${JSON.stringify(details)}`);
  const services = new Services()
    .provide(configService, config)
    .provide(databaseService, db)
    .provide(logService, { info: write, warn: write, error: write });
  running.push(async () => {
    await services.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const call = (method: string, route: string, headers: Record<string, string>, body: string | undefined, address: string) =>
    authHandler(services)(new Request(`${config.publicUrl}/api/auth${route}`, { method, headers, body }), address);
  return {
    services,
    config,
    logged,
    post: (route, body, headers = {}, address = '192.0.2.1') =>
      call('POST', route, { 'content-type': 'application/json', ...headers }, JSON.stringify(body), address),
    get: (route, headers = {}) => call('GET', route, headers, undefined, '192.0.2.1'),
    mails: async () => {
      await services.get(mailerService).idle();
      const folder = path.join(config.dataDir, 'mail');
      return readdirSync(folder).sort().map((file) => readFileSync(path.join(folder, file), 'utf8'));
    },
  };
}

export function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}

/** The session token of a successful sign-up or sign-in. */
export function tokenOf(response: Response): string {
  const token = response.headers.get('set-auth-token');
  if (token === null) throw new Error(`No token came with ${response.status}.`);
  return token;
}

/** The cookies of a response, as a browser sends them back. */
export function cookieOf(response: Response): string {
  return response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ');
}

export async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { code: string }).code;
}

/** Does what only the tables' owner may do, to stand in a request's way. */
export async function asOwner<T = void>(target: TestDatabase, statements: string, meanwhile?: (owner: pg.Client) => Promise<T>): Promise<T> {
  const owner = new pg.Client({ connectionString: target.ownerUrl });
  await owner.connect();
  try {
    await owner.query(statements);
    return (await meanwhile?.(owner)) as T;
  } finally {
    await owner.end();
  }
}

/** Waits until some connection to this database waits for a lock. */
export async function untilWaitingForLock(owner: pg.Client): Promise<void> {
  for (;;) {
    const { rowCount } = await owner.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`);
    if (rowCount) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
