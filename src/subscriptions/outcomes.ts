import type { Money } from '../money/room.ts';
import type { ChargeRefusal } from './charging.ts';
import type { Price, PriceFault, ShownPrice } from './pricing.ts';
import type { Subscription, SubscriptionStatusName } from './subscription.ts';

/** What a plan that was asked for may fail on. */
export type PlanRefusal =
  | { readonly kind: 'CREATOR_NOT_FOUND' }
  | { readonly kind: 'TIER_NOT_FOUND' }
  | { readonly kind: 'TIER_ARCHIVED'; readonly name: string }
  | { readonly kind: 'CURRENCY_MISMATCH'; readonly given: string; readonly expected: string; readonly of: 'amount' | 'expectedDueNow' }
  | { readonly kind: 'AMOUNT_OUT_OF_RANGE'; readonly amount: Money; readonly minimum: Money; readonly maximum: Money };

/** Every way in which a subscription's mutation is refused; nothing was written then. */
export type SubscriptionRefusal =
  | PlanRefusal
  | { readonly kind: 'PERSON_NOT_FOUND' }
  | { readonly kind: 'IDEMPOTENCY_MISMATCH' }
  | { readonly kind: 'SELF_PAYMENT' }
  | { readonly kind: 'ALREADY_SUBSCRIBED' }
  | { readonly kind: 'SUBSCRIPTION_NOT_FOUND' }
  | {
      readonly kind: 'INVALID_STATE';
      readonly status: SubscriptionStatusName;
      readonly pending: 'DOWNGRADE' | 'PAUSE' | null;
      /** Ends the sentence "… cannot be …". */
      readonly wanted: string;
      /** What is paid each interval, and owed while PAST_DUE. */
      readonly amount: Money;
    }
  | { readonly kind: 'PAUSE_TOO_SHORT'; readonly after: Date }
  | { readonly kind: 'PAUSE_TOO_LONG'; readonly latest: Date }
  | {
      readonly kind: 'PRICE_CHANGED';
      /** Of now. */
      readonly price: Price;
      readonly currency: string;
      readonly shown: ShownPrice;
      readonly fault: PriceFault;
      /** What was due at the moment that was shown, where that is what the amount is not; else null. */
      readonly thenMicros: bigint | null;
    }
  | { readonly kind: 'SOLD_OUT'; readonly name: string; readonly capacity: number }
  | { readonly kind: 'NOT_CHARGED'; readonly why: ChargeRefusal; readonly amount: Money };

export type SubscriptionOutcome = { readonly kind: 'DONE'; readonly subscription: Subscription } | SubscriptionRefusal;

export type PriceOutcome = { readonly kind: 'PRICED'; readonly price: Price; readonly currency: string } | SubscriptionRefusal;
