import { closeSync, existsSync, fchownSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { packagedBinaries, prepareBinaries } from './embedded-binaries.ts';
import { APP, DATABASE, OWNER, ensureCluster } from './embedded-cluster.ts';
import { EmbeddedError } from './embedded-error.ts';
import { choosePlace, defaultElsewhere, makeSocketDir } from './embedded-folder.ts';
import type { Place } from './embedded-folder.ts';
import { discardStaleLocks, readLock, servesFolder } from './embedded-lock.ts';
import { bestGuard, launch } from './embedded-process.ts';
import type { DatabaseUser, Guard, ServerProcess } from './embedded-process.ts';

export { EmbeddedError } from './embedded-error.ts';

export interface EmbeddedOptions {
  /** Where the data is wanted, an absolute path. The server's own folder is `postgres` inside it. */
  dataDir: string;
  /** Gets a line a notable event, such as data that is kept elsewhere. The server's own log is `postgres.log` in the data folder. */
  log: (line: string) => void;
  /** Server settings besides ours, or against them: `{ fsync: 'off' }` for a test. Without effect where a server is joined. */
  settings?: Record<string, string>;
  /** Folders to try when `dataDir` cannot serve. Default: /var/lib/farthing or ~/.local/state/farthing, then one in /var/tmp. */
  elsewhere?: string[];
  /** What stops the server when this process is killed. Default: `kernel` where the system offers it. */
  guard?: Guard;
}

/** A running PostgreSQL 18 that only this machine's same user (or root) can reach, through a Unix socket. */
export interface EmbeddedPostgres {
  /** The connection string of the owner, a superuser, for migrations. */
  ownerUrl(database?: string): string;
  /** The connection string of the application's own role, which owns nothing. */
  appUrl(database?: string): string;
  /** The data folder in use: the wanted one, or the one elsewhere that the log names. */
  dataDir: string;
  socketDir: string;
  port: number;
  /** The server's process. */
  pid: number;
  /** `joined`: another process started the server, and stops it when that process ends. */
  started: 'started' | 'joined';
  /** Resolves when the server has ended by whatever cause; never for one that was joined. */
  ended: Promise<void>;
  /** Stops a server that we started and waits for its end; leaves a joined one alone. May be called again. */
  stop(): Promise<void>;
}

/** Names the socket's file; every data folder has a socket folder of its own, so no two servers meet. */
const PORT = 5432;
const POLL_MS = 15;
/** Recovery after a crash replays up to `max_wal_size` of log. */
const READY_WITHIN_MS = 300_000;
const SILENT_FOR_MS = 30_000;
const LOG_BYTES = 5_000_000;
const LOG_LINES = 10;

/** For a small server on its defaults. The application sees its own errors: the server's log is for what happens to the server. */
const SETTINGS = {
  listen_addresses: '', port: String(PORT), unix_socket_permissions: '0700',
  shared_buffers: '128MB', max_connections: '100', wal_level: 'replica', fsync: 'on', synchronous_commit: 'on',
  timezone: 'UTC', log_timezone: 'UTC', log_min_messages: 'log', log_checkpoints: 'off', jit: 'off',
};

/**
 * Joins the server of the data folder if one runs, else makes the database if need be and starts it. Safe to call from any number of
 * processes at once. Throws EmbeddedError with a message to print.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  try {
    const place = choosePlace(options.dataDir, options.elsewhere ?? defaultElsewhere(), options.log);
    return await joinOrStart(place, options);
  } catch (error) {
    // A full disk, for one, can refuse any step.
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw new EmbeddedError(`The embedded database could not be started: ${error.message}`, { cause: error });
  }
}

async function joinOrStart(place: Place, options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const deadline = Date.now() + READY_WITHIN_MS;
  const giveUp = Date.now() + SILENT_FOR_MS;
  for (;;) {
    const joined = await joinRunning(place, deadline);
    if (joined) return joined;
    const outcome = await startServer(place, options, deadline);
    if (!('refused' in outcome)) return outcome;
    // Another process was faster, or a killed server's last sessions are still leaving: both pass.
    if (!outcome.isInUse || Date.now() > giveUp) throw new EmbeddedError(outcome.refused);
    await sleep(POLL_MS);
  }
}

/** Waits for a server that is starting; null when there is none, or none any more. */
async function joinRunning(place: Place, deadline: number): Promise<EmbeddedPostgres | null> {
  let silentSince = Date.now();
  for (;;) {
    const lock = readLock(place.pgdata);
    if (!lock || !servesFolder(lock.pid, place.pgdata)) return null;
    const answer = lock.socketDir ? await ask(lock.socketDir, lock.port, place.pgdata) : 'silent';
    if (answer === 'ready') return describe(place, lock.socketDir!, lock.port, lock.pid, null);
    if (answer === 'busy') silentSince = Date.now();
    if (Date.now() > Math.min(deadline, silentSince + SILENT_FOR_MS)) {
      throw new EmbeddedError(`${place.pgdata} is in use by a server (process ${lock.pid}) that does not answer. Stop it, or set DATA_DIR to another folder.`);
    }
    await sleep(POLL_MS);
  }
}

/** The server did not come up; `isInUse`: because PostgreSQL holds the folder for another. */
interface Refusal {
  refused: string;
  isInUse: boolean;
}

async function startServer(place: Place, options: EmbeddedOptions, deadline: number): Promise<EmbeddedPostgres | Refusal> {
  const { pgdata, user, dataDir } = place;
  const settings: Record<string, string> = { ...SETTINGS, ...options.settings };
  const binaries = await prepareBinaries(packagedBinaries(), dataDir, user);
  await ensureCluster(place, binaries, settings['fsync'] !== 'off');
  const socketDir = makeSocketDir(place, PORT);
  discardStaleLocks(pgdata, socketDir, PORT);
  const assignments = Object.entries({ ...settings, unix_socket_directories: socketDir }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const logPath = join(dataDir, 'postgres.log');
  const logFile = openLog(logPath, user);
  const logStart = statSync(logPath).size;
  const server = launch(user, options.guard ?? bestGuard(user), binaries.postgres, ['-D', pgdata, ...assignments], logFile);
  closeSync(logFile);
  while (!server.hasEnded()) {
    if ((await ask(socketDir, PORT, pgdata)) === 'ready' && readLock(pgdata)?.pid === server.pid) {
      return describe(place, socketDir, PORT, server.pid, server);
    }
    if (Date.now() > deadline) {
      await server.stop();
      throw new EmbeddedError(`The embedded database was not ready within ${READY_WITHIN_MS / 1000} s. Its log is ${logPath}.`);
    }
    await Promise.race([sleep(POLL_MS), server.ended]);
  }
  const said = readFileSync(logPath).subarray(logStart).toString('utf8').trim();
  // A server that another process stopped just now took its socket's folder along.
  const isInUse = /FATAL: .*(lock file|shared memory block)/.test(said) || !existsSync(socketDir);
  const ending = said.split('\n').slice(-LOG_LINES).join('\n');
  return { refused: `The embedded database did not start. Its log, ${logPath}, ends:\n${ending}`, isInUse };
}

/** The log belongs to the database's user, who may be the one to start the server next time. */
function openLog(path: string, user: DatabaseUser): number {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES) renameSync(path, `${path}.old`);
  const file = openSync(path, 'a', 0o600);
  if (user.ids) fchownSync(file, user.ids.uid, user.ids.gid);
  return file;
}

/** `busy`: a server is there and is starting or stopping. */
async function ask(socketDir: string, port: number, pgdata: string): Promise<'ready' | 'busy' | 'silent'> {
  const client = new pg.Client({ host: socketDir, port, user: OWNER, database: 'postgres', ssl: false, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string }>(`SELECT current_setting('data_directory') AS folder`);
    return rows[0]?.folder === pgdata ? 'ready' : 'silent';
  } catch (error) {
    // 57P01 to 57P03: shutting down, crashed, starting up.
    return (error as { code?: string }).code?.startsWith('57P0') ? 'busy' : 'silent';
  } finally {
    await client.end().catch(() => undefined);
  }
}

function describe({ dataDir }: Place, socketDir: string, port: number, pid: number, server: ServerProcess | null): EmbeddedPostgres {
  const url = (role: string, database: string) => `postgresql://${role}@${encodeURIComponent(socketDir)}:${port}/${database}`;
  return {
    ownerUrl: (database = DATABASE) => url(OWNER, database),
    appUrl: (database = DATABASE) => url(APP, database),
    dataDir, socketDir, port, pid,
    started: server ? 'started' : 'joined',
    ended: server?.ended ?? new Promise(() => undefined),
    stop: async () => {
      if (!server) return;
      await server.stop();
      // Not empty if another process has started a server since.
      await rmdir(socketDir).catch(() => undefined);
    },
  };
}
