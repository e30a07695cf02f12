import { MikroORM, PostgreSqlDriver, type EntityManager } from '@mikro-orm/postgresql';
import type { EntitySchema } from '@mikro-orm/core';
import type { Pool, PoolClient } from 'pg';
import { service } from './services.ts';
import { runSql, type Sql } from './sql.ts';

export interface ConnectOptions {
  readonly url: string;
  readonly entities: readonly EntitySchema[];
  readonly applicationName?: string;
  readonly poolSize?: number;
  /** Set per connection where the login may (`SET ROLE`): the role that cannot change what is append-only. */
  readonly role?: string;
  readonly log?: (line: string) => void;
}

/** One pool of PostgreSQL connections, seen through MikroORM (entities) and as plain SQL (set-based work). */
export interface Database extends Sql {
  readonly orm: MikroORM;
  readonly pool: Pool;
  /** A fresh EntityManager: one for every request, and one for every event of a subscription. */
  fork(): EntityManager;
  /** A connection of its own, as for LISTEN; give it back with `release()`. */
  client(): Promise<PoolClient>;
  /** A place where tests may stop, fail or kill the process. Does nothing elsewhere. */
  failpoint: (name: string) => Promise<void> | void;
  close(): Promise<void>;
}

export const databaseService = service<Database>('database');

/** What every connection starts with: UTC, and limits so that a stopped worker cannot hold locks. */
const sessionSettings = `SET TimeZone = 'UTC'; SET lock_timeout = '2s'; SET idle_in_transaction_session_timeout = '5s'`;

export async function connect(options: ConnectOptions): Promise<Database> {
  const setup = options.role ? `${sessionSettings}; SET ROLE ${quoteIdentifier(options.role)}` : sessionSettings;
  const orm = await MikroORM.init({
    driver: PostgreSqlDriver,
    clientUrl: options.url,
    entities: [...options.entities],
    discovery: { warnWhenNoEntities: false },
    forceUtcTimezone: true,
    ensureDatabase: false,
    logger: options.log ?? (() => {}),
    pool: { max: options.poolSize ?? 16 },
    driverOptions: {
      // pg opens a Unix socket when `host` is a folder; MikroORM's own URL parsing would lose it.
      connectionString: options.url,
      application_name: options.applicationName ?? 'farthing',
      connectionTimeoutMillis: 5_000,
      // Statements that are not awaited one by one are sent together; the server runs them in order all the same.
      pipeline: true,
      // Awaited by the pool before anybody gets the connection; one that refuses its settings is never used.
      onConnect: async (client: PoolClient) => {
        await client.query(setup);
      },
    },
  });
  const pool = await orm.em.getConnection().getNativeClient();
  // Without a listener, an idle connection that the server closes would end the process.
  pool.on('error', (error) => {
    // A pool that is being closed loses its connections as it should, whoever is faster.
    if (!pool.ending) options.log?.(`An idle connection was lost: ${error.message}`);
  });
  return {
    orm,
    pool,
    query: (text, values) => runSql(pool, text, values),
    fork: () => orm.em.fork() as EntityManager,
    client: () => pool.connect(),
    failpoint: () => {},
    close: async () => {
      await orm.close(true);
      // MikroORM ends only a pool that it has used itself.
      if (!pool.ending) await pool.end();
    },
  };
}

function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
