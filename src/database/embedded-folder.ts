import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';
import { EmbeddedError } from './embedded-error.ts';
import { runBriefly } from './embedded-process.ts';
import type { DatabaseUser } from './embedded-process.ts';

/** A folder that can hold the data: `pgdata` is PostgreSQL's own part of it, without symbolic links in its path. */
export interface Place {
  dataDir: string;
  pgdata: string;
  user: DatabaseUser;
}

const isRoot = process.getuid?.() === 0;

/**
 * Finds where the data lives. The wanted folder, if it can serve; else a persistent one elsewhere whose name follows from the wanted
 * path, so that the next start finds it again, and goes on using it even if the wanted folder has come right since. Throws
 * EmbeddedError where the wanted folder holds a database that cannot be used: an empty one elsewhere would look like lost data.
 */
export function choosePlace(wanted: string, elsewhere: string[], log: (line: string) => void): Place {
  const name = hashOf(resolve(wanted));
  const candidates = [wanted, ...elsewhere.map((parent) => join(parent, name))];
  const holdingDataFirst = candidates.toSorted((a, b) => Number(holdsData(b)) - Number(holdsData(a)));
  const refusals: string[] = [];
  for (const folder of holdingDataFirst) {
    const place = tryFolder(folder, folder !== wanted);
    if (typeof place !== 'string') {
      if (folder !== wanted) {
        const isNew = !holdsData(folder);
        const reason = refusals[0] ?? `the database of an earlier start is there`;
        log(`The data is kept in ${folder}, not in ${wanted}: ${reason}.${isNew ? '' : ' Remove that folder to begin anew.'}`);
      }
      return place;
    }
    if (holdsData(folder)) throw new EmbeddedError(`The database in ${folder} cannot be used: ${place}. Put that right, or set DATA_DIR to another folder.`);
    refusals.push(place);
  }
  const list = holdingDataFirst.map((folder, i) => `\n  ${folder}: ${refusals[i]}`).join('');
  throw new EmbeddedError(`No folder can hold the embedded database; set DATA_DIR to one that can, or DATABASE_URL to a server:${list}`);
}

/** Persistent folders for data that cannot be where it was wanted; the last is writable by everybody on most systems. */
export function defaultElsewhere(): string[] {
  const shared = `/var/tmp/farthing-${process.getuid?.()}`;
  if (isRoot) return ['/var/lib/farthing', shared];
  const home = ourHome();
  return home === null ? [shared] : [join(home, '.local', 'state', 'farthing'), shared];
}

/** Whether the folder has a database in it, as far as we may look. */
function holdsData(dataDir: string): boolean {
  return existsSync(join(dataDir, 'postgres', 'PG_VERSION'));
}

/** Answers the place, or in words why the folder cannot serve. */
function tryFolder(dataDir: string, mustBeOurs: boolean): Place | string {
  const pgdata = join(dataDir, 'postgres');
  try {
    makeFolder(dataDir);
    // A parent that somebody else made in a folder open to all would let them swap ours.
    if (mustBeOurs && lstatSync(dirname(dataDir)).uid !== process.getuid?.()) return `${dirname(dataDir)} belongs to another user`;
    const user = chooseUser(dataDir, pgdata);
    mkdirSync(pgdata, { recursive: true, mode: 0o700 });
    return refusal(pgdata, user) ?? { dataDir, pgdata: realpathSync(pgdata), user };
  } catch (error) {
    if (error instanceof EmbeddedError) return error.message;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return `it is not writable by the user ${ourName()}`;
    if (code === undefined) throw error;
    return message;
  }
}

/**
 * As root, the data folder must let the database's user pass (not look: its other files keep their own modes), and so must
 * the folders above it that we make; an umask may be against it. Folders that were there above it are left alone, and so is a home.
 */
function makeFolder(dataDir: string): void {
  const first = makeFolders(resolve(dataDir), isRoot ? 0o711 : 0o700);
  if (!isRoot) return;
  for (let folder = resolve(dataDir); folder.length >= first.length; folder = dirname(folder)) {
    const { uid, mode } = statSync(folder);
    if (uid === 0 && folder !== ourHome()) chmodSync(folder, (mode & 0o7777) | 0o011);
  }
}

/**
 * Makes a folder and those above it, and answers the highest that it made, or the folder itself. Not with `recursive`: below /proc,
 * where no folder can be made, Node tries for ever.
 */
function makeFolders(folder: string, mode: number): string {
  if (existsSync(folder) && statSync(folder).isDirectory()) return folder;
  const above = dirname(folder);
  const first = existsSync(above) ? folder : makeFolders(above, mode);
  mkdirSync(folder, { mode });
  return first;
}

/** PostgreSQL wants its folder to belong to its user, and closed to all others. */
function refusal(pgdata: string, user: DatabaseUser): string | null {
  const uid = user.ids?.uid ?? process.getuid?.();
  const owner = statSync(pgdata).uid;
  if (owner !== uid) {
    if (!isRoot || readdirSync(pgdata).length > 0) return `${pgdata} belongs to the user with id ${owner}, but the database runs as ${user.name}`;
    chownSync(pgdata, user.ids!.uid, user.ids!.gid);
  }
  if ((statSync(pgdata).mode & 0o027) !== 0) chmodSync(pgdata, 0o700);
  const after: Stats = statSync(pgdata);
  // Folders of a foreign file system (a mounted Windows disk, for one) take neither owner nor mode.
  if (after.uid !== uid || (after.mode & 0o027) !== 0) return 'its file system does not keep owners and permissions';
  if (runBriefly(user, '/bin/sh', ['-c', ':']).code !== 0) return `this process may not run programs as the user ${user.name}, and PostgreSQL does not run as root`;
  if (!canUse(user, pgdata)) return `the user ${user.name}, who runs the database, cannot enter or write it (a folder above it may be closed)`;
  return null;
}

function canUse(user: DatabaseUser, folder: string): boolean {
  return runBriefly(user, '/bin/sh', ['-c', 'cd "$0" && test -w .', folder]).code === 0;
}

/** Whoever owns the folder; for a new one of root's, `postgres` if the system has that user, else `nobody`. */
function chooseUser(dataDir: string, pgdata: string): DatabaseUser {
  if (!isRoot) return { name: ourName(), ids: null };
  const owner = existsSync(pgdata) ? statSync(pgdata) : null;
  // Here the owner needs no name: only making a new database looks it up.
  if (owner && owner.uid !== 0) return { name: nameOf(owner.uid) ?? `with id ${owner.uid}`, ids: { uid: owner.uid, gid: owner.gid } };
  const { uid, gid } = statSync(dataDir);
  const name = uid === 0 ? null : nameOf(uid);
  if (name !== null) return { name, ids: { uid, gid } };
  for (const candidate of ['postgres', 'nobody']) {
    const [userId, groupId] = [id('-u', candidate), id('-g', candidate)];
    if (userId !== null && groupId !== null) return { name: candidate, ids: { uid: Number(userId), gid: Number(groupId) } };
  }
  throw new EmbeddedError('PostgreSQL does not run as root, and this system has neither a user postgres nor a user nobody to run it as');
}

function nameOf(uid: number): string | null {
  return id('-un', String(uid));
}

function id(option: string, user: string): string | null {
  const { status, stdout } = spawnSync('id', [option, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return status === 0 ? stdout.trim() : null;
}

function ourHome(): string | null {
  try {
    return homedir();
  } catch {
    return null;
  }
}

function ourName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under an id without a name.
    return `with id ${process.getuid?.()}`;
  }
}

const UNFINISHED = 'unfinished-';
const ABANDONED_AFTER_MS = 10 * 60_000;

/**
 * A new folder in the data folder for what gets its name only when it is whole. Removes those of processes that were killed at it:
 * none that works takes so long.
 */
export function makeUnfinished(dataDir: string): string {
  for (const name of readdirSync(dataDir)) {
    const found = name.startsWith(UNFINISHED) ? statSync(join(dataDir, name), { throwIfNoEntry: false }) : undefined;
    if (found && Date.now() - found.mtimeMs > ABANDONED_AFTER_MS) rmSync(join(dataDir, name), { recursive: true, force: true });
  }
  return mkdtempSync(join(dataDir, UNFINISHED));
}

/** The longest path of a socket's lock file that every system takes: macOS has 104 bytes with the closing zero, Linux 108. */
const SOCKET_PATH_BYTES = 103;

/**
 * Makes the folder of the server's socket under the system's temporary folder. Only the database's user (and root) may enter it:
 * this is what guards the server, which trusts all who reach its socket.
 */
export function makeSocketDir({ pgdata, user }: Place, port: number): string {
  for (const parent of new Set([tmpdir(), '/tmp'])) {
    const folder = resolve(parent, `farthing-${hashOf(pgdata)}`);
    // PostgreSQL reads a list here: a comma or a quote in the path would split it.
    if (Buffer.byteLength(`${folder}/.s.PGSQL.${port}.lock`) > SOCKET_PATH_BYTES || /[^\w./-]/.test(folder)) continue;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const found = lstatSync(folder);
      const ours = found.uid === process.getuid?.() || found.uid === user.ids?.uid;
      if (!found.isDirectory() || !ours) throw new EmbeddedError(`${folder}, where the database's socket belongs, was made by another user (id ${found.uid}): remove it`);
      if (user.ids) chownSync(folder, user.ids.uid, user.ids.gid);
      chmodSync(folder, 0o700);
    } catch (error) {
      if (error instanceof EmbeddedError) throw error;
      continue;
    }
    if (canUse(user, folder)) return folder;
  }
  throw new EmbeddedError(`The database's socket has no place: neither ${tmpdir()} nor /tmp can be written by the user ${user.name} under a short enough path`);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
