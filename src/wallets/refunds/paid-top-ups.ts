import type { Sql, Tx } from '../../database/room.ts';
import { paidStatus, readDisputeSums, type DisputeState } from '../../payments/room.ts';
import { readTopUps } from '../top-up-rows.ts';
import type { TopUp } from '../top-up.ts';
import { readRefundSums } from './refund-rows.ts';

/** The provider's id of what a top-up that was paid charged. */
export async function chargeOf(sql: Sql, { id, status }: TopUp): Promise<string> {
  const [row] = await sql.query<{ charge_id: string | null }>('SELECT provider_charge_id AS charge_id FROM top_up WHERE id = $1', [id]);
  if (!row?.charge_id) throw new Error(`The top-up ${id} is ${status}, but it names no charge.`);
  return row.charge_id;
}

/** The top-up whose charge is disputed, by the charge's id or by our key; null when it is none of a top-up. */
export async function findChargedTopUp(sql: Sql, provider: string, { chargeId, key }: DisputeState): Promise<TopUp | null> {
  const [row] = await sql.query<{ id: string }>(
    'SELECT id FROM top_up WHERE provider = $1 AND (provider_charge_id = $2 OR provider_key = $3) LIMIT 1',
    [provider, chargeId, key],
  );
  return row ? ((await readTopUps(sql, [row.id]))[0] ?? null) : null;
}

/** Gives a locked top-up the status that follows from its refunds and disputes. */
export async function followRefunds(tx: Tx, topUp: TopUp): Promise<void> {
  const { refundedMicros } = await readRefundSums(tx, 'TOP_UP', topUp.id);
  const { isDisputed } = await readDisputeSums(tx, { kind: 'TOP_UP', id: topUp.id });
  const status = paidStatus({ paidMicros: topUp.amountMicros, refundedMicros, isDisputed });
  await tx.query('UPDATE top_up SET status = $2 WHERE id = $1', [topUp.id, status]);
}
