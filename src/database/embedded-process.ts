import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

/** The user that runs the database: `ids` is set where we are root, since PostgreSQL refuses to run as root. */
export interface DatabaseUser {
  name: string;
  ids: { uid: number; gid: number } | null;
}

/**
 * What stops the server when this process is killed, or the worker thread that started it ends. `kernel`: the parent-death signal of
 * Linux, through setpriv. `watchdog`, for other systems: a shell that reads a pipe from us and sends SIGINT at its end.
 */
export type Guard = 'kernel' | 'watchdog';

/** Nothing of our environment reaches the database: neither secrets, nor PG* and LC_* variables that would change what it does. */
const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' };

/** The folder we are in may be closed to the database's user, who would then fail to name it. */
function optionsFor(user: DatabaseUser): SpawnOptions {
  return { ...user.ids, cwd: '/', env: ENVIRONMENT };
}

/** What a short command printed, and its exit code; null where it could not run at all (`errors` says why). */
export interface Outcome {
  code: number | null;
  output: string;
  errors: string;
}

/** Runs a command of some milliseconds as the database's user and waits for it. */
export function runBriefly(user: DatabaseUser, command: string, args: string[]): Outcome {
  const result = spawnSync(command, args, { ...optionsFor(user), stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
  return { code: result.status, output: result.stdout ?? '', errors: result.error?.message ?? result.stderr.trim() };
}

/** Runs a command as the database's user without blocking this process, with `input` as its standard input. */
export async function run(user: DatabaseUser, command: string, args: string[], input = ''): Promise<Outcome> {
  const child = spawn(command, args, { ...optionsFor(user), stdio: 'pipe' });
  let output = '';
  let errors = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (errors += text));
  // A command that ends before it has read its input breaks the pipe; its exit code tells the story.
  child.stdin!.on('error', () => undefined).end(input);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output, errors: errors.trim() };
  } catch (error) {
    return { code: null, output, errors: (error as Error).message };
  }
}

/** `kernel` where setpriv knows the parent-death signal, else `watchdog`. */
export function bestGuard(user: DatabaseUser): Guard {
  if (process.platform !== 'linux') return 'watchdog';
  return runBriefly(user, 'setpriv', ['--pdeathsig', 'INT', 'true']).code === 0 ? 'kernel' : 'watchdog';
}

/** A server that this process started. */
export interface ServerProcess {
  pid: number;
  /** Resolves when the process has ended. */
  ended: Promise<void>;
  hasEnded(): boolean;
  /** Stops it: open transactions are rolled back, what was committed is on disk. May be called again. */
  stop(): Promise<void>;
}

const FAST_STOP_MS = 30_000;

/** The server's parent may die before setpriv has asked for the signal; the shell sees this and does not start the server. */
const START_UNLESS_ORPHANED = 'test "$PPID" = "$0" && exec "$@"';

/**
 * Starts the server; its output is appended to `logFile` (a file descriptor). It gets a session of its own, so that a terminal's
 * Ctrl-C reaches only us and the server lives until we have drained. It does not keep this process alive.
 */
export function launch(user: DatabaseUser, guard: Guard, command: string, args: string[], logFile: number): ServerProcess {
  const wrapper = ['--pdeathsig', 'INT', '--', '/bin/sh', '-c', START_UNLESS_ORPHANED, String(process.pid)];
  const [file, ...rest] = guard === 'kernel' ? ['setpriv', ...wrapper, command, ...args] : [command, ...args];
  const child = spawn(file!, rest, { ...optionsFor(user), stdio: ['ignore', logFile, logFile], detached: true });
  const watchdog = guard === 'watchdog' && child.pid !== undefined ? watch(child.pid) : null;
  let over = false;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      over = true;
      // The process id is free again: the watchdog must not live to signal whoever gets it next.
      watchdog?.kill('SIGKILL');
      resolve();
    };
    child.once('exit', end).once('error', end);
  });
  child.unref();
  let stopping: Promise<void> | null = null;
  return { pid: child.pid ?? 0, ended, hasEnded: () => over, stop: () => (stopping ??= stop(child, ended, () => over)) };
}

async function stop(child: ChildProcess, ended: Promise<void>, hasEnded: () => boolean): Promise<void> {
  if (hasEnded()) return;
  child.ref();
  child.kill('SIGINT');
  // SIGQUIT stops at once without a checkpoint: the next start replays the log, nothing committed is lost.
  const impatience = setTimeout(() => child.kill('SIGQUIT'), FAST_STOP_MS);
  await ended;
  clearTimeout(impatience);
}

/** Our end of the pipe closes when this process ends, however it ends; `read` then returns. */
function watch(pid: number): ChildProcess {
  const watchdog = spawn('/bin/sh', ['-c', 'read -r _; kill -INT "$0"', String(pid)], {
    cwd: '/',
    env: ENVIRONMENT,
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watchdog.on('error', () => undefined).stdin!.on('error', () => undefined);
  watchdog.unref();
  return watchdog;
}
