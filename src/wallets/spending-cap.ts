import { defineEntity, p } from '@mikro-orm/core';
import { daysOf, Period } from '../api/room.ts';

/** What a person spent on one day in UTC and in one currency: tips and charges, before fees. */
export const SpendingDayEntity = defineEntity({
  name: 'SpendingDay',
  tableName: 'spending_day',
  properties: {
    personId: p.uuid().primary(),
    currency: p.text().primary(),
    day: p.string().columnType('date').primary(),
    spentMicros: p.bigint('bigint'),
  },
});

/** A cap as it is stored. One that has been lifted keeps its row until it is set again: its `pendingAt` has passed. */
export const SpendingCapEntity = defineEntity({
  name: 'SpendingCap',
  tableName: 'spending_cap',
  properties: {
    personId: p.uuid().primary(),
    currency: p.text().primary(),
    period: p.text().$type<CapPeriod>().primary(),
    limitMicros: p.bigint('bigint'),
    /** Null beside a `pendingAt`: the cap is to be lifted. */
    pendingLimitMicros: p.bigint('bigint').nullable(),
    pendingAt: p.datetime().columnType('timestamptz').nullable(),
  },
});

/** What a cap can be of: calendar periods in UTC, weeks from Monday. */
export type CapPeriod = Exclude<Period, Period.ALL_TIME>;

/** From the shortest to the longest. */
export const capPeriods: readonly CapPeriod[] = [Period.DAY, Period.WEEK, Period.MONTH, Period.YEAR];

/** A cap's limit, and the higher one that waits. */
export interface CapLimit {
  readonly limitMicros: bigint;
  /** Its limit is null when the cap is to be lifted. */
  readonly pending: { readonly limitMicros: bigint | null; readonly at: Date } | null;
}

/** How long a higher limit waits, so that nobody raises a cap in the moment against which they set it. */
export const capRaiseWaitMs = 24 * 3_600_000;

/** The cap that is in force at a moment: what waited until then has taken effect. Null when it was lifted. */
export function capAt(cap: CapLimit | null, now: Date): CapLimit | null {
  if (!cap?.pending || cap.pending.at > now) return cap;
  const { limitMicros } = cap.pending;
  return limitMicros === null ? null : { limitMicros, pending: null };
}

/**
 * The cap after its owner asked for another limit, null for none. A lower limit, or the present one, holds at once and drops what
 * waited; a higher one waits 24 hours from now, unless the same one waits already.
 */
export function changeCap(stored: CapLimit | null, limitMicros: bigint | null, now: Date): CapLimit | null {
  const cap = capAt(stored, now);
  if (!cap) return limitMicros === null ? null : { limitMicros, pending: null };
  if (limitMicros !== null && limitMicros <= cap.limitMicros) return { limitMicros, pending: null };
  if (cap.pending?.limitMicros === limitMicros) return cap;
  return { limitMicros: cap.limitMicros, pending: { limitMicros, at: new Date(now.getTime() + capRaiseWaitMs) } };
}

/** When the period that `now` lies in ends. */
export function capResetsAt(period: CapPeriod, now: Date): Date {
  return new Date(`${daysOf(period, now).endsBefore}T00:00:00.000Z`);
}
