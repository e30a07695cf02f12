import type { Money } from '../money/room.ts';
import { indexAt, intervalEnd, periodAt, type BillingInterval, type BillingPeriod } from './periods.ts';
import type { Plan, Subscription } from './subscription.ts';

/** How long a price that was shown can be charged, in minutes. */
export const PRICE_HOLDS_MINUTES = 15;

const priceHoldsMs = PRICE_HOLDS_MINUTES * 60_000;

/** A plan with the name that a price's lines give it. */
export interface NamedPlan extends Plan {
  readonly name: string;
}

/**
 * START begins a subscription, NOW keeps the running period, RESTART begins a new one now, RENEW pays for the one that is due,
 * AT_PERIOD_END waits and charges nothing.
 */
export type PriceEffect = 'START' | 'NOW' | 'RESTART' | 'RENEW' | 'AT_PERIOD_END';

/** What a subscription or a change of one costs, computed for one moment. */
export interface Price {
  readonly effect: PriceEffect;
  readonly dueNowMicros: bigint;
  readonly effectiveAt: Date;
  readonly nextCharge: { readonly amountMicros: bigint; readonly at: Date };
  /** They sum to what is due. */
  readonly lines: readonly PriceLine[];
  readonly pricedAt: Date;
  /** Until then, exclusive, exactly this can be charged. */
  readonly validUntil: Date;
}

export interface PriceLine {
  readonly label: string;
  readonly amountMicros: bigint;
}

/** What somebody was shown before, as far as they send it back. */
export interface ShownPrice {
  readonly expectedDueNow: Money | null;
  readonly pricedAt: Date | null;
}

/** Why a price that was shown is charged no more. `OTHER_PERIOD` and `BEFORE_CHANGE` are of changes alone. */
export type PriceFault = 'IN_FUTURE' | 'TOO_OLD' | 'OTHER_PERIOD' | 'BEFORE_CHANGE' | 'OTHER_AMOUNT';

/** The price of a new subscription: its first period. */
export function priceStart(plan: NamedPlan, pricedAt: Date): Price {
  return {
    effect: 'START',
    dueNowMicros: plan.amountMicros,
    effectiveAt: pricedAt,
    nextCharge: { amountMicros: plan.amountMicros, at: intervalEnd(pricedAt, plan.interval) },
    lines: [{ label: `${plan.name}: the first ${nouns[plan.interval]}`, amountMicros: plan.amountMicros }],
    pricedAt,
    validUntil: new Date(pricedAt.getTime() + priceHoldsMs),
  };
}

/**
 * The price of changing a subscription, which the clock has been applied to, at `pricedAt`: a moment in its running period, or any
 * later one while its renewal is due. With r of the period's T whole seconds left, a dearer plan of the same interval costs
 * floor(new × r/T) − floor(old × r/T), and one of another interval new − floor(old × r/T). What would cost less than nothing waits for
 * the period's end, so nothing is ever owed to the fan. While the renewal is due a dearer plan pays for the whole period that is due:
 * nobody has it on credit.
 */
export function priceChange(subscription: Subscription, from: NamedPlan, to: NamedPlan, pricedAt: Date): Price {
  const { periodStart, periodEnd } = subscription;
  const credit = floorShare(from.amountMicros, subscription, pricedAt);
  const unused = { label: `${from.name}: the unused rest of the ${nouns[from.interval]}`, amountMicros: -credit };
  const times = { pricedAt, validUntil: validUntil(subscription, pricedAt) };
  const later = { ...times, effect: 'AT_PERIOD_END' as const, dueNowMicros: 0n, effectiveAt: periodEnd, nextCharge: { amountMicros: to.amountMicros, at: periodEnd }, lines: [] };
  if (to.interval !== from.interval) {
    const dueNowMicros = to.amountMicros - credit;
    if (dueNowMicros <= 0n) return later;
    // A period lasts a millisecond at least, also where somebody changes in the very one in which it began.
    const effectiveAt = pricedAt > periodStart ? pricedAt : new Date(periodStart.getTime() + 1);
    const first = { label: `${to.name}: the first ${nouns[to.interval]}`, amountMicros: to.amountMicros };
    const nextCharge = { amountMicros: to.amountMicros, at: intervalEnd(effectiveAt, to.interval) };
    return { ...times, effect: 'RESTART', dueNowMicros, effectiveAt, nextCharge, lines: withoutZeros([first, unused]) };
  }
  if (to.amountMicros < from.amountMicros) return later;
  if (to.amountMicros > from.amountMicros && pricedAt >= periodEnd) {
    const lines = [{ label: `${to.name}: the ${nouns[to.interval]} that is due`, amountMicros: to.amountMicros }];
    const nextCharge = { amountMicros: to.amountMicros, at: periodAround(subscription, pricedAt).end };
    return { ...times, effect: 'RENEW', dueNowMicros: to.amountMicros, effectiveAt: pricedAt, nextCharge, lines };
  }
  const rest = { label: `${to.name}: the rest of the ${nouns[to.interval]}`, amountMicros: floorShare(to.amountMicros, subscription, pricedAt) };
  const dueNowMicros = rest.amountMicros - credit;
  return { ...later, effect: 'NOW', dueNowMicros, effectiveAt: pricedAt, lines: dueNowMicros > 0n ? withoutZeros([rest, unused]) : [] };
}

/** Whether a price that was computed for `pricedAt` may be charged at `now`. */
export function isStillPriced(pricedAt: Date, now: Date): boolean {
  return pricedAt <= now && now.getTime() - pricedAt.getTime() < priceHoldsMs;
}

/** Whether two moments lie in the same period of a subscription that the clock has been applied to, or both after its end. */
export function inSamePeriod(subscription: Subscription, pricedAt: Date, now: Date): boolean {
  const { periodStart, periodEnd } = subscription;
  if (pricedAt < periodStart) return false;
  return pricedAt < periodEnd === now < periodEnd && indexAt(subscription, pricedAt) === indexAt(subscription, now);
}

/** The whole micros of an amount's share for the whole seconds that are left of the period; nothing once it is over. */
function floorShare(amountMicros: bigint, { periodStart, periodEnd }: Subscription, at: Date): bigint {
  const total = wholeSeconds(periodStart, periodEnd);
  const left = wholeSeconds(at, periodEnd);
  if (total === 0n || left <= 0n) return 0n;
  return (amountMicros * (left < total ? left : total)) / total;
}

function wholeSeconds(from: Date, to: Date): bigint {
  return BigInt(Math.floor((to.getTime() - from.getTime()) / 1000));
}

function validUntil(subscription: Subscription, pricedAt: Date): Date {
  const held = new Date(pricedAt.getTime() + priceHoldsMs);
  const { end } = periodAround(subscription, pricedAt);
  return end < held ? end : held;
}

/** The period that a moment lies in: the running one, or after it the one that is due. */
export function periodAround(subscription: Subscription, at: Date): BillingPeriod {
  const { periodIndex: index, periodStart: start, periodEnd: end } = subscription;
  return at < end ? { index, start, end } : periodAt(subscription, indexAt(subscription, at));
}

function withoutZeros(lines: readonly PriceLine[]): PriceLine[] {
  return lines.filter(({ amountMicros }) => amountMicros !== 0n);
}

const nouns: Record<BillingInterval, string> = { DAY: 'day', WEEK: 'week', MONTH: 'month', YEAR: 'year' };
