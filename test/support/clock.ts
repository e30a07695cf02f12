import type { Clock } from '../../src/database/room.ts';

/** A clock that stands still until a test moves it. */
export class TestClock implements Clock {
  #now: Date;

  constructor(start: string) {
    this.#now = new Date(start);
  }

  now(): Date {
    return this.#now;
  }

  moveTo(moment: string): void {
    this.#now = new Date(moment);
  }

  /** Moves on by some milliseconds, or back by fewer than none. */
  pass(ms: number): void {
    this.#now = new Date(this.#now.getTime() + ms);
  }
}

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;
