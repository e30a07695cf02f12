import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '../../src/database/room.ts';

export interface ChaosOptions {
  readonly db: Database;
  /** The application's URL, for the workers. */
  readonly databaseUrl: string;
  readonly asOf: string;
  readonly due: number;
  readonly workers: number;
  /** At least as often a worker is killed, each time after as much of the work. */
  readonly kills: number;
}

export interface ChaosReport {
  readonly killed: number;
  readonly stopped: number;
  /** How many of the stops lasted longer than a stopped worker may keep its locks. */
  readonly stoppedLong: number;
  /** Workers that came to the end and found nothing more to do. */
  readonly finished: number;
}

const main = path.join(import.meta.dirname, '..', '..', 'dist', 'src', 'main.js');
/** `idle_in_transaction_session_timeout` is five seconds. */
const longStopMs = 6_000;
const everyNthStopIsLong = 8;
const patienceMs = 120_000;

/**
 * Renews what is due with worker processes (`farthing renew`) that are killed with SIGKILL or stopped with SIGSTOP at random, and
 * started again, until nothing is due. Throws when a worker fails by itself, or when nothing moves any more.
 */
export async function wreakHavoc(options: ChaosOptions): Promise<ChaosReport> {
  const havoc = new Havoc(options);
  try {
    return await havoc.untilDone();
  } finally {
    await havoc.end();
  }
}

class Havoc {
  readonly #options: ChaosOptions;
  readonly #running = new Set<Worker>();
  readonly #stops = new Set<Promise<void>>();
  #failure: Error | undefined;
  #report = { killed: 0, stopped: 0, stoppedLong: 0, finished: 0 };

  constructor(options: ChaosOptions) {
    this.#options = options;
  }

  async untilDone(): Promise<ChaosReport> {
    const { due, kills, workers } = this.#options;
    for (let movedAt = Date.now(), seen = due; ; await delay(5)) {
      const left = await this.#countDue();
      if (this.#failure) throw this.#failure;
      if (left === 0) break;
      if (left < seen) movedAt = Date.now();
      if (Date.now() - movedAt > patienceMs) throw new Error(`Nothing has been renewed for ${patienceMs / 1_000} seconds; ${left} are due.`);
      seen = left;
      while (this.#running.size < workers) this.#start();
      // All by four fifths of the way, so that none is missed where much is renewed between two looks.
      const wanted = Math.min(kills, Math.floor(((due - left) / due) * kills * 1.25));
      for (let missing = wanted - this.#report.killed; missing > 0 && this.#running.size > 0; missing--) {
        this.#kill();
        this.#stop();
      }
    }
    await Promise.all([...this.#stops]);
    while (this.#running.size > 0) await delay(5);
    if (this.#failure) throw this.#failure;
    return this.#report;
  }

  async end(): Promise<void> {
    const left = [...this.#running];
    for (const worker of left) worker.kill();
    await Promise.allSettled([...this.#stops, ...left.map((worker) => worker.ended)]);
  }

  #start(): void {
    const worker = new Worker(this.#options);
    this.#running.add(worker);
    void worker.ended.then(
      (end) => {
        if (end === 'FINISHED') this.#report.finished++;
      },
      (error: Error) => {
        this.#failure ??= error;
      },
    ).then(() => this.#running.delete(worker));
  }

  #kill(): void {
    const worker = any([...this.#running]);
    if (!worker) return;
    this.#report.killed++;
    this.#running.delete(worker);
    worker.kill();
  }

  /** Holds a worker for a moment, or for longer than its locks last; then it goes on as if nothing had been. */
  #stop(): void {
    const worker = any([...this.#running]);
    if (!worker) return;
    const isLong = ++this.#report.stopped % everyNthStopIsLong === 0;
    if (isLong) this.#report.stoppedLong++;
    worker.signal('SIGSTOP');
    const stop = delay(isLong ? longStopMs : Math.random() * 300).then(() => worker.signal('SIGCONT'));
    this.#stops.add(stop);
    void stop.finally(() => this.#stops.delete(stop));
  }

  async #countDue(): Promise<number> {
    const [row] = await this.#options.db.query<{ due: number }>('SELECT count(*)::integer AS due FROM subscription WHERE next_charge_at <= $1', [this.#options.asOf]);
    return row!.due;
  }
}

class Worker {
  readonly ended: Promise<'FINISHED' | 'KILLED'>;
  readonly #child: ChildProcess;
  #isKilled = false;

  constructor({ databaseUrl, asOf }: ChaosOptions) {
    const env = { PATH: process.env.PATH, NODE_ENV: 'test', DATABASE_URL: databaseUrl, AUTH_SECRET: 'a secret of the tests, long enough', LOG_LEVEL: 'error' };
    this.#child = spawn(process.execPath, [main, 'renew', '--as-of', asOf, '--batch', '40'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream!.setEncoding('utf8').on('data', (text: string) => (output += text));
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('exit', (code) => {
        if (this.#isKilled) resolve('KILLED');
        else if (code === 0) resolve('FINISHED');
        else reject(new Error(`A worker ended with ${code}. It printed:\n${output}`));
      });
    });
  }

  kill(): void {
    this.#isKilled = true;
    this.#child.kill('SIGKILL');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

function any<T>(all: readonly T[]): T | undefined {
  return all[Math.floor(Math.random() * all.length)];
}
