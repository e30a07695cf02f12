/** Where a payment that was made once can stand. */
export type PaidStatus = 'SUCCEEDED' | 'PARTIALLY_REFUNDED' | 'REFUNDED' | 'DISPUTED';

/** For SQL texts: the statuses of what was paid, whatever became of it since. */
export const paidStatusList = `('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'DISPUTED')`;

/** The status that follows from what became of a payment: a dispute stands over all else, until it is won. */
export function paidStatus(payment: { readonly paidMicros: bigint; readonly refundedMicros: bigint; readonly isDisputed: boolean }): PaidStatus {
  const { paidMicros, refundedMicros, isDisputed } = payment;
  if (isDisputed) return 'DISPUTED';
  if (refundedMicros === 0n) return 'SUCCEEDED';
  return refundedMicros < paidMicros ? 'PARTIALLY_REFUNDED' : 'REFUNDED';
}

export function wasPaid(status: string): status is PaidStatus {
  return status === 'SUCCEEDED' || status === 'PARTIALLY_REFUNDED' || status === 'REFUNDED' || status === 'DISPUTED';
}
