import { chown, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binaries } from './embedded-binaries.ts';
import { EmbeddedError } from './embedded-error.ts';
import { makeUnfinished } from './embedded-folder.ts';
import type { Place } from './embedded-folder.ts';
import { run } from './embedded-process.ts';

/** The superuser that owns the databases and runs the migrations. */
export const OWNER = 'farthing_owner';
/** The role that the application signs in as; the migrations grant it what it may do. */
export const APP = 'farthing_app';
/** The database that a new server has. */
export const DATABASE = 'farthing';

/**
 * Makes sure that the folder holds a database of the programs' version, with the roles and the database above. A new one is made
 * aside and moved into place whole: neither a killed process nor two at once leave half of one.
 */
export async function ensureCluster(place: Place, binaries: Binaries, flush: boolean): Promise<void> {
  const { pgdata } = place;
  const made = await readFile(join(pgdata, 'PG_VERSION'), 'utf8').catch(() => null);
  if (made === null) return makeCluster(place, binaries, flush);
  if (made.trim() === binaries.major) return;
  throw new EmbeddedError(
    `${pgdata} was made by PostgreSQL ${made.trim()}, but this Farthing brings ${binaries.version}. ` +
      `Dump it with PostgreSQL ${made.trim()} and restore the dump into a new folder, or set DATA_DIR to another folder.`,
  );
}

async function makeCluster({ dataDir, pgdata, user }: Place, binaries: Binaries, flush: boolean): Promise<void> {
  if ((await readdir(pgdata)).length > 0) {
    // Another process may have moved its own into place since we looked.
    if (await stat(join(pgdata, 'PG_VERSION')).catch(() => null)) return;
    throw new EmbeddedError(`${pgdata} has files in it but no database (PG_VERSION is missing). Empty it, or set DATA_DIR to another folder.`);
  }
  const unfinished = makeUnfinished(dataDir);
  try {
    if (user.ids) await chown(unfinished, user.ids.uid, user.ids.gid);
    await initialise(unfinished, { dataDir, pgdata, user }, binaries, flush);
    await rename(unfinished, pgdata).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Page checksums are PostgreSQL 18's default; they are asked for all the same. The locale needs neither the system's nor ICU's tables. */
async function initialise(folder: string, { user }: Place, binaries: Binaries, flush: boolean): Promise<void> {
  const settings = [
    `--pgdata=${folder}`, `--username=${OWNER}`, '--auth-local=trust', '--auth-host=reject', '--data-checksums',
    '--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions',
  ];
  const initdb = await run(user, binaries.initdb, flush ? settings : [...settings, '--no-sync']);
  if (initdb.code !== 0) throw new EmbeddedError(`The embedded database could not be made: ${initdb.errors || initdb.output}`);
  const options = ['--single', '-D', folder, '-c', 'exit_on_error=on', '-c', 'log_min_messages=fatal', '-c', `fsync=${flush ? 'on' : 'off'}`];
  const statements = `CREATE ROLE ${APP} LOGIN;\nCREATE DATABASE ${DATABASE};\n`;
  const single = await run(user, binaries.postgres, [...options, 'postgres'], statements);
  if (single.code !== 0) throw new EmbeddedError(`The embedded database could not be given its roles: ${single.errors || single.output}`);
}
