import { transaction, type Sql, type Tx } from '../../database/room.ts';
import { railFeeOf } from '../../money/room.ts';
import type { ChargeOutcome, ChargeRequest, ChargeState } from '../port.ts';
import { cardOf, declined, type Card, type RefusalCode } from './cards.ts';
import { actionExpiry, actionOf, announce, sandboxId, type Desk } from './desk.ts';
import { openDueDisputes, scheduleDispute } from './disputes.ts';
import { BadRequest, railFor } from './rail.ts';

export interface Charge {
  readonly id: string;
  readonly key: string;
  readonly amountMicros: bigint;
  readonly feeMicros: bigint;
  readonly currency: string;
  readonly paymentMethod: string | null;
  readonly returnUrl: string | null;
  readonly status: 'SUCCEEDED' | 'DECLINED' | 'ACTION_REQUIRED';
  readonly declineCode: RefusalCode | null;
  readonly actionExpiresAt: Date | null;
}

const columns = `id, idempotency_key AS key, amount_micros AS "amountMicros", fee_micros AS "feeMicros", currency, payment_method AS "paymentMethod",
  return_url AS "returnUrl", status, decline_code AS "declineCode", action_expires_at AS "actionExpiresAt"`;

/** Charges once a key; answers with it how the card would have it answered. Throws `BadRequest` for another request under a key that is taken. */
export async function createCharge(desk: Desk, request: ChargeRequest): Promise<{ readonly outcome: ChargeOutcome; readonly card: Card }> {
  return transaction(desk.db, async (tx) => {
    railFor(request.amountMicros, request.currency, 'CHARGE');
    const card = await cardOf(tx, request.paymentMethod, request.customer);
    await insertOnce(desk, tx, request, card);
    const charge = (await readCharge(tx, request.key)) as Charge;
    const isSame = charge.amountMicros === request.amountMicros && charge.currency === request.currency && charge.paymentMethod === request.paymentMethod;
    if (!isSame) throw new BadRequest(`The sandbox was asked for another charge under the key ${request.key} before.`);
    return { outcome: outcomeOf(desk, charge), card };
  }, { rerunLostCommit: true });
}

/** Waits for a charge of the same key that is being made, and then makes none. */
async function insertOnce({ clock }: Desk, tx: Tx, request: ChargeRequest, card: Card): Promise<void> {
  const { key, amountMicros, currency, paymentMethod, customer, returnUrl } = request;
  const now = clock.now();
  const refusal = card.refusal ?? (card.asksForAction && request.isOffSession ? 'authentication_required' : null);
  const status = refusal !== null ? 'DECLINED' : card.asksForAction ? 'ACTION_REQUIRED' : 'SUCCEEDED';
  const feeMicros = refusal !== null ? 0n : railFeeOf(amountMicros, railFor(amountMicros, currency, 'CHARGE'));
  const [made] = await tx.query<{ id: string }>(
    `INSERT INTO sandbox_charge (id, idempotency_key, amount_micros, fee_micros, currency, payment_method, customer, return_url, status, decline_code,
       action_expires_at, created_at, charged_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (idempotency_key) DO NOTHING RETURNING id`,
    [
      sandboxId('ch'), key, amountMicros, feeMicros, currency, paymentMethod, customer, returnUrl, status, refusal,
      status === 'ACTION_REQUIRED' ? actionExpiry(now) : null, now, status === 'SUCCEEDED' ? now : null,
    ],
  );
  if (!made) return;
  await announce(tx, { kind: 'CHARGE', key, providerId: made.id }, now);
  if (card.disputes && status === 'SUCCEEDED') await scheduleDispute(tx, made.id, amountMicros, currency, now);
}

export async function readChargeOutcome(desk: Desk, key: string): Promise<ChargeOutcome | null> {
  const charge = await readCharge(desk.db, key);
  return charge && outcomeOf(desk, charge);
}

export async function readChargeState(desk: Desk, chargeId: string): Promise<ChargeState | null> {
  await openDueDisputes(desk);
  const charge = await readChargeById(desk.db, chargeId);
  if (!charge) return null;
  const [more] = await desk.db.query<{ refunded: bigint; disputes: string[] }>(
    `SELECT coalesce((SELECT sum(amount_micros) FROM sandbox_refund WHERE charge_id = $1 AND decline_code IS NULL), 0)::bigint AS refunded,
       ARRAY(SELECT id FROM sandbox_dispute WHERE charge_id = $1 AND status <> 'SCHEDULED' ORDER BY id) AS disputes`,
    [chargeId],
  );
  return {
    chargeId, key: charge.key, amountMicros: charge.amountMicros, currency: charge.currency, outcome: outcomeOf(desk, charge),
    refundedMicros: more?.refunded ?? 0n, disputeIds: more?.disputes ?? [],
  };
}

/** What a payer answers to a charge that waits for it, or null: the charge is called off. Answers the charge as it is then. */
export async function decideCharge({ db, clock }: Desk, chargeId: string, decision: 'CONFIRMED' | 'REFUSED' | 'CANCELED'): Promise<Charge | null> {
  return transaction(db, async (tx) => {
    await tx.query('SELECT id FROM sandbox_charge WHERE id = $1 FOR UPDATE', [chargeId]);
    const charge = await readChargeById(tx, chargeId);
    if (charge?.status !== 'ACTION_REQUIRED') return charge;
    const now = clock.now();
    const refusal = isExpired(charge, now) ? 'action_expired' : decision === 'REFUSED' ? 'action_refused' : decision === 'CANCELED' ? 'canceled' : null;
    await tx.query(
      `UPDATE sandbox_charge SET status = $2, decline_code = $3, charged_at = $4, fee_micros = CASE WHEN $3::text IS NULL THEN fee_micros ELSE 0 END WHERE id = $1`,
      [chargeId, refusal === null ? 'SUCCEEDED' : 'DECLINED', refusal, refusal === null ? now : null],
    );
    await announce(tx, { kind: 'CHARGE', key: charge.key, providerId: chargeId }, now);
    return readChargeById(tx, chargeId);
  }, { rerunLostCommit: true });
}

export async function cancelCharge(desk: Desk, key: string): Promise<ChargeOutcome | null> {
  const charge = await readCharge(desk.db, key);
  const decided = charge && (await decideCharge(desk, charge.id, 'CANCELED'));
  return decided && outcomeOf(desk, decided);
}

async function readCharge(sql: Sql, key: string): Promise<Charge | null> {
  const [charge] = await sql.query<Charge>(`SELECT ${columns} FROM sandbox_charge WHERE idempotency_key = $1`, [key]);
  return charge ?? null;
}

export async function readChargeById(sql: Sql, id: string): Promise<Charge | null> {
  const [charge] = await sql.query<Charge>(`SELECT ${columns} FROM sandbox_charge WHERE id = $1`, [id]);
  return charge ?? null;
}

function isExpired({ actionExpiresAt }: Pick<Charge, 'actionExpiresAt'>, now: Date): boolean {
  return actionExpiresAt !== null && now >= actionExpiresAt;
}

function outcomeOf(desk: Desk, charge: Charge): ChargeOutcome {
  if (charge.status === 'SUCCEEDED') return { status: 'SUCCEEDED', chargeId: charge.id, feeMicros: charge.feeMicros };
  if (charge.status === 'DECLINED') return declined(charge.declineCode as RefusalCode);
  if (isExpired(charge, desk.clock.now())) return declined('action_expired');
  return { status: 'ACTION_REQUIRED', action: actionOf(desk, charge.id, charge.actionExpiresAt as Date) };
}
