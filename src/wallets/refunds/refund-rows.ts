import type { Sql } from '../../database/room.ts';
import type { FinalOutcome, IntentPage } from '../../payments/room.ts';
import type { Refund, RefundKind, RefundStatus } from './refund.ts';

interface RefundRow {
  id: string;
  tip_id: string | null;
  top_up_id: string | null;
  asked_by: string;
  person_id: string | null;
  input_hash: Buffer;
  currency: string;
  amount_micros: bigint;
  fee_returned_micros: bigint;
  withheld_micros: bigint;
  provider: string | null;
  provider_key: string | null;
  provider_charge_id: string | null;
  status: RefundStatus;
  reason: string | null;
  failure_code: string | null;
  failure_reason: string | null;
  failure_retryable: boolean | null;
  created_at: Date;
}

/** For SQL texts: the rows of one kind. */
const ofKind = `CASE $1 WHEN 'TIP' THEN tip_id IS NOT NULL ELSE top_up_id IS NOT NULL END`;

export interface KeyedRefund {
  readonly refund: Refund;
  readonly inputHash: Buffer;
}

/** What an earlier call with this key made. Call it under the lock of who asks. */
export async function readKeyedRefund(tx: Sql, kind: RefundKind, askedBy: string, idempotencyKey: string): Promise<KeyedRefund | null> {
  const [row] = await tx.query<RefundRow>(`SELECT * FROM refund WHERE ${ofKind} AND asked_by = $2 AND idempotency_key = $3`, [kind, askedBy, idempotencyKey]);
  return row ? { refund: refundOf(row), inputHash: row.input_hash } : null;
}

/** Refunds in the order of the ids; null for one that is not there. */
export async function readRefunds(sql: Sql, ids: readonly string[]): Promise<(Refund | null)[]> {
  const rows = await sql.query<RefundRow>('SELECT * FROM refund WHERE id = ANY ($1::uuid[])', [ids]);
  const byId = new Map(rows.map((row) => [row.id, refundOf(row)]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** Every refund of tips, or of top-ups, oldest first, in the order of the payments' ids. */
export async function readRefundsOf(sql: Sql, kind: RefundKind, paymentIds: readonly string[]): Promise<Refund[][]> {
  const text = kind === 'TIP' ? 'SELECT * FROM refund WHERE tip_id = ANY ($1::uuid[]) ORDER BY id' : 'SELECT * FROM refund WHERE top_up_id = ANY ($1::uuid[]) ORDER BY id';
  const refunds = Map.groupBy((await sql.query<RefundRow>(text, [paymentIds])).map(refundOf), (refund) => refund.paymentId);
  return paymentIds.map((id) => refunds.get(id) ?? []);
}

export async function readPendingRefunds(sql: Sql, kind: RefundKind, page: IntentPage): Promise<Refund[]> {
  const rows = await sql.query<RefundRow>(
    `SELECT * FROM refund WHERE ${ofKind} AND status = 'PENDING' AND created_at < $2 AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4`,
    [kind, page.madeBefore, page.afterId, page.limit],
  );
  return rows.map(refundOf);
}

export async function findRefundByKey(sql: Sql, kind: RefundKind, provider: string, key: string): Promise<Refund | null> {
  const [row] = await sql.query<RefundRow>(`SELECT * FROM refund WHERE ${ofKind} AND provider = $2 AND provider_key = $3`, [kind, provider, key]);
  return row ? refundOf(row) : null;
}

/** What the refunds of a payment come to. */
export interface RefundSums {
  /** Gone back for good, with what was withheld of it. */
  readonly refundedMicros: bigint;
  /** The same, with what is on its way. */
  readonly promisedMicros: bigint;
  /** What was withheld of it. */
  readonly withheldMicros: bigint;
  /** The platform's part of what is promised. */
  readonly feeReturnedMicros: bigint;
}

/** Call it under the lock of the payment. */
export async function readRefundSums(tx: Sql, kind: RefundKind, paymentId: string): Promise<RefundSums> {
  const [sums] = await tx.query<RefundSums>(
    `SELECT coalesce(sum(amount_micros + withheld_micros) FILTER (WHERE status = 'SUCCEEDED'), 0)::bigint AS "refundedMicros",
       coalesce(sum(amount_micros + withheld_micros) FILTER (WHERE status <> 'FAILED'), 0)::bigint AS "promisedMicros",
       coalesce(sum(withheld_micros) FILTER (WHERE status <> 'FAILED'), 0)::bigint AS "withheldMicros",
       coalesce(sum(fee_returned_micros) FILTER (WHERE status <> 'FAILED'), 0)::bigint AS "feeReturnedMicros"
     FROM refund WHERE tip_id = $1 OR top_up_id = $2`,
    kind === 'TIP' ? [paymentId, null] : [null, paymentId],
  );
  return sums as RefundSums;
}

export async function insertRefund(tx: Sql, refund: Refund, idempotencyKey: string, inputHash: Buffer): Promise<void> {
  const [tipId, topUpId] = refund.kind === 'TIP' ? [refund.paymentId, null] : [null, refund.paymentId];
  await tx.query(
    `INSERT INTO refund (id, tip_id, top_up_id, asked_by, person_id, idempotency_key, input_hash, currency, amount_micros,
       fee_returned_micros, withheld_micros, to_disputes_micros, provider, provider_key, provider_charge_id, status, reason, created_at, settled_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13, $14, $15, $16, $17, $18)`,
    [
      refund.id, tipId, topUpId, refund.askedBy, refund.personId, idempotencyKey, inputHash, refund.currency, refund.amountMicros,
      refund.feeReturnedMicros, refund.withheldMicros, refund.card?.provider ?? null, refund.card?.key ?? null, refund.card?.chargeId ?? null, refund.status,
      refund.reason, refund.createdAt, refund.status === 'PENDING' ? null : refund.createdAt,
    ],
  );
}

/** Locks a refund, under the lock of its payment, and then reads it: a lock and a read in one statement would see different moments. */
export async function lockRefund(tx: Sql, id: string): Promise<Refund> {
  await tx.query('SELECT id FROM refund WHERE id = $1 FOR NO KEY UPDATE', [id]);
  const [refund] = await readRefunds(tx, [id]);
  if (!refund) throw new Error(`There is no refund ${id}.`);
  return refund;
}

/** Stores the outcome of a locked refund that it moves forward. */
export async function storeRefundOutcome(tx: Sql, refund: Refund, outcome: FinalOutcome<'REFUND'>, now: Date): Promise<Refund> {
  const succeeded = outcome.status === 'SUCCEEDED';
  const failure = succeeded ? null : { code: outcome.code, reason: outcome.message, retryable: outcome.retryable };
  const status = succeeded ? 'SUCCEEDED' : 'FAILED';
  await tx.query(
    `UPDATE refund SET status = $2, provider_refund_id = coalesce($3, provider_refund_id), failure_code = $4, failure_reason = $5,
       failure_retryable = $6, settled_at = $7 WHERE id = $1`,
    [refund.id, status, succeeded ? outcome.refundId : null, failure?.code ?? null, failure?.reason ?? null, failure?.retryable ?? null, now],
  );
  return { ...refund, status, failure };
}

/** Stores what disputes took over of a refund that failed. */
export async function storePassed(tx: Sql, refundId: string, micros: bigint): Promise<void> {
  await tx.query('UPDATE refund SET to_disputes_micros = $2 WHERE id = $1', [refundId, micros]);
}

function refundOf(row: RefundRow): Refund {
  const { provider, provider_key: key, provider_charge_id: chargeId } = row;
  const { failure_code: code, failure_reason: reason, failure_retryable: retryable } = row;
  return {
    id: row.id,
    kind: row.tip_id === null ? 'TOP_UP' : 'TIP',
    paymentId: (row.tip_id ?? row.top_up_id) as string,
    askedBy: row.asked_by,
    personId: row.person_id,
    currency: row.currency,
    amountMicros: row.amount_micros,
    feeReturnedMicros: row.fee_returned_micros,
    withheldMicros: row.withheld_micros,
    card: provider === null || key === null || chargeId === null ? null : { provider, key, chargeId },
    status: row.status,
    reason: row.reason,
    failure: code === null || reason === null || retryable === null ? null : { code, reason, retryable },
    createdAt: row.created_at,
  };
}
