import { transaction, type Sql, type Tx } from '../../database/room.ts';
import type { RefundOutcome, RefundRequest } from '../port.ts';
import { declined, type RefusalCode } from './cards.ts';
import { announce, sandboxId, type Desk } from './desk.ts';
import { BadRequest, railFor } from './rail.ts';

interface Refund {
  readonly id: string;
  readonly chargeId: string;
  readonly amountMicros: bigint;
  readonly currency: string;
  readonly declineCode: RefusalCode | null;
}

/** Gives money of a charge back, once a key and never more than was charged. Throws `BadRequest` for another request under a key that is taken. */
export async function createRefund(desk: Desk, request: RefundRequest): Promise<RefundOutcome> {
  return transaction(desk.db, async (tx) => {
    const { key, chargeId, amountMicros, currency } = request;
    railFor(amountMicros, currency, 'REFUND');
    // Refunds of one charge come one after another, so that they never exceed it together.
    const [charge] = await tx.query<{ id: string }>('SELECT id FROM sandbox_charge WHERE id = $1 AND currency = $2 FOR UPDATE', [chargeId, currency]);
    if (!charge) throw new BadRequest(`The sandbox knows no charge ${chargeId} in ${currency}.`);
    const refund = (await readRefund(tx, key)) ?? (await insertRefund(desk, tx, request));
    if (refund.chargeId !== chargeId || refund.amountMicros !== amountMicros || refund.currency !== currency) {
      throw new BadRequest(`The sandbox was asked for another refund under the key ${key} before.`);
    }
    return outcomeOf(refund);
  }, { rerunLostCommit: true });
}

async function insertRefund({ clock }: Desk, tx: Tx, { key, chargeId, amountMicros, currency }: RefundRequest): Promise<Refund> {
  const refund: Refund = { id: sandboxId('re'), chargeId, amountMicros, currency, declineCode: await refusalOf(tx, chargeId, amountMicros) };
  const now = clock.now();
  await tx.query(
    `INSERT INTO sandbox_refund (id, idempotency_key, charge_id, amount_micros, currency, decline_code, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [refund.id, key, chargeId, amountMicros, currency, refund.declineCode, now],
  );
  await announce(tx, { kind: 'REFUND', key, providerId: refund.id }, now);
  return refund;
}

async function refusalOf(tx: Sql, chargeId: string, amountMicros: bigint): Promise<RefusalCode | null> {
  const [charge] = await tx.query<{ status: string; left: bigint; isDisputed: boolean }>(
    `SELECT charge.status,
       charge.amount_micros - coalesce((SELECT sum(refund.amount_micros) FROM sandbox_refund refund WHERE refund.charge_id = charge.id AND decline_code IS NULL), 0)::bigint AS left,
       EXISTS (SELECT FROM sandbox_dispute dispute WHERE dispute.charge_id = charge.id AND dispute.status IN ('OPEN', 'LOST')) AS "isDisputed"
     FROM sandbox_charge charge WHERE charge.id = $1`,
    [chargeId],
  );
  if (charge?.status !== 'SUCCEEDED') return 'charge_not_paid';
  if (charge.isDisputed) return 'charge_disputed';
  return amountMicros > charge.left ? 'amount_too_large' : null;
}

export async function readRefundOutcome({ db }: Desk, key: string): Promise<RefundOutcome | null> {
  const refund = await readRefund(db, key);
  return refund && outcomeOf(refund);
}

/** The payer's bank sends a refund back. Answers whether there was one that had succeeded. */
export async function returnRefund({ db, clock }: Desk, key: string): Promise<boolean> {
  return transaction(db, async (tx) => {
    const [returned] = await tx.query<{ id: string }>(
      `UPDATE sandbox_refund SET decline_code = 'returned_by_bank' WHERE idempotency_key = $1 AND decline_code IS NULL RETURNING id`, [key],
    );
    if (returned) await announce(tx, { kind: 'REFUND', key, providerId: returned.id }, clock.now());
    return returned !== undefined;
  });
}

async function readRefund(sql: Sql, key: string): Promise<Refund | null> {
  const [refund] = await sql.query<Refund>(
    `SELECT id, charge_id AS "chargeId", amount_micros AS "amountMicros", currency, decline_code AS "declineCode" FROM sandbox_refund WHERE idempotency_key = $1`,
    [key],
  );
  return refund ?? null;
}

function outcomeOf(refund: Refund): RefundOutcome {
  return refund.declineCode === null ? { status: 'SUCCEEDED', refundId: refund.id } : declined(refund.declineCode);
}
