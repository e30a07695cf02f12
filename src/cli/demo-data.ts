import { createApp } from '../app.ts';
import type { Database } from '../database/room.ts';
import { DemoClock, DemoError, demoState, seedDemo, type Seeded } from '../demo/room.ts';
import type { ServerLog } from '../server/room.ts';
import { CliError } from './cli-error.ts';
import type { DatabaseServer } from './database-server.ts';

/** Accounts with known passwords belong on a trial server alone. */
export function mayHaveDemoData({ isEmbedded, config }: DatabaseServer): boolean {
  return isEmbedded && !config.production;
}

/** Writes the demo data, or what is missing of it. */
export async function seed(server: DatabaseServer, database: Database, log: ServerLog): Promise<Seeded> {
  const clock = new DemoClock();
  const app = createApp({ config: server.config, database, log, clock });
  try {
    return await seedDemo(app.services, clock);
  } finally {
    await app.stop();
  }
}

/** At a start: a trial server whose database is new gets the demo data; any other server refuses a database that has them. */
export async function settleDemoData(server: DatabaseServer, database: Database, log: ServerLog): Promise<Seeded | null> {
  // A database that is yet to be migrated holds nothing.
  const [counters] = await database.query<{ exist: boolean }>(`SELECT to_regclass('counter') IS NOT NULL AS exist`);
  const state = counters?.exist ? await demoState(database) : 'NONE';
  if (!mayHaveDemoData(server)) {
    if (state === 'NONE') return null;
    throw new CliError(
      'The database holds demo data, and so accounts whose passwords are known to everybody: it is served by the embedded database and without '
      + `NODE_ENV=production only. Set ${server.isEmbedded ? 'DATA_DIR to a new folder' : 'DATABASE_URL to another database'}.`,
    );
  }
  const [people] = await database.query<{ none: boolean }>('SELECT NOT EXISTS (SELECT FROM person) AS none');
  if (state === 'COMPLETE' || (state === 'NONE' && !people?.none)) return null;
  try {
    return await seed(server, database, log);
  } catch (error) {
    if (!(error instanceof DemoError)) throw error;
    log.warn({}, error.message);
    return null;
  }
}
