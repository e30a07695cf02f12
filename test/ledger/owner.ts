import pg from 'pg';
import type { TestDatabase } from '../support/database.ts';

/** Works as the owner of the tables, as a migration or a saboteur would. */
export async function asOwner<T>(database: TestDatabase, work: (owner: pg.Client) => Promise<T>): Promise<T> {
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  try {
    return await work(owner);
  } finally {
    await owner.end();
  }
}

/** Runs statements as an owner who has switched every trigger off, foreign keys included. */
export async function tamper(database: TestDatabase, statements: readonly string[]): Promise<void> {
  await asOwner(database, async (owner) => {
    await owner.query('SET session_replication_role = replica');
    for (const statement of statements) await owner.query(statement);
  });
}
