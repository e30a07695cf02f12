import { advanceFurther, lastPeriod, stepTo, undecidedPeriods, type Advanced } from './advance.ts';
import type { ChargeKind } from './charge.ts';
import type { BillingPeriod } from './periods.ts';
import type { Price } from './pricing.ts';
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
      return restart(advanced, plan, price, now);
    default: {
      const isSame = plan.tierId === subscription.tierId && plan.amountMicros === subscription.amountMicros;
      const { dueNowMicros: amountMicros } = price;
      const due = amountMicros > 0n ? { kind: 'PRORATION' as const, periodIndex: subscription.periodIndex, amountMicros } : null;
      const kept = { ...subscription, pending: null };
      return { advanced: isSame ? { ...advanced, subscription: kept } : stepTo(advanced, 'CHANGED', now, { ...kept, ...plan, planSince: now }), due };
    }
  }
}

/** Begins a new period and a new schedule at the price's moment: the running period ends there, and one that is over left a gap to fill. */
function restart(advanced: Advanced, plan: Plan, { effectiveAt: anchor, nextCharge, dueNowMicros }: Price, now: Date): AppliedChange {
  const { subscription } = advanced;
  const missed = undecidedPeriods(subscription, anchor, 'SKIPPED');
  const index = lastPeriod(subscription, missed).periodIndex + 1;
  const period: BillingPeriod = { index, start: anchor, end: nextCharge.at };
  const changed = {
    ...subscription, ...plan, ...lastPeriod(subscription, [period]),
    planSince: now, pending: null, anchor, anchorIndex: index, nextChargeAt: period.end, accessUntil: period.end,
  };
  return {
    advanced: stepTo(advanced, 'CHANGED', now, changed, [...missed, { ...period, state: 'CHARGED' }]),
    due: { kind: 'PERIOD', periodIndex: index, amountMicros: dueNowMicros },
    cut: anchor < subscription.periodEnd ? { index: subscription.periodIndex, end: anchor } : undefined,
  };
}
