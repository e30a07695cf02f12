import type { Sql } from '../../database/room.ts';
import type { DisputeStatus } from '../port.ts';
import type { Dispute, DisputedPayment } from './dispute.ts';

interface DisputeRow {
  id: string;
  provider: string;
  provider_dispute_id: string;
  tip_id: string | null;
  top_up_id: string | null;
  person_id: string | null;
  currency: string;
  amount_micros: bigint;
  provider_fee_micros: bigint;
  fee_returned_micros: bigint;
  loss_micros: bigint;
  from_refunds_micros: bigint;
  totals_micros: bigint;
  froze_account: boolean;
  reason: string;
  status: DisputeStatus;
  opened_at: Date;
}

/** A dispute by its provider's id; null before it was taken. Call it under the lock of its payment. */
export async function readDispute(tx: Sql, provider: string, providerDisputeId: string): Promise<Dispute | null> {
  const [row] = await tx.query<DisputeRow>('SELECT * FROM dispute WHERE provider = $1 AND provider_dispute_id = $2', [provider, providerDisputeId]);
  return row ? disputeOf(row) : null;
}

/** The disputes of a payment that were not won, oldest first. Call it under the lock of the payment. */
export async function readStandingDisputes(tx: Sql, payment: DisputedPayment): Promise<Dispute[]> {
  const text = `SELECT * FROM dispute WHERE status <> 'WON' AND (tip_id = $1 OR top_up_id = $2) ORDER BY id`;
  return (await tx.query<DisputeRow>(text, columnsOf(payment))).map(disputeOf);
}

/** What the disputes of a payment come to that were not won. */
export interface DisputeSums {
  readonly isDisputed: boolean;
  readonly amountMicros: bigint;
  readonly feeReturnedMicros: bigint;
}

/** Call it under the lock of the payment. */
export async function readDisputeSums(tx: Sql, payment: DisputedPayment): Promise<DisputeSums> {
  const [sums] = await tx.query<DisputeSums>(
    `SELECT count(*) > 0 AS "isDisputed", coalesce(sum(amount_micros), 0)::bigint AS "amountMicros",
       coalesce(sum(fee_returned_micros + CASE WHEN tip_id IS NULL THEN 0 ELSE from_refunds_micros END), 0)::bigint AS "feeReturnedMicros"
     FROM dispute WHERE status <> 'WON' AND (tip_id = $1 OR top_up_id = $2)`,
    columnsOf(payment),
  );
  return sums as DisputeSums;
}

/** Stores a dispute that was just opened. */
export async function insertDispute(tx: Sql, dispute: Dispute): Promise<void> {
  await tx.query(
    `INSERT INTO dispute (id, provider, provider_dispute_id, tip_id, top_up_id, person_id, currency, amount_micros, provider_fee_micros,
       fee_returned_micros, loss_micros, from_refunds_micros, totals_micros, froze_account, reason, status, opened_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
    [
      dispute.id, dispute.provider, dispute.providerDisputeId, ...columnsOf(dispute.payment), dispute.personId, dispute.currency,
      dispute.amountMicros, dispute.providerFeeMicros, dispute.feeReturnedMicros, dispute.lossMicros, dispute.fromRefundsMicros,
      dispute.totalsMicros, dispute.frozeAccount, dispute.reason, dispute.status, dispute.openedAt,
    ],
  );
}

/** Closes an open dispute. */
export async function closeDispute(tx: Sql, id: string, status: 'WON' | 'LOST', now: Date): Promise<void> {
  await tx.query(`UPDATE dispute SET status = $2, closed_at = $3 WHERE id = $1 AND status = 'OPEN'`, [id, status, now]);
}

/**
 * Whether it was a dispute that froze a person's account as it is now, and none keeps it frozen: none is open, and none was lost that
 * costs the platform something. One that was frozen by hand, before or since, is not a dispute's to free. Call it under the person's lock.
 */
export async function mayThaw(tx: Sql, personId: string): Promise<boolean> {
  const [row] = await tx.query<{ thaws: boolean }>(
    `SELECT coalesce(bool_or(froze_account AND opened_at = person.frozen_at), false)
       AND NOT coalesce(bool_or(status = 'OPEN' OR (status = 'LOST' AND loss_micros > from_refunds_micros)), false) AS thaws
     FROM dispute JOIN person ON person.id = dispute.person_id WHERE person_id = $1 AND top_up_id IS NOT NULL`,
    [personId],
  );
  return row?.thaws ?? false;
}

function columnsOf({ kind, id }: DisputedPayment): [tipId: string | null, topUpId: string | null] {
  return kind === 'TIP' ? [id, null] : [null, id];
}

function disputeOf(row: DisputeRow): Dispute {
  return {
    id: row.id,
    provider: row.provider,
    providerDisputeId: row.provider_dispute_id,
    payment: row.tip_id === null ? { kind: 'TOP_UP', id: row.top_up_id as string } : { kind: 'TIP', id: row.tip_id },
    personId: row.person_id,
    currency: row.currency,
    amountMicros: row.amount_micros,
    providerFeeMicros: row.provider_fee_micros,
    feeReturnedMicros: row.fee_returned_micros,
    lossMicros: row.loss_micros,
    fromRefundsMicros: row.from_refunds_micros,
    totalsMicros: row.totals_micros,
    frozeAccount: row.froze_account,
    reason: row.reason,
    status: row.status,
    openedAt: row.opened_at,
  };
}
