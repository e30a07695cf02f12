import { service } from './services.ts';

/** Where every rule takes its time from, so that tests and `--as-of` can move it. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

export const clockService = service<Clock>('clock', () => systemClock);
