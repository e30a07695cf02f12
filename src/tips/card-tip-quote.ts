import { ceilToStep, isWholeSteps, money, railFeeOf, splitFee, type Money } from '../money/room.ts';
import type { Rail } from '../payments/room.ts';

const bpsPerWhole = 10_000n;

/** What becomes of a tip by card: amount = feeMicros + processorFeeMicros + netMicros. */
export interface CardTipQuote {
  readonly feeMicros: bigint;
  /** What the card costs, by its rail. */
  readonly processorFeeMicros: bigint;
  /** What the creator gets: above zero, or there is no such tip. */
  readonly netMicros: bigint;
}

export type CardTipQuoteOutcome =
  | { readonly kind: 'QUOTED'; readonly quote: CardTipQuote }
  | { readonly kind: 'CURRENCY_NOT_TAKEN'; readonly currency: string }
  | { readonly kind: 'NOT_WHOLE_STEPS'; readonly step: Money }
  | { readonly kind: 'AMOUNT_OUT_OF_RANGE'; readonly minimum: Money; readonly maximum: Money };

/** What a creator takes, in micros. */
export interface TipRange {
  readonly tipMinimumMicros: bigint;
  readonly tipMaximumMicros: bigint;
}

/** Prices a tip by card: the amount bears the card's fee, and what is left for the creator must be something. `rail` is null where it takes none of the currency. */
export function quoteCardTip({ micros, currency }: Money, rail: Rail | null, feeBps: number, range: TipRange): CardTipQuoteOutcome {
  if (!rail) return { kind: 'CURRENCY_NOT_TAKEN', currency };
  const quote = partsOf(micros, rail, feeBps);
  if (micros < rail.minimumMicros || quote.netMicros <= 0n) {
    return { kind: 'AMOUNT_OUT_OF_RANGE', minimum: money(leastOf(rail, feeBps, range), currency), maximum: money(range.tipMaximumMicros, currency) };
  }
  if (!isWholeSteps(micros, rail.stepMicros)) return { kind: 'NOT_WHOLE_STEPS', step: money(rail.stepMicros, currency) };
  return { kind: 'QUOTED', quote };
}

/** The parts of any amount by card. What is left may be nothing, or less. */
export function partsOf(micros: bigint, rail: Rail, feeBps: number): CardTipQuote {
  const { feeMicros, netMicros } = splitFee(micros, feeBps);
  const processorFeeMicros = railFeeOf(micros, rail);
  return { feeMicros, processorFeeMicros, netMicros: netMicros - processorFeeMicros };
}

/** The smallest amount that leaves something, or what the creator takes at most where none does. */
function leastOf(rail: Rail, feeBps: number, { tipMinimumMicros, tipMaximumMicros }: TipRange): bigint {
  const keptBps = bpsPerWhole - BigInt(feeBps) - BigInt(rail.bps);
  if (keptBps <= 0n) return tipMaximumMicros;
  const floor = [tipMinimumMicros, rail.minimumMicros, (rail.fixedMicros * bpsPerWhole) / keptBps].reduce((a, b) => (a > b ? a : b));
  let least = ceilToStep(floor, rail.stepMicros);
  // Fees are rounded up to a step, so the exact figure may fall short by a few of them.
  while (least < tipMaximumMicros && partsOf(least, rail, feeBps).netMicros <= 0n) least += rail.stepMicros;
  return least < tipMaximumMicros ? least : tipMaximumMicros;
}
