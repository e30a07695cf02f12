import { setTimeout as delay } from 'node:timers/promises';
import type { StateFeed } from './feed.ts';
import type { LiveOperation } from './live-operation.ts';
import type { Onlooker, Runner } from './runner.ts';

/** A state is shown at most so often: ten times a second looks like always. */
const showEveryMs = 100;

/** What changes a state without moving its stream, such as a new title, shows within this. */
const lookEveryMs = 5_000;

export interface StateGroupParts {
  readonly feed: StateFeed;
  readonly runner: Runner;
  readonly onlooker: Onlooker;
  /** Throws when the onlooker may not look, or may no longer. */
  readonly judge: () => Promise<void>;
  /** Opens the ticks of the feed's stream. */
  readonly watch: () => Promise<AsyncIterableIterator<bigint>>;
  readonly fail: (operation: LiveOperation, error: unknown) => void;
}

/** The sockets that watch one state through one operation: it is read and executed once for all, and sent to whom it is news. */
export class StateGroup {
  readonly #parts: StateGroupParts;
  /** With the last payload each was sent. */
  readonly #members = new Map<LiveOperation, string | null>();
  #ticks: Promise<AsyncIterableIterator<bigint>> | undefined;
  #look: NodeJS.Timeout | undefined;
  #isStale = false;
  #refreshing = false;

  constructor(parts: StateGroupParts) {
    this.#parts = parts;
  }

  async add(operation: LiveOperation): Promise<void> {
    this.#members.set(operation, null);
    operation.onEnd(() => {
      this.#members.delete(operation);
      if (this.#members.size === 0) this.#close();
    });
    // Ticks first and the state second: a change between the two then shows.
    await this.#open();
    this.#refresh();
  }

  #open(): Promise<unknown> {
    if (!this.#ticks) {
      const ticks = this.#parts.watch();
      this.#ticks = ticks;
      this.#look = setInterval(() => this.#refresh(), lookEveryMs);
      this.#follow(ticks).catch((error: unknown) => {
        if (this.#ticks === ticks) this.#failAll(error);
      });
    }
    return this.#ticks;
  }

  #close(): void {
    clearInterval(this.#look);
    void this.#ticks?.then((ticks) => ticks.return?.(), () => {});
    this.#ticks = undefined;
  }

  async #follow(ticks: Promise<AsyncIterableIterator<bigint>>): Promise<void> {
    for await (const _ of await ticks) this.#refresh();
  }

  #refresh(): void {
    this.#isStale = true;
    if (this.#refreshing) return;
    this.#refreshing = true;
    this.#showWhileStale().catch((error: unknown) => this.#failAll(error));
  }

  async #showWhileStale(): Promise<void> {
    const { feed, runner, onlooker, judge } = this.#parts;
    try {
      while (this.#isStale && this.#members.size > 0) {
        this.#isStale = false;
        await judge();
        this.#show(await runner.run(await feed.read(runner.sharedContext()), onlooker));
        await delay(showEveryMs);
      }
    } finally {
      this.#refreshing = false;
    }
  }

  #show(payload: string): void {
    for (const [operation, last] of this.#members) {
      if (payload === last) continue;
      this.#members.set(operation, payload);
      operation.send(payload);
    }
  }

  #failAll(error: unknown): void {
    for (const operation of [...this.#members.keys()]) this.#parts.fail(operation, error);
  }
}
