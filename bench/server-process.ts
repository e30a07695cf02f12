import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { builtMain } from './built.ts';

export interface ServerProcessOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** A folder for a CPU profile of the whole run, written when the server stops. */
  readonly profileFolder?: string | undefined;
}

export interface ServerProcess {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

const readyWithinMs = 30_000;

/** Starts `farthing serve` as production does and waits until it is ready. */
export async function startServerProcess({ environment, profileFolder }: ServerProcessOptions): Promise<ServerProcess> {
  const port = await freePort();
  const profiling = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const env = { PATH: process.env.PATH, NODE_ENV: 'production', HOST: '127.0.0.1', PORT: String(port), ...environment };
  const child = spawn(process.execPath, ['--enable-source-maps', ...profiling, builtMain, 'serve'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  for (const giveUp = Date.now() + readyWithinMs; !(await isReady(port)); await delay(50)) {
    if (child.exitCode === null && Date.now() < giveUp) continue;
    await stop();
    throw new Error('The server did not become ready.');
  }
  return { port, pid: child.pid!, stop };
}

async function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/readyz`).then(({ ok }) => ok, () => false);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
