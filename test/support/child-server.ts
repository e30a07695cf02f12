import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The build that `npm test` makes first. */
export const builtMain = path.join(import.meta.dirname, '..', '..', 'dist', 'src', 'main.js');

export interface ChildServerOptions {
  /** The application's URL of a migrated database, such as `database.current.url`. */
  readonly databaseUrl: string;
  /** Environment variables besides, such as `{ LIMIT_COST: '500' }`. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** `farthing serve` as a process of its own, over a test's database. It keeps its port when it starts again. */
export interface ChildServer {
  readonly url: string;
  /** The same with ws:// and the path of the API. */
  readonly socketUrl: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** What the processes have printed until now, on both outputs. */
  readonly output: string;
  /** Sends a signal and waits for the end. Answers the exit code; null when the signal itself ended the process. */
  kill(signal?: NodeJS.Signals): Promise<number | null>;
  /** Starts it again, after a `kill`, and waits until it is ready. */
  start(): Promise<void>;
  /** Ends it with SIGTERM if it runs, and removes its folder. Fails when it did not end in order. */
  close(): Promise<void>;
}

const readyWithinMs = 120_000;

/** Starts a server process on a free port and waits until it is ready. */
export async function startChildServer({ databaseUrl, environment = {} }: ChildServerOptions): Promise<ChildServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const folder = await mkdtemp(path.join(tmpdir(), 'farthing-test-'));
  const env = {
    PATH: process.env.PATH, NODE_ENV: 'test', HOST: '127.0.0.1', PORT: String(port), DATABASE_URL: databaseUrl, DATA_DIR: folder,
    AUTH_SECRET: 'a secret of the tests, long enough', LOG_LEVEL: 'warn', LIMIT_AUTH_ATTEMPTS_PER_MINUTE: '1000000', ...environment,
  };
  let child: ChildProcess | undefined;
  let output = '';

  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (!child || !isRunning()) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  };
  const start = async () => {
    if (isRunning()) throw new Error('The server runs already: kill it before it starts again.');
    // The tests' databases are migrated, and the application's role could not do it.
    child = spawn(process.execPath, ['--enable-source-maps', builtMain, 'serve', '--no-migrate'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream!.setEncoding('utf8').on('data', (text: string) => (output += text));
    for (const giveUp = Date.now() + readyWithinMs; !(await isReady(url)); await delay(30)) {
      if (isRunning() && Date.now() < giveUp) continue;
      await kill();
      throw new Error(`The server did not become ready. It printed:\n${output}`);
    }
  };

  const server: ChildServer = {
    url,
    socketUrl: `ws://127.0.0.1:${port}/graphql`,
    get pid() {
      return child!.pid as number;
    },
    get output() {
      return output;
    },
    kill,
    start,
    close: async () => {
      const wasRunning = isRunning();
      const code = await kill('SIGTERM');
      await rm(folder, { recursive: true, force: true });
      if (wasRunning && code !== 0) throw new Error(`The server ended with ${code} when it was asked to stop. It printed:\n${output}`);
    },
  };
  try {
    await start();
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return server;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const { ok } = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) });
    return ok;
  } catch {
    return false;
  }
}

/** A port that was free a moment ago: known before the server starts, so that it is the same after a restart. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
