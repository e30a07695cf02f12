import {
  endAt, GRACE_HOURS, indexAt, periodAt, renewTo, stepTo, undecidedPeriods,
  type Advanced, type BillingPeriod, type DecidedPeriod, type Subscription,
} from '../subscriptions/room.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** After how many days since the first failure what is owed is tried again. When the last try fails, the subscription ends. */
export const RETRY_DAYS: readonly number[] = [1, 3, 5, 7];

/** What a subscription owes. */
export interface Owed {
  readonly period: BillingPeriod;
  /** Earlier ones that nobody will ever pay for. */
  readonly missed: readonly DecidedPeriod[];
}

/**
 * What an advanced subscription owes at `now`, or null. Of several periods that are due it is the current one, so that nobody pays for
 * months in one night; `catchUp` asks for them one by one. Who is past due was asked in time, and never pays for more than the current.
 */
export function owedBy(subscription: Subscription, now: Date, { catchUp }: { readonly catchUp: boolean }): Owed | null {
  const { status, periodEnd, periodIndex } = subscription;
  if ((status !== 'ACTIVE' && status !== 'PAST_DUE') || periodEnd > now) return null;
  const oneByOne = catchUp && status === 'ACTIVE';
  const period = periodAt(subscription, oneByOne ? periodIndex + 1 : indexAt(subscription, now));
  return { period, missed: undecidedPeriods(subscription, period.start, 'SKIPPED') };
}

/** The subscription after what it owed was paid: on its schedule as it was, whenever that happened. */
export function paid(advanced: Advanced, { period, missed }: Owed, now: Date): Advanced {
  return renewTo({ ...advanced, periods: [...advanced.periods, ...missed] }, period, now);
}

/** The subscription after a try in vain: past due with some hours of grace, to be tried again; ended when no try is left. */
export function unpaid(advanced: Advanced, now: Date): Advanced {
  const { subscription } = advanced;
  const since = subscription.pastDueSince ?? now;
  const nextChargeAt = nextTry(since, now);
  if (nextChargeAt === null) return endAt(advanced, now);
  const after: Subscription = { ...subscription, status: 'PAST_DUE', pastDueSince: since, failedAttempts: subscription.failedAttempts + 1, nextChargeAt };
  if (subscription.status === 'PAST_DUE') return { ...advanced, subscription: after };
  return stepTo(advanced, 'PAST_DUE', now, { ...after, accessUntil: graceOf(subscription) });
}

/** The first of the tries that lies after `now`; null when none is left. Those that a downtime has passed over are not made up for. */
export function nextTry(since: Date, now: Date): Date | null {
  return RETRY_DAYS.map((days) => new Date(since.getTime() + days * dayMs)).find((at) => at > now) ?? null;
}

/**
 * Who has not paid since a pause has no benefits that could be prolonged. Nobody's are prolonged by longer than they had the plan for:
 * an upgrade in a period's last minute costs next to nothing.
 */
function graceOf({ accessUntil, periodEnd, planSince, interval }: Subscription): Date {
  if (accessUntil < periodEnd) return accessUntil;
  const heldMs = Math.max(0, periodEnd.getTime() - planSince.getTime());
  return new Date(periodEnd.getTime() + Math.min(GRACE_HOURS[interval] * hourMs, heldMs));
}
