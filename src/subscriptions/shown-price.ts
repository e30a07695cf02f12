import { formatMoney, money } from '../money/room.ts';
import type { SubscriptionRefusal } from './outcomes.ts';
import { inSamePeriod, isStillPriced, PRICE_HOLDS_MINUTES, type Price, type PriceFault, type ShownPrice } from './pricing.ts';
import type { Subscription } from './subscription.ts';

type PriceChanged = Extract<SubscriptionRefusal, { kind: 'PRICE_CHANGED' }>;

/**
 * Why what was priced then is not what it is now, or null. A price of before the plan was last changed would credit a dear plan for time
 * in which it was a cheap one. `subscription` is the one to change, with the clock applied to it.
 */
export function faultOfMoment(pricedAt: Date, now: Date, subscription?: Subscription): PriceFault | null {
  if (pricedAt > now) return 'IN_FUTURE';
  if (!isStillPriced(pricedAt, now)) return 'TOO_OLD';
  if (!subscription) return null;
  if (!inSamePeriod(subscription, pricedAt, now)) return 'OTHER_PERIOD';
  return pricedAt < subscription.planSince ? 'BEFORE_CHANGE' : null;
}

export type BoundPrice = { readonly kind: 'BOUND'; readonly price: Price } | SubscriptionRefusal;

/** The price to charge: of the moment that was shown, or of now where none was; or why it cannot be what was shown. Pure. */
export function bindPrice(shown: ShownPrice, currency: string, { priceAt, now, subscription }: {
  readonly priceAt: (at: Date) => Price;
  readonly now: Date;
  readonly subscription?: Subscription;
}): BoundPrice {
  const { expectedDueNow, pricedAt } = shown;
  if (expectedDueNow && expectedDueNow.currency !== currency) {
    return { kind: 'CURRENCY_MISMATCH', given: expectedDueNow.currency, expected: currency, of: 'expectedDueNow' };
  }
  const changed = (fault: PriceFault, thenMicros: bigint | null): PriceChanged => ({ kind: 'PRICE_CHANGED', price: priceAt(now), currency, shown, fault, thenMicros });
  const fault = pricedAt && faultOfMoment(pricedAt, now, subscription);
  if (fault) return changed(fault, null);
  const price = priceAt(pricedAt ?? now);
  return expectedDueNow && expectedDueNow.micros !== price.dueNowMicros ? changed('OTHER_AMOUNT', price.dueNowMicros) : { kind: 'BOUND', price };
}

/** Says to people what was sent, what is wrong with it, and what would be charged now. */
export function priceChangedText({ shown: { expectedDueNow, pricedAt }, fault, thenMicros, price, currency }: PriceChanged): string {
  const sent = [expectedDueNow && formatMoney(expectedDueNow), pricedAt && `of ${pricedAt.toISOString()}`].filter(Boolean).join(' ');
  const now = price.pricedAt.toISOString();
  const then = formatMoney(money(thenMicros ?? price.dueNowMicros, currency));
  const problems: Readonly<Record<PriceFault, string>> = {
    IN_FUTURE: `lies in the future, as it is ${now}: send the preview's pricedAt`,
    TOO_OLD: `is too old, as it is ${now}: a price holds for ${PRICE_HOLDS_MINUTES} minutes`,
    OTHER_PERIOD: 'is of a period that is over: a price holds until its period ends',
    BEFORE_CHANGE: 'is of before the plan was changed: a price holds until the plan changes',
    OTHER_AMOUNT: `is not what is due, ${then}`,
  };
  return `The price that was sent, ${sent}, ${problems[fault]}. ${formatMoney(money(price.dueNowMicros, currency))} would be due now; nothing was charged.`;
}
