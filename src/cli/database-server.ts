import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { migrations } from '../../migrations/index.ts';
import { entities } from '../app.ts';
import type { Config } from '../config.ts';
import { connect, migrate, startEmbedded, type Database, type EmbeddedPostgres, type Log } from '../database/room.ts';
import { CliError } from './cli-error.ts';

/** The PostgreSQL that a command works on. */
export interface DatabaseServer {
  /** As it was read, but that `dataDir` is where the embedded database really keeps its data. */
  readonly config: Config;
  readonly isEmbedded: boolean;
  /** For migrations. */
  readonly ownerUrl: string;
  readonly appUrl: string;
  /** Resolves when an embedded database that we started has ended by itself. */
  readonly ended: Promise<void>;
  /** Stops an embedded database that we started. */
  stop(): Promise<void>;
}

const appRole = 'farthing_app';

/** The server of DATABASE_URL, or the embedded one: started where it is down, joined where another process runs it. */
export async function openDatabaseServer(config: Config, remark: (line: string) => void): Promise<DatabaseServer> {
  return config.databaseUrl === null ? describeEmbedded(config, await startEmbedded({ dataDir: config.dataDir, log: remark })) : external(config);
}

const patienceMs = 5_000;
const pauseMs = 250;

/** The same for the process that serves: it must own the embedded database, so it waits a moment for a command that runs it. */
export async function ownDatabaseServer(config: Config, remark: (line: string) => void): Promise<DatabaseServer> {
  if (config.databaseUrl !== null) return external(config);
  const giveUp = Date.now() + patienceMs;
  for (let isSaid = false; ; isSaid = true) {
    const embedded = await startEmbedded({ dataDir: config.dataDir, log: isSaid ? () => {} : remark });
    if (embedded.started === 'started') return describeEmbedded(config, embedded);
    if (Date.now() > giveUp) {
      throw new CliError(
        `Farthing is running already: another process has the database in ${embedded.dataDir} (PostgreSQL's process id is ${embedded.pid}).\n`
        + 'Stop that one, or set DATA_DIR and PORT to run a second one beside it.',
      );
    }
    if (!isSaid) remark(`The database in ${embedded.dataDir} is in use by another process; waiting for it.`);
    await delay(pauseMs);
  }
}

function describeEmbedded(config: Config, embedded: EmbeddedPostgres): DatabaseServer {
  return {
    config: { ...config, dataDir: embedded.dataDir },
    isEmbedded: true,
    ownerUrl: embedded.ownerUrl(),
    appUrl: embedded.appUrl(),
    ended: embedded.ended,
    stop: embedded.stop,
  };
}

function external(config: Config): DatabaseServer {
  const appUrl = config.databaseUrl as string;
  return { config, isEmbedded: false, ownerUrl: config.migrationDatabaseUrl ?? appUrl, appUrl, ended: new Promise(() => {}), stop: async () => {} };
}

/** Brings the database up to date and answers what was run. */
export async function migrateServer(server: DatabaseServer): Promise<string[]> {
  try {
    return await migrate({ url: server.ownerUrl, migrations });
  } catch (error) {
    throw explained(error, server.config.migrationDatabaseUrl === server.config.databaseUrl ? 'DATABASE_URL' : 'MIGRATION_DATABASE_URL');
  }
}

/** Connects as the role that cannot change what is append-only, wherever the login may take that role. */
export async function connectRooms(server: DatabaseServer, log: Log): Promise<Database> {
  const role = server.isEmbedded ? undefined : await roleOf(server.appUrl, log);
  return connect({ url: server.appUrl, entities, poolSize: server.config.databasePoolSize, role, log: (line) => log.warn({}, line) });
}

async function roleOf(url: string, log: Log): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: url, application_name: 'farthing', connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    // Since PostgreSQL 16 a member may be barred from taking the role.
    const { rows } = await client.query<{ may: boolean }>(
      `SELECT pg_has_role(oid, CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) AS may
       FROM pg_roles WHERE rolname = $1`,
      [appRole],
    );
    if (rows[0]?.may) return appRole;
    log.warn({}, `The login of DATABASE_URL may not take the role ${appRole}: what is append-only is guarded by triggers alone.`);
    return undefined;
  } catch (error) {
    throw explained(error, 'DATABASE_URL');
  } finally {
    await client.end().catch(() => {});
  }
}

const connectionProblems = /^(E[A-Z]+|28\w{3}|3D000|57P03|08\w{3})$/;

/** A server that cannot be reached or refuses the login is the user's to mend. The message never holds the URL, which holds a password. */
function explained(error: unknown, variable: string): unknown {
  const { code, message } = error as { code?: unknown; message?: string };
  if (code === '42501') {
    return new CliError(`The login of ${variable} may not migrate the database: ${message}. Set MIGRATION_DATABASE_URL to a login that owns the tables.`);
  }
  const isMendable = (typeof code === 'string' && connectionProblems.test(code)) || /timeout|terminated/i.test(message ?? '');
  return isMendable ? new CliError(`The database of ${variable} cannot be reached: ${message || String(code)}.`) : error;
}

/** The migrations that the database has not run yet, or all of them where it never ran one. */
export async function missingMigrations(db: Database): Promise<string[]> {
  const [table] = await db.query<{ exists: boolean }>(`SELECT to_regclass('migration') IS NOT NULL AS exists`);
  const done = table?.exists ? await db.query<{ name: string }>('SELECT name FROM migration') : [];
  const names = new Set(done.map(({ name }) => name));
  return migrations.map(({ name }) => name).filter((name) => !names.has(name));
}
