import type { Sql } from '../database/room.ts';
import type { KeyedInput } from './subscription-rows.ts';
import type { Plan } from './subscription.ts';

/** An accepted change, as it is stored with its key. */
export interface ChangeRow extends KeyedInput {
  readonly id: string;
  readonly subscriptionId: string;
  readonly personId: string;
  readonly from: Plan;
  readonly to: Plan;
  readonly dueNowMicros: bigint;
  /** Null when nothing was due. */
  readonly chargeId: string | null;
  readonly effectiveAt: Date;
  readonly createdAt: Date;
}

export async function insertChange(tx: Sql, change: ChangeRow): Promise<void> {
  const { from, to } = change;
  await tx.query(
    `INSERT INTO subscription_change (id, subscription_id, person_id, idempotency_key, input_hash, from_tier_id, to_tier_id,
       from_amount_micros, to_amount_micros, from_interval, to_interval, due_now_micros, charge_id, effective_at, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      change.id, change.subscriptionId, change.personId, change.idempotencyKey, change.inputHash, from.tierId, to.tierId,
      from.amountMicros, to.amountMicros, from.interval, to.interval, change.dueNowMicros, change.chargeId, change.effectiveAt, change.createdAt,
    ],
  );
}

/** What an earlier change with the same key made; null when there was none. Call it under the person's lock. */
export async function readKeyedChange(tx: Sql, personId: string, key: string): Promise<{ subscriptionId: string; inputHash: Buffer } | null> {
  const [row] = await tx.query<{ subscriptionId: string; inputHash: Buffer }>(
    `SELECT subscription_id AS "subscriptionId", input_hash AS "inputHash" FROM subscription_change WHERE person_id = $1 AND idempotency_key = $2`,
    [personId, key],
  );
  return row ?? null;
}
