import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { connect, type Database } from '../../src/database/room.ts';
import { entities } from './entities.ts';
import { cloneTemplate, databaseUrl, dropDatabase } from './cluster.ts';

/** A migrated database of a test's own, connected as the application's role. */
export interface TestDatabase {
  readonly name: string;
  /** The application's URL (role farthing_app), for child processes too. */
  readonly url: string;
  /** The owner's URL, for what only a migration or a saboteur may do. */
  readonly ownerUrl: string;
  readonly db: Database;
  /** One more pool, as a second process would have. */
  connect(): Promise<Database>;
  /** Has something ended before the pools are: a hub that listens holds a connection. */
  endFirst(end: () => Promise<unknown>): void;
  drop(): Promise<void>;
}

export async function openTestDatabase(): Promise<TestDatabase> {
  const name = await cloneTemplate();
  const url = databaseUrl(name, 'farthing_app');
  const opened: Database[] = [];
  const ends: (() => Promise<unknown>)[] = [];
  const open = async () => {
    const db = await connect({ url, entities, poolSize: 12, applicationName: name });
    opened.push(db);
    return db;
  };
  const db = await open();
  return {
    name,
    url,
    ownerUrl: databaseUrl(name),
    db,
    connect: open,
    endFirst: (end) => ends.push(end),
    drop: async () => {
      await Promise.all(ends.map((end) => end()));
      for (const one of opened) await one.close().catch(() => {});
      await dropDatabase(name);
    },
  };
}

export interface EachTestDatabaseOptions {
  /** What every test ends with, on its own database: an `afterEach` of the file would get the next test's. */
  readonly endsWith?: (database: TestDatabase) => Promise<void>;
}

/** Gives each test of a file a database of its own: `const test = eachTestDatabase()`, then `test.current.db`. */
export function eachTestDatabase({ endsWith }: EachTestDatabaseOptions = {}): { readonly current: TestDatabase } {
  const holder = { current: undefined as unknown as TestDatabase };
  let previous: TestDatabase | undefined;
  beforeAll(async () => {
    holder.current = await openTestDatabase();
  });
  afterEach(async () => {
    previous = holder.current;
    try {
      await endsWith?.(previous);
    } finally {
      holder.current = await openTestDatabase();
      await previous.drop();
    }
  });
  afterAll(() => holder.current.drop());
  return holder;
}
