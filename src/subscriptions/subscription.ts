import { defineEntity, p } from '@mikro-orm/core';
import type { BillingInterval, BillingPeriod, Schedule } from './periods.ts';

/** CANCELING lasts until the end of what was paid for; ENDED is for ever. */
export const subscriptionStatuses = ['ACTIVE', 'PAST_DUE', 'PAUSED', 'CANCELING', 'ENDED'] as const;
export type SubscriptionStatusName = (typeof subscriptionStatuses)[number];

/** What goes on in another way after the end of the paid period. */
export type PendingChange =
  | { readonly kind: 'DOWNGRADE'; readonly tierId: string | null; readonly amountMicros: bigint; readonly interval: BillingInterval }
  | { readonly kind: 'PAUSE'; readonly until: Date | null };

/** What takes effect at the end of the paid period. `beneath` a cancellation is what had been asked for before, and waits again once it is taken back. */
export type Pending = PendingChange | { readonly kind: 'CANCEL'; readonly beneath: PendingChange | null };

/** The downgrade or pause that was asked for, whether or not a cancellation lies over it. */
export function askedChange(pending: Pending | null): PendingChange | null {
  return pending?.kind === 'CANCEL' ? pending.beneath : pending;
}

/** What somebody pays each interval: a tier at the price they accepted, or an amount of their own. */
export interface Plan {
  /** Null for an amount of one's own. */
  readonly tierId: string | null;
  readonly amountMicros: bigint;
  readonly interval: BillingInterval;
}

/**
 * A micro-subscription. Its schedule (anchor, anchorIndex, interval) says when every period is; `periodIndex`, `periodStart` and
 * `periodEnd` are the last period that has a row: the one paid for, or the last paused or skipped one after a pause has ended.
 */
export interface Subscription extends Schedule, Plan {
  readonly id: string;
  readonly personId: string;
  readonly creatorId: string;
  readonly currency: string;
  readonly status: SubscriptionStatusName;
  readonly startedAt: Date;
  /** Since when the plan is what it is: when the change was made, by the server's clock, or the period's end that it waited for. */
  readonly planSince: Date;
  readonly periodIndex: number;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  /** When the renewal run has to look at it: the period's end, the next try while PAST_DUE, the end of a pause; null for never. */
  readonly nextChargeAt: Date | null;
  /** When the owed period was first tried in vain; null unless PAST_DUE. */
  readonly pastDueSince: Date | null;
  readonly failedAttempts: number;
  readonly accessUntil: Date;
  readonly pausedUntil: Date | null;
  readonly pending: Pending | null;
  readonly endedAt: Date | null;
  /** How many charge rows it has. */
  readonly chargeCount: number;
}

/** How many hours benefits outlast a period after which nothing could be taken: about a tenth of it, so that nobody lives off them. */
export const GRACE_HOURS: Readonly<Record<BillingInterval, number>> = { DAY: 2, WEEK: 16, MONTH: 72, YEAR: 72 };

/** The same as a clause of a sentence for people. */
export const GRACE_TEXT = `${GRACE_HOURS.DAY} hours when paid by the day, ${GRACE_HOURS.WEEK} by the week, ${GRACE_HOURS.MONTH} by the month or year`;

/** The last period that has a row. */
export function currentPeriod({ periodIndex, periodStart, periodEnd }: Subscription): BillingPeriod {
  return { index: periodIndex, start: periodStart, end: periodEnd };
}

/** Whether it holds its places and counts as a member: all but ENDED. */
export function isLive({ status }: Pick<Subscription, 'status'>): boolean {
  return status !== 'ENDED';
}

export const SubscriptionEntity = defineEntity({
  name: 'Subscription',
  tableName: 'subscription',
  properties: {
    id: p.uuid().primary(),
    personId: p.uuid(),
    creatorId: p.uuid(),
    tierId: p.uuid().nullable(),
    currency: p.text(),
    amountMicros: p.bigint('bigint'),
    interval: p.text().$type<BillingInterval>(),
    status: p.text().$type<SubscriptionStatusName>(),
    idempotencyKey: p.text(),
    inputHash: p.blob(),
    startedAt: p.datetime(),
    planSince: p.datetime(),
    anchor: p.datetime(),
    anchorIndex: p.integer(),
    periodIndex: p.integer(),
    periodStart: p.datetime(),
    periodEnd: p.datetime(),
    nextChargeAt: p.datetime().nullable(),
    pastDueSince: p.datetime().nullable(),
    failedAttempts: p.integer().defaultRaw('0'),
    accessUntil: p.datetime(),
    pausedUntil: p.datetime().nullable(),
    pendingKind: p.text().$type<Pending['kind']>().nullable(),
    pendingTierId: p.uuid().nullable(),
    pendingAmountMicros: p.bigint('bigint').nullable(),
    pendingInterval: p.text().$type<BillingInterval>().nullable(),
    pendingPausedUntil: p.datetime().nullable(),
    pendingBeneath: p.text().$type<PendingChange['kind']>().nullable(),
    endedAt: p.datetime().nullable(),
    chargeCount: p.integer().defaultRaw('0'),
  },
});
