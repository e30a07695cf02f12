import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { builtMain } from './built.ts';

export interface WorkersOptions {
  readonly workers: number;
  readonly batch: number;
  readonly asOf: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A folder for CPU profiles of the workers. */
  readonly profileFolder?: string | undefined;
}

export interface WorkersRun {
  readonly seconds: number;
  /** The resident memory of each worker, in megabytes, once a second. */
  readonly memory: readonly (readonly number[])[];
}

/** Runs `farthing renew`, as `npm run renew` starts it, in several processes until all of them have found nothing more to do. */
export async function runWorkers({ workers, batch, asOf, environment, profileFolder }: WorkersOptions): Promise<WorkersRun> {
  const profiling = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const start = performance.now();
  const memory = await Promise.all(Array.from({ length: workers }, async () => {
    const child = spawn(process.execPath, ['--max-semi-space-size=8', '--max-old-space-size=256', ...profiling, builtMain, 'renew', '--as-of', asOf, '--batch', String(batch)],
      { env: { PATH: process.env.PATH, ...environment }, stdio: ['ignore', 'ignore', 'inherit'] });
    return sampleMemory(child);
  }));
  return { seconds: (performance.now() - start) / 1_000, memory };
}

async function sampleMemory(child: ChildProcess): Promise<number[]> {
  const samples: number[] = [];
  let isRunning = true;
  const ended = once(child, 'exit').then(([code]) => {
    isRunning = false;
    if (code !== 0) throw new Error(`A worker ended with ${code}.`);
  });
  while (isRunning) {
    await Promise.race([delay(1_000), ended]);
    if (isRunning) samples.push(residentMegabytes(child.pid!));
  }
  await ended;
  return samples;
}

function residentMegabytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
}
