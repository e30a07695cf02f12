import type { Interval } from '../api/room.ts';

/** How often a micro-subscription is paid, as it is stored. */
export type BillingInterval = `${Interval}`;

/**
 * What every period follows from: the one that begins at `anchor` has the index `anchorIndex`. Nothing is ever computed from the
 * period before, so nothing drifts.
 */
export interface Schedule {
  readonly anchor: Date;
  readonly anchorIndex: number;
  readonly interval: BillingInterval;
}

/** `start` is in the period, `end` is the start of the next one. */
export interface BillingPeriod {
  readonly index: number;
  readonly start: Date;
  readonly end: Date;
}

const dayMs = 86_400_000;

/** The period of an index, which may lie before the anchor. In UTC; a month without the anchor's day ends it: Jan 31, Feb 28, Mar 31. */
export function periodAt(schedule: Schedule, index: number): BillingPeriod {
  return { index, start: startOf(schedule, index), end: startOf(schedule, index + 1) };
}

/** The index of the period that a moment lies in. */
export function indexAt(schedule: Schedule, at: Date): number {
  const guess = schedule.anchorIndex + roughly(schedule, at);
  // A clamped month end can only have moved the true start before the one guessed from the calendar, never past it by a whole period.
  return startOf(schedule, guess).getTime() > at.getTime() ? guess - 1 : guess;
}

/** The end of one interval that begins at a moment. */
export function intervalEnd(anchor: Date, interval: BillingInterval): Date {
  return startOf({ anchor, anchorIndex: 0, interval }, 1);
}

function startOf({ anchor, anchorIndex, interval }: Schedule, index: number): Date {
  const count = index - anchorIndex;
  switch (interval) {
    case 'DAY':
      return new Date(anchor.getTime() + count * dayMs);
    case 'WEEK':
      return new Date(anchor.getTime() + count * 7 * dayMs);
    case 'MONTH':
      return addMonths(anchor, count);
    case 'YEAR':
      return addMonths(anchor, count * 12);
  }
}

function addMonths(anchor: Date, months: number): Date {
  const moved = new Date(anchor);
  // The first of a month always exists: setUTCMonth on the 31st would run over into the month after.
  moved.setUTCDate(1);
  moved.setUTCMonth(moved.getUTCMonth() + months);
  const lastDay = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate();
  moved.setUTCDate(Math.min(anchor.getUTCDate(), lastDay));
  return moved;
}

/** How many intervals lie between, by whole days or by the calendar's months: right, or one too many. */
function roughly({ anchor, interval }: Schedule, at: Date): number {
  const days = (at.getTime() - anchor.getTime()) / dayMs;
  const months = (at.getUTCFullYear() - anchor.getUTCFullYear()) * 12 + at.getUTCMonth() - anchor.getUTCMonth();
  switch (interval) {
    case 'DAY':
      return Math.floor(days);
    case 'WEEK':
      return Math.floor(days / 7);
    case 'MONTH':
      return months;
    case 'YEAR':
      return at.getUTCFullYear() - anchor.getUTCFullYear();
  }
}
