import type { ProviderTotals } from '../port.ts';
import type { Desk } from './desk.ts';

/** What crossed the border on one day in one currency. */
export async function readTotals({ db }: Desk, day: string, currency: string): Promise<ProviderTotals> {
  const [totals] = await db.query<ProviderTotals>(
    `SELECT charged.amount AS "chargedMicros", charged.fee AS "feeMicros", refunded.amount AS "refundedMicros", paid.amount AS "paidOutMicros"
     FROM
       (SELECT coalesce(sum(amount_micros), 0)::bigint AS amount, coalesce(sum(fee_micros), 0)::bigint AS fee FROM sandbox_charge
        WHERE currency = $2 AND charged_at >= $1::date AND charged_at < $1::date + 1) charged,
       (SELECT coalesce(sum(amount_micros), 0)::bigint AS amount FROM sandbox_refund
        WHERE currency = $2 AND decline_code IS NULL AND created_at >= $1::date AND created_at < $1::date + 1) refunded,
       (SELECT coalesce(sum(amount_micros), 0)::bigint AS amount FROM sandbox_payout
        WHERE currency = $2 AND status = 'SUCCEEDED' AND paid_at >= $1::date AND paid_at < $1::date + 1) paid`,
    [day, currency],
  );
  return totals as ProviderTotals;
}
