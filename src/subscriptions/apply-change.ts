import { advanceFurther, lastPeriod, stepTo, undecidedPeriods, type Advanced } from './advance.ts';
import type { ChargeKind } from './charge.ts';
import type { BillingPeriod } from './periods.ts';
import { periodAround, type Price } from './pricing.ts';
import type { Plan } from './subscription.ts';

/** What a change does, before any money has moved for it. */
export interface AppliedChange {
  readonly advanced: Advanced;
  /** What is to be charged first; null when nothing is due. */
  readonly due: { readonly kind: ChargeKind; readonly periodIndex: number; readonly amountMicros: bigint } | null;
  readonly cut?: { readonly index: number; readonly end: Date };
}

/** Applies a priced change of plan to a subscription that the clock has been applied to. Pure: it charges nothing. */
export function applyChange(advanced: Advanced, to: Plan, price: Price, now: Date): AppliedChange {
  const { subscription } = advanced;
  const plan = { tierId: to.tierId, amountMicros: to.amountMicros, interval: to.interval };
  switch (price.effect) {
    case 'AT_PERIOD_END': {
      const waiting = { ...subscription, pending: { kind: 'DOWNGRADE' as const, ...plan } };
      // While a renewal is due the period's end is over already.
      return { advanced: advanceFurther({ ...advanced, subscription: waiting }, now), due: null };
    }
    case 'RESTART':
    case 'RENEW':
      return beginPeriod(advanced, plan, price, now);
    default: {
      const isSame = plan.tierId === subscription.tierId && plan.amountMicros === subscription.amountMicros;
      const { dueNowMicros: amountMicros } = price;
      const due = amountMicros > 0n ? { kind: 'PRORATION' as const, periodIndex: subscription.periodIndex, amountMicros } : null;
      const kept = { ...subscription, pending: null };
      return { advanced: isSame ? { ...advanced, subscription: kept } : stepTo(advanced, 'CHANGED', now, { ...kept, ...plan, planSince: now }), due };
    }
  }
}

/**
 * Begins the period that the change pays for. RENEW begins the one that is due, on its schedule; RESTART one at the price's moment with
 * a new schedule: the running period ends there. One that is over leaves a gap to fill.
 */
function beginPeriod(advanced: Advanced, plan: Plan, { effect, effectiveAt, nextCharge, dueNowMicros }: Price, now: Date): AppliedChange {
  const { subscription } = advanced;
  const start = effect === 'RENEW' ? periodAround(subscription, effectiveAt).start : effectiveAt;
  const missed = undecidedPeriods(subscription, start, 'SKIPPED');
  const index = lastPeriod(subscription, missed).periodIndex + 1;
  const period: BillingPeriod = { index, start, end: nextCharge.at };
  const schedule = effect === 'RENEW' ? {} : { anchor: start, anchorIndex: index };
  const changed = {
    ...subscription, ...plan, ...lastPeriod(subscription, [period]), ...schedule,
    planSince: now, pending: null, nextChargeAt: period.end, accessUntil: period.end,
  };
  return {
    advanced: stepTo(advanced, 'CHANGED', now, changed, [...missed, { ...period, state: 'CHARGED' }]),
    due: { kind: 'PERIOD', periodIndex: index, amountMicros: dueNowMicros },
    cut: start < subscription.periodEnd ? { index: subscription.periodIndex, end: start } : undefined,
  };
}
