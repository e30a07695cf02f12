import { Migrator, type Migration } from '@mikro-orm/migrations';
import { MikroORM, PostgreSqlDriver } from '@mikro-orm/postgresql';
import type { EntitySchema } from '@mikro-orm/core';
import pg from 'pg';

export interface MigrateOptions {
  /** The owner's connection: it creates tables and roles. */
  readonly url: string;
  readonly migrations: readonly MigrationEntry[];
  readonly log?: (line: string) => void;
}

/** A migration and the name under which the database remembers it. */
export interface MigrationEntry {
  readonly name: string;
  readonly class: new (...args: ConstructorParameters<typeof Migration>) => Migration;
}

/** Any fixed number: it names the lock under which one process at a time migrates. */
const advisoryLock = 7_346_281_905;

/** Brings a database up to date and answers the names of what it ran. Safe to call from many processes at once. */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const guard = new pg.Client({ connectionString: options.url, application_name: 'farthing-migrate' });
  await guard.connect();
  try {
    await guard.query('SELECT pg_advisory_lock($1)', [advisoryLock]);
    const orm = await openMigrator(options);
    try {
      const done = await orm.migrator.up();
      return done.map((migration) => migration.name);
    } finally {
      await orm.close(true);
    }
  } finally {
    await guard.end();
  }
}

/** The names of migrations that a database still lacks. */
export async function pendingMigrations(options: MigrateOptions): Promise<string[]> {
  const orm = await openMigrator(options);
  try {
    return (await orm.migrator.getPending()).map((migration) => migration.name);
  } finally {
    await orm.close(true);
  }
}

/** The options every ORM of the project shares about its schema: other tools' schemas are not ours to touch. */
export const foreignSchemas = ['auth', 'graphile_worker'];

async function openMigrator(options: MigrateOptions): Promise<MikroORM> {
  return MikroORM.init({
    driver: PostgreSqlDriver,
    clientUrl: options.url,
    driverOptions: { connectionString: options.url, application_name: 'farthing-migrate', max: 2 },
    entities: [] as EntitySchema[],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    ensureDatabase: false,
    logger: options.log ?? (() => {}),
    schemaGenerator: { ignoreSchema: foreignSchemas },
    migrations: {
      migrationsList: options.migrations.map((entry) => ({ name: entry.name, class: entry.class })),
      tableName: 'migration',
      snapshot: false,
      transactional: true,
      allOrNothing: false,
    },
  });
}
