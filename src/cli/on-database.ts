import type { Config } from '../config.ts';
import type { Database } from '../database/room.ts';
import { createLog, type ServerLog } from '../server/room.ts';
import { CliError } from './cli-error.ts';
import { Closers } from './closers.ts';
import { connectRooms, missingMigrations, openDatabaseServer } from './database-server.ts';

/** What a command works with. */
export interface OpenDatabase {
  /** As it was read, but that `dataDir` is where an embedded database really keeps its data. */
  readonly config: Config;
  readonly database: Database;
  readonly log: ServerLog;
  /** Closed before the database is, whatever the work comes to. */
  readonly closers: Closers;
}

/** Opens the database of the configuration, which must be up to date, for some work, and closes it again. Throws a CliError when it lacks migrations. */
export async function onDatabase<T>(config: Config, remark: (line: string) => void, work: (open: OpenDatabase) => Promise<T>): Promise<T> {
  const log = createLog(config.logLevel, process.stderr);
  const closers = new Closers();
  try {
    const server = await openDatabaseServer(config, remark);
    closers.add(() => server.stop());
    const database = await connectRooms(server, log);
    closers.add(() => database.close());
    const missing = await missingMigrations(database);
    if (missing.length > 0) throw new CliError(`The database lacks the migrations ${missing.join(', ')}: run "farthing migrate".`);
    return await work({ config: server.config, database, log, closers });
  } finally {
    await closers.close();
  }
}
