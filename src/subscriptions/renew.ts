import { stepTo, type Advanced } from './advance.ts';
import type { BillingPeriod } from './periods.ts';

/**
 * The step that a paid renewal takes: `period` is charged and becomes the current one, whatever was missed before it having been added
 * to `advanced.periods` as SKIPPED. It ends PAST_DUE, and access lasts to the period's end.
 */
export function renewTo(advanced: Advanced, period: BillingPeriod, now: Date): Advanced {
  const { subscription } = advanced;
  return stepTo(advanced, 'RENEWED', now, {
    ...subscription,
    status: 'ACTIVE',
    periodIndex: period.index,
    periodStart: period.start,
    periodEnd: period.end,
    nextChargeAt: period.end,
    accessUntil: period.end,
    pastDueSince: null,
    failedAttempts: 0,
  }, [{ ...period, state: 'CHARGED' }]);
}
