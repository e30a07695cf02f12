import type { Clock } from '../database/room.ts';

/** A clock that is set by hand: the demo's past is written through the same rules as the present. */
export class DemoClock implements Clock {
  #now = new Date();

  now(): Date {
    return this.#now;
  }

  set(now: Date): void {
    this.#now = now;
  }
}
