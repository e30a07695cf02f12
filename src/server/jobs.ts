import type { Job, Services } from '../database/room.ts';
import type { Log } from './log.ts';

/** Runs rooms' jobs on timers: each with some jitter, so that processes do not march in step, and never beside itself. */
export class JobRunner {
  readonly #services: Services;
  readonly #log: Log;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(services: Services, log: Log) {
    this.#services = services;
    this.#log = log;
  }

  start(jobs: readonly Job[]): void {
    for (const job of jobs) this.#schedule(job);
  }

  /** Starts nothing more, asks what runs to end, and waits for it. */
  async stop(): Promise<void> {
    this.#stop.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#running);
  }

  #schedule(job: Job): void {
    if (this.#stop.signal.aborted) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const run = this.#run(job).finally(() => {
        this.#running.delete(run);
        this.#schedule(job);
      });
      this.#running.add(run);
    }, job.everyMs * (0.9 + Math.random() * 0.2));
    timer.unref();
    this.#timers.add(timer);
  }

  async #run(job: Job): Promise<void> {
    try {
      await job.run(this.#services, this.#stop.signal);
    } catch (error) {
      this.#log.error({ err: error, job: job.name }, 'A job failed; it runs again at its next time.');
    }
  }
}
