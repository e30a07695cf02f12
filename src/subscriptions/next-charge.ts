import type { Subscription } from './subscription.ts';

export interface ScheduledCharge {
  readonly amountMicros: bigint;
  readonly at: Date;
}

/** Exactly what will be taken next, and when, should nobody change anything; null when nothing will be. */
export function nextCharge({ status, amountMicros, nextChargeAt, pausedUntil, pending }: Subscription): ScheduledCharge | null {
  if (status === 'PAUSED') return pausedUntil && { amountMicros, at: pausedUntil };
  if (nextChargeAt === null || pending?.kind === 'CANCEL') return null;
  if (pending?.kind === 'PAUSE') return pending.until && { amountMicros, at: pending.until };
  return { amountMicros: pending ? pending.amountMicros : amountMicros, at: nextChargeAt };
}
