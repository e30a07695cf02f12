import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { migrations } from '../../migrations/index.ts';
import { createApp, entities, type App, type AppOptions } from '../../src/app.ts';
import { readConfig, type Config } from '../../src/config.ts';
import { connect, type Database, type Services } from '../../src/database/room.ts';
import { signUp } from '../../src/identity/room.ts';
import { createLog } from '../../src/server/room.ts';
import { openTestDatabase, type TestDatabase } from './database.ts';

export interface TestServerOptions extends Partial<Pick<AppOptions, 'clock' | 'socketTimings' | 'runsJobs'>> {
  /** Environment variables, such as `{ LIMIT_COST: '500' }`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where log lines go; nowhere when left out. */
  readonly onLog?: (line: string) => void;
}

export interface GraphqlAnswer<Data = any> {
  readonly status: number;
  readonly data: Data;
  readonly errors?: readonly { readonly message: string; readonly path?: (string | number)[]; readonly extensions: Record<string, unknown> & { code: string } }[];
}

export interface TestPerson {
  readonly personId: string;
  readonly email: string;
  readonly token: string;
}

/** A real server in this process, on a port of its own, over a test's database. */
export interface TestServer {
  readonly url: string;
  /** The same with ws:// and the path of the API. */
  readonly socketUrl: string;
  readonly app: App;
  readonly services: Services;
  readonly config: Config;
  /** The server's own pool, as a process of its own would have. */
  readonly db: Database;
  graphql<Data = any>(operation: string, variables?: Record<string, unknown>, token?: string): Promise<GraphqlAnswer<Data>>;
  /** A new account; the name and address are made up where they are left out. */
  signUp(given?: { readonly name?: string; readonly email?: string; readonly password?: string }): Promise<TestPerson>;
  close(): Promise<void>;
}

export const testPassword = 'correct horse battery';

/** Starts a server on a test's database. Several on one database are as several processes, but for their memory. */
export async function startTestServer(database: TestDatabase, options: TestServerOptions = {}): Promise<TestServer> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'farthing-test-'));
  const environment = { HOST: '127.0.0.1', PORT: '0', DATA_DIR: dataDir, AUTH_SECRET: 'a secret of the tests, long enough', LIMIT_AUTH_ATTEMPTS_PER_MINUTE: '1000000', LIMIT_CARD_ATTEMPTS_PER_ADDRESS: '1000000' };
  const config = readConfig({ ...environment, ...options.environment });
  const { onLog } = options;
  const log = createLog(onLog ? 'debug' : 'silent', onLog ? { write: onLog } : undefined);
  const db = await connect({ url: database.url, entities, poolSize: 12, applicationName: `${database.name} server` });
  const app = createApp({ config, database: db, log, migrations, clock: options.clock, socketTimings: options.socketTimings, runsJobs: options.runsJobs ?? false });
  const { url } = await app.start();
  let closed: Promise<void> | undefined;
  return {
    url,
    socketUrl: `${url.replace(/^http/, 'ws')}/graphql`,
    app,
    services: app.services,
    config,
    db,
    graphql: (operation, variables, token) => post(`${url}/graphql`, operation, variables, token),
    signUp: async ({ name = 'Ada', email = `${randomUUID()}@example.com`, password = testPassword } = {}) => {
      const { personId, token } = await signUp(app.services, { email, password, name });
      return { personId, email, token };
    },
    close: () => (closed ??= app.stop().then(() => db.close()).then(() => rm(dataDir, { recursive: true, force: true }))),
  };
}

async function post<Data>(url: string, query: string, variables?: Record<string, unknown>, token?: string): Promise<GraphqlAnswer<Data>> {
  const headers = { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  return { status: response.status, ...((await response.json()) as Omit<GraphqlAnswer<Data>, 'status'>) };
}

export interface TestServerHolder {
  readonly current: TestServer;
  readonly database: TestDatabase;
  /** One more server on the same database, closed with the test. */
  another(options?: TestServerOptions): Promise<TestServer>;
}

/** Gives each test of a file a server and a database of its own: `const server = eachTestServer()`, then `server.current.url`. */
export function eachTestServer(options: TestServerOptions = {}): TestServerHolder {
  let database: TestDatabase;
  let servers: TestServer[] = [];
  const open = async () => {
    database = await openTestDatabase();
    servers = [await startTestServer(database, options)];
  };
  const close = async () => {
    await Promise.all(servers.map((server) => server.close()));
    await database.drop();
  };
  beforeAll(open);
  afterEach(async () => {
    await close();
    await open();
  });
  afterAll(close);
  return {
    get current() {
      return servers[0] as TestServer;
    },
    get database() {
      return database;
    },
    another: async (own) => {
      const server = await startTestServer(database, { ...options, ...own });
      servers.push(server);
      return server;
    },
  };
}
