import { paymentActionOf, type StoredPaymentAction } from '../api/room.ts';
import type { Sql } from '../database/room.ts';
import type { IntentPage } from '../payments/room.ts';
import { failureOf, storedAction, type FailureColumns, type Step } from './charge-step.ts';
import type { TopUp, TopUpStatus } from './top-up.ts';

interface TopUpRow extends FailureColumns {
  id: string;
  person_id: string;
  currency: string;
  amount_micros: bigint;
  charged_micros: bigint;
  processor_fee_micros: bigint;
  provider: string;
  payment_method: string | null;
  payment_method_id: string | null;
  customer: string | null;
  return_url: string | null;
  is_automatic: boolean;
  provider_key: string;
  status: TopUpStatus;
  action: StoredPaymentAction | null;
  created_at: Date;
}

export interface KeyedTopUp {
  readonly topUp: TopUp;
  readonly inputHash: Buffer;
}

/** What an earlier call with this key made. Call it under the person's lock. */
export async function readKeyedTopUp(tx: Sql, personId: string, idempotencyKey: string): Promise<KeyedTopUp | null> {
  const [row] = await tx.query<TopUpRow & { input_hash: Buffer }>(
    'SELECT * FROM top_up WHERE person_id = $1 AND idempotency_key = $2',
    [personId, idempotencyKey],
  );
  return row ? { topUp: topUpOf(row), inputHash: row.input_hash } : null;
}

/** Top-ups in the order of the ids; null for one that is not there. */
export async function readTopUps(sql: Sql, ids: readonly string[]): Promise<(TopUp | null)[]> {
  const rows = await sql.query<TopUpRow>('SELECT * FROM top_up WHERE id = ANY ($1::uuid[])', [ids]);
  const byId = new Map(rows.map((row) => [row.id, topUpOf(row)]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** A person's top-ups, newest first: ids are UUIDv7, made under the person's lock. */
export async function readTopUpsOf(sql: Sql, personId: string, beforeId: string | null, limit: number): Promise<TopUp[]> {
  const rows = await sql.query<TopUpRow>(
    'SELECT * FROM top_up WHERE person_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3',
    [personId, beforeId, limit],
  );
  return rows.map(topUpOf);
}

export async function readPendingTopUps(sql: Sql, page: IntentPage): Promise<TopUp[]> {
  const rows = await sql.query<TopUpRow>(
    `SELECT * FROM top_up WHERE status IN ('PENDING', 'ACTION_REQUIRED') AND created_at < $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
    [page.madeBefore, page.afterId, page.limit],
  );
  return rows.map(topUpOf);
}

export async function readTopUpByKey(sql: Sql, provider: string, key: string): Promise<TopUp | null> {
  const [row] = await sql.query<TopUpRow>('SELECT * FROM top_up WHERE provider = $1 AND provider_key = $2', [provider, key]);
  return row ? topUpOf(row) : null;
}

export async function insertTopUp(tx: Sql, topUp: TopUp, idempotencyKey: string, inputHash: Buffer): Promise<void> {
  await tx.query(
    `INSERT INTO top_up (id, person_id, idempotency_key, input_hash, currency, amount_micros, charged_micros, processor_fee_micros,
       provider, payment_method, payment_method_id, customer, return_url, is_automatic, provider_key, status, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
    [
      topUp.id, topUp.personId, idempotencyKey, inputHash, topUp.currency, topUp.amountMicros, topUp.chargedMicros,
      topUp.processorFeeMicros, topUp.provider, topUp.paymentMethod, topUp.paymentMethodId, topUp.customer, topUp.returnUrl,
      topUp.isAutomatic, topUp.providerKey, topUp.status, topUp.createdAt,
    ],
  );
}

/** Locks a top-up and then reads it: a lock and a read in one statement would see different moments. */
export async function lockTopUp(tx: Sql, id: string): Promise<TopUp> {
  await tx.query('SELECT id FROM top_up WHERE id = $1 FOR NO KEY UPDATE', [id]);
  const [topUp] = await readTopUps(tx, [id]);
  if (!topUp) throw new Error(`There is no top-up ${id}.`);
  return topUp;
}

/** Stores a step of a locked top-up that waits for one, and answers it as it is then. */
export async function storeStep(tx: Sql, topUp: TopUp, step: Step<{ readonly chargeId: string }>, now: Date): Promise<TopUp> {
  const failure = step.status === 'FAILED' ? step.failure : null;
  const action = step.status === 'ACTION_REQUIRED' ? step.action : null;
  await tx.query(
    `UPDATE top_up SET status = $2, provider_charge_id = $3, action = $4, failure_code = $5, failure_reason = $6, failure_retryable = $7, settled_at = $8
     WHERE id = $1 AND status IN ('PENDING', 'ACTION_REQUIRED')`,
    [
      topUp.id, step.status, step.status === 'SUCCEEDED' ? step.outcome.chargeId : null, storedAction(step), failure?.code ?? null,
      failure?.reason ?? null, failure?.retryable ?? null, action ? null : now,
    ],
  );
  return { ...topUp, status: step.status, action, failure };
}

function topUpOf(row: TopUpRow): TopUp {
  return {
    id: row.id,
    personId: row.person_id,
    currency: row.currency,
    amountMicros: row.amount_micros,
    chargedMicros: row.charged_micros,
    processorFeeMicros: row.processor_fee_micros,
    provider: row.provider,
    paymentMethod: row.payment_method,
    paymentMethodId: row.payment_method_id,
    customer: row.customer,
    returnUrl: row.return_url,
    isAutomatic: row.is_automatic,
    providerKey: row.provider_key,
    status: row.status,
    action: paymentActionOf(row.action),
    failure: failureOf(row),
    createdAt: row.created_at,
  };
}
