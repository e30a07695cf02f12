import { grossUp, isWholeSteps, MICROS_PER_UNIT, money, subtract, unitScaleOf, type Money } from '../money/room.ts';
import type { Rail } from '../payments/room.ts';

/** Who pays what the card's processor takes of a top-up (TOP_UP_FEE). */
export type FeePayer = 'fan' | 'platform';

/** The most that one top-up may bring to a wallet, in micros: 10,000 of the currency's major unit, more where that is worth little. */
export function largestTopUpMicros(currency: string): bigint {
  return 10_000n * MICROS_PER_UNIT * unitScaleOf(currency);
}

/** What a top-up costs: charged = amount + processorFee. */
export interface TopUpQuote {
  readonly amount: Money;
  readonly charged: Money;
  readonly processorFee: Money;
}

export type QuoteOutcome =
  | { readonly kind: 'QUOTED'; readonly quote: TopUpQuote }
  | { readonly kind: 'CURRENCY_NOT_TAKEN'; readonly currency: string }
  | { readonly kind: 'AMOUNT_OUT_OF_RANGE'; readonly minimum: Money; readonly maximum: Money }
  | { readonly kind: 'NOT_WHOLE_STEPS'; readonly step: Money };

/**
 * Prices a top-up by what the rail takes of the currency (null: none of it). A fan who pays the fee is charged the smallest amount
 * that leaves the top-up after it; otherwise the card pays the amount itself and the platform bears the fee.
 */
export function quoteTopUp(amount: Money, rail: Rail | null, feePayer: FeePayer): QuoteOutcome {
  const { micros, currency } = amount;
  if (!rail) return { kind: 'CURRENCY_NOT_TAKEN', currency };
  const largestMicros = largestTopUpMicros(currency);
  if (micros < rail.minimumMicros || micros > largestMicros) {
    return { kind: 'AMOUNT_OUT_OF_RANGE', minimum: money(rail.minimumMicros, currency), maximum: money(largestMicros, currency) };
  }
  if (!isWholeSteps(micros, rail.stepMicros)) return { kind: 'NOT_WHOLE_STEPS', step: money(rail.stepMicros, currency) };
  const charged = feePayer === 'fan' ? money(grossUp(micros, rail), currency) : amount;
  return { kind: 'QUOTED', quote: { amount, charged, processorFee: subtract(charged, amount) } };
}
