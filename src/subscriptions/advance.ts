import { indexAt, periodAt, type BillingPeriod } from './periods.ts';
import type { PeriodState } from './entities.ts';
import type { Subscription } from './subscription.ts';

export type TransitionKind = 'STARTED' | 'RENEWED' | 'CHANGED' | 'PAST_DUE' | 'PAUSED' | 'RESUMED' | 'CANCELED' | 'ENDED';

/** One step of a subscription's life: what the creator's stream tells, and what moves the creator's figures. */
export interface Transition {
  readonly kind: TransitionKind;
  /** When it took effect, which a late run only finds out about. */
  readonly at: Date;
  readonly before: Subscription | null;
  readonly after: Subscription;
}

/** A row of `subscription_period` to write. */
export interface DecidedPeriod extends BillingPeriod {
  readonly state: PeriodState;
}

/** A subscription with what happened to it, in order. Whoever decides on it goes on adding to this, and `writeMoves` stores it. */
export interface Advanced {
  readonly subscription: Subscription;
  readonly transitions: readonly Transition[];
  readonly periods: readonly DecidedPeriod[];
}

/**
 * Applies what the clock alone has brought by `now`: a cancellation, a pause or a downgrade at the period's end, the end of a pause.
 * Every decision starts here, so a late renewal run and a fan who acts come to one serial order. It never charges, and applied to its
 * own answer it changes nothing.
 */
export function advance(subscription: Subscription, now: Date): Advanced {
  return advanceFurther({ subscription, transitions: [], periods: [] }, now);
}

/** The same for one to which something was done since: what waits for a period's end that is over takes effect there. */
export function advanceFurther(advanced: Advanced, now: Date): Advanced {
  let reached = advanced;
  for (let next = step(reached, now); next; next = step(reached, now)) reached = next;
  return reached;
}

function step(advanced: Advanced, now: Date): Advanced | null {
  const { subscription } = advanced;
  const { status, pending, periodEnd, pausedUntil } = subscription;
  if (status === 'PAUSED') return pausedUntil && pausedUntil <= now ? resumeAt(advanced, pausedUntil) : null;
  if (!pending || periodEnd > now) return null;
  switch (pending.kind) {
    case 'CANCEL':
      return endAt(advanced, periodEnd);
    case 'PAUSE':
      return stepTo(advanced, 'PAUSED', periodEnd, {
        ...subscription, status: 'PAUSED', pending: null, pausedUntil: pending.until, nextChargeAt: pending.until,
      });
    case 'DOWNGRADE': {
      const { tierId, amountMicros, interval } = pending;
      const anew = interval === subscription.interval ? {} : { anchor: periodEnd, anchorIndex: subscription.periodIndex + 1 };
      return stepTo(advanced, 'CHANGED', periodEnd, {
        ...subscription, pending: null, tierId, amountMicros, interval, planSince: periodEnd, ...anew,
      });
    }
  }
}

/** Adds one transition to what happened already. */
export function stepTo(advanced: Advanced, kind: TransitionKind, at: Date, after: Subscription, periods: readonly DecidedPeriod[] = []): Advanced {
  const transition = { kind, at, before: advanced.subscription, after };
  return { subscription: after, transitions: [...advanced.transitions, transition], periods: [...advanced.periods, ...periods] };
}

/**
 * Ends a pause: a new anchor there, and the next renewal run charges from it. Never before the pause began, which a server whose clock is
 * behind may ask for: two periods would overlap for ever.
 */
export function resumeAt(advanced: Advanced, asked: Date): Advanced {
  const { subscription } = advanced;
  const at = asked > subscription.periodEnd ? asked : subscription.periodEnd;
  const paused = undecidedPeriods(subscription, at, 'PAUSED');
  const last = lastPeriod(subscription, paused);
  return stepTo(advanced, 'RESUMED', at, {
    ...subscription, ...last, status: 'ACTIVE', pausedUntil: null, anchor: at, anchorIndex: last.periodIndex + 1, nextChargeAt: at,
  }, paused);
}

/** Ends a subscription for ever, at a moment not before the end of its last decided period unless `pending` says CANCEL. */
export function endAt(advanced: Advanced, at: Date): Advanced {
  const { subscription } = advanced;
  const left = undecidedPeriods(subscription, at, subscription.status === 'PAUSED' ? 'PAUSED' : 'SKIPPED');
  return stepTo(advanced, 'ENDED', at, {
    ...subscription,
    ...lastPeriod(subscription, left),
    status: 'ENDED', endedAt: at, pending: null, pausedUntil: null, nextChargeAt: null, pastDueSince: null, failedAttempts: 0,
    accessUntil: subscription.accessUntil < at ? subscription.accessUntil : at,
  }, left);
}

/** The periods after the last decided one that began before a moment; the last of them is cut there. */
export function undecidedPeriods(subscription: Subscription, until: Date, state: PeriodState): DecidedPeriod[] {
  const periods: DecidedPeriod[] = [];
  if (until <= subscription.periodEnd) return periods;
  const last = indexAt(subscription, new Date(until.getTime() - 1));
  for (let index = subscription.periodIndex + 1; index <= last; index++) {
    const { start, end } = periodAt(subscription, index);
    periods.push({ index, start, end: end < until ? end : until, state });
  }
  return periods;
}

/** The fields of a subscription whose last decided period is the last of these. */
export function lastPeriod(subscription: Subscription, periods: readonly BillingPeriod[]): Pick<Subscription, 'periodIndex' | 'periodStart' | 'periodEnd'> {
  const last = periods.at(-1);
  if (!last) return { periodIndex: subscription.periodIndex, periodStart: subscription.periodStart, periodEnd: subscription.periodEnd };
  return { periodIndex: last.index, periodStart: last.start, periodEnd: last.end };
}
