import { feeOf } from '../../money/room.ts';

/** A paid tip, and what of it still stands. */
export interface StandingTip {
  readonly feeBps: number;
  /** What has not gone back. */
  readonly leftMicros: bigint;
  /** What the platform keeps of the tip until now. */
  readonly feeKeptMicros: bigint;
}

/**
 * The platform's part of an amount that goes back: it keeps the fee of what remains, and no more, so that parts of a tip that go back
 * one after the other return what the whole would. That is fee(before) − fee(after); where a refund in between failed, single micros
 * that rounding left behind are made good. Never negative, and never above the amount.
 */
export function feeReturned({ feeBps, leftMicros, feeKeptMicros }: StandingTip, amountMicros: bigint): bigint {
  const afterMicros = amountMicros < leftMicros ? leftMicros - amountMicros : 0n;
  return feeSurplus({ feeBps, leftMicros: afterMicros, feeKeptMicros }, amountMicros);
}

/** What the platform keeps of a tip above the fee of what still stands. Never negative, and at most `mostMicros`. */
export function feeSurplus({ feeBps, leftMicros, feeKeptMicros }: StandingTip, mostMicros: bigint): bigint {
  const surplusMicros = feeKeptMicros - feeOf(leftMicros, feeBps);
  if (surplusMicros < 0n) return 0n;
  return surplusMicros < mostMicros ? surplusMicros : mostMicros;
}
