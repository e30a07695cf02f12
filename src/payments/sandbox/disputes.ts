import { transaction, type Sql } from '../../database/room.ts';
import { ceilToStep } from '../../money/room.ts';
import type { DisputeState } from '../port.ts';
import { announce, sandboxId, type Desk } from './desk.ts';
import { sandboxRail } from './rail.ts';

const disputesAfterMs = 7 * 24 * 3_600_000;

/** Lets a payer dispute a charge a week from now. */
export async function scheduleDispute(tx: Sql, chargeId: string, amountMicros: bigint, currency: string, now: Date): Promise<void> {
  await insertDispute(tx, { chargeId, amountMicros, currency, status: 'SCHEDULED', opensAt: new Date(now.getTime() + disputesAfterMs) });
}

interface NewDispute {
  readonly chargeId: string;
  readonly amountMicros: bigint;
  readonly currency: string;
  readonly status: 'SCHEDULED' | 'OPEN';
  readonly opensAt: Date;
}

async function insertDispute(tx: Sql, { chargeId, amountMicros, currency, status, opensAt }: NewDispute): Promise<string> {
  const id = sandboxId('dp');
  // 15.00 of the major unit, as card networks charge.
  const feeMicros = ceilToStep(15_000_000n, sandboxRail(currency, 'CHARGE')!.stepMicros);
  await tx.query(
    `INSERT INTO sandbox_dispute (id, charge_id, amount_micros, fee_micros, status, opens_at) VALUES ($1, $2, $3, $4, $5, $6)`,
    [id, chargeId, amountMicros, feeMicros, status, opensAt],
  );
  return id;
}

/** Opens the disputes whose time has come: over what was not refunded meanwhile, and none where nothing is left. */
export async function openDueDisputes({ db, clock }: Desk): Promise<void> {
  const now = clock.now();
  const [due] = await db.query(`SELECT id FROM sandbox_dispute WHERE status = 'SCHEDULED' AND opens_at <= $1 LIMIT 1`, [now]);
  if (!due) return;
  await transaction(db, async (tx) => {
    const charges = await tx.query<{ id: string; dispute: string }>(
      `SELECT charge.id, dispute.id AS dispute FROM sandbox_dispute dispute JOIN sandbox_charge charge ON charge.id = dispute.charge_id
       WHERE dispute.status = 'SCHEDULED' AND dispute.opens_at <= $1 ORDER BY charge.id FOR UPDATE`,
      [now],
    );
    for (const { id, dispute } of charges) {
      const leftMicros = await unrefunded(tx, id);
      if (leftMicros === 0n) await tx.query('DELETE FROM sandbox_dispute WHERE id = $1', [dispute]);
      else {
        await tx.query(`UPDATE sandbox_dispute SET status = 'OPEN', amount_micros = $2 WHERE id = $1`, [dispute, leftMicros]);
        await announce(tx, { kind: 'DISPUTE', key: null, providerId: dispute }, now);
      }
    }
  }, { rerunLostCommit: true });
}

/** Opens a dispute at once, over what was not refunded. Answers its id; null when there is no such paid charge, or nothing left of it. */
export async function disputeNow({ db, clock }: Desk, key: string): Promise<string | null> {
  return transaction(db, async (tx) => {
    const [charge] = await tx.query<{ id: string; currency: string }>(
      `SELECT id, currency FROM sandbox_charge WHERE idempotency_key = $1 AND status = 'SUCCEEDED' FOR UPDATE`, [key],
    );
    const leftMicros = charge ? await unrefunded(tx, charge.id) : 0n;
    if (!charge || leftMicros === 0n) return null;
    const now = clock.now();
    const id = await insertDispute(tx, { chargeId: charge.id, amountMicros: leftMicros, currency: charge.currency, status: 'OPEN', opensAt: now });
    await announce(tx, { kind: 'DISPUTE', key: null, providerId: id }, now);
    return id;
  });
}

/** Ends an open dispute. Answers whether there was one. */
export async function closeDispute({ db, clock }: Desk, id: string, status: 'WON' | 'LOST'): Promise<boolean> {
  return transaction(db, async (tx) => {
    const [closed] = await tx.query(`UPDATE sandbox_dispute SET status = $2 WHERE id = $1 AND status = 'OPEN' RETURNING id`, [id, status]);
    if (closed) await announce(tx, { kind: 'DISPUTE', key: null, providerId: id }, clock.now());
    return closed !== undefined;
  });
}

export async function readDispute(desk: Desk, id: string): Promise<DisputeState | null> {
  await openDueDisputes(desk);
  const [row] = await desk.db.query<DisputeState>(`${selectOpened} AND dispute.id = $1`, [id]);
  return row ?? null;
}

export async function listDisputes(desk: Desk, day: string): Promise<DisputeState[]> {
  await openDueDisputes(desk);
  return desk.db.query<DisputeState>(`${selectOpened} AND dispute.opens_at >= $1::date AND dispute.opens_at < $1::date + 1 ORDER BY dispute.id`, [day]);
}

const selectOpened = `SELECT dispute.id, charge.id AS "chargeId", charge.idempotency_key AS key, dispute.amount_micros AS "amountMicros", charge.currency,
    dispute.fee_micros AS "feeMicros", dispute.status, dispute.opens_at AS "createdAt", 'fraudulent' AS reason
  FROM sandbox_dispute dispute JOIN sandbox_charge charge ON charge.id = dispute.charge_id WHERE dispute.status <> 'SCHEDULED'`;

async function unrefunded(tx: Sql, chargeId: string): Promise<bigint> {
  const [row] = await tx.query<{ left: bigint }>(
    `SELECT charge.amount_micros - coalesce((SELECT sum(refund.amount_micros) FROM sandbox_refund refund
       WHERE refund.charge_id = charge.id AND refund.decline_code IS NULL), 0)::bigint AS left
     FROM sandbox_charge charge WHERE charge.id = $1`,
    [chargeId],
  );
  return row?.left ?? 0n;
}
