import type { Sql } from '../database/room.ts';
import type { Declined, IntentPage } from '../payments/room.ts';
import type { Payout } from './payout.ts';

const columns = `id, creator_id AS "creatorId", person_id AS "personId", currency, amount_micros AS "amountMicros", provider,
  destination_token AS "destinationToken", provider_key AS "providerKey", status, failure_reason AS "failureReason", created_at AS "createdAt"`;

export interface KeyedPayout {
  readonly payout: Payout;
  readonly inputHash: Buffer;
}

/** What an earlier call with this key made. Call it under the person's lock. */
export async function readKeyedPayout(tx: Sql, personId: string, idempotencyKey: string): Promise<KeyedPayout | null> {
  const [row] = await tx.query<Payout & { inputHash: Buffer }>(
    `SELECT ${columns}, input_hash AS "inputHash" FROM payout WHERE person_id = $1 AND idempotency_key = $2`,
    [personId, idempotencyKey],
  );
  if (!row) return null;
  const { inputHash, ...payout } = row;
  return { payout, inputHash };
}

/** Payouts in the order of the ids; null for one that is not there. */
export async function readPayouts(sql: Sql, ids: readonly string[]): Promise<(Payout | null)[]> {
  const rows = await sql.query<Payout>(`SELECT ${columns} FROM payout WHERE id = ANY ($1::uuid[])`, [ids]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** A page's payouts, newest first: ids are UUIDv7, made under the owner's lock. */
export async function readPayoutsOf(sql: Sql, creatorId: string, beforeId: string | null, limit: number): Promise<Payout[]> {
  return sql.query<Payout>(
    `SELECT ${columns} FROM payout WHERE creator_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [creatorId, beforeId, limit],
  );
}

/** The payout with a key that a provider knows; null when it is none of ours. */
export async function readPayoutByProviderKey(sql: Sql, provider: string, providerKey: string): Promise<Payout | null> {
  const [row] = await sql.query<Payout>(`SELECT ${columns} FROM payout WHERE provider = $1 AND provider_key = $2`, [provider, providerKey]);
  return row ?? null;
}

export async function readPendingPayouts(sql: Sql, page: IntentPage): Promise<Payout[]> {
  return sql.query<Payout>(
    `SELECT ${columns} FROM payout WHERE status = 'PENDING' AND created_at < $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
    [page.madeBefore, page.afterId, page.limit],
  );
}

export interface PayoutToInsert {
  readonly payout: Payout;
  readonly destinationId: string;
  readonly idempotencyKey: string;
  readonly inputHash: Buffer;
}

export async function insertPayout(tx: Sql, { payout, destinationId, idempotencyKey, inputHash }: PayoutToInsert): Promise<void> {
  await tx.query(
    `INSERT INTO payout (id, creator_id, person_id, destination_id, idempotency_key, input_hash, currency, amount_micros, provider,
       destination_token, provider_key, status, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      payout.id, payout.creatorId, payout.personId, destinationId, idempotencyKey, inputHash, payout.currency, payout.amountMicros,
      payout.provider, payout.destinationToken, payout.providerKey, payout.status, payout.createdAt,
    ],
  );
}

/** Locks a payout and then reads it: a lock and a read in one statement would see different moments. */
export async function lockPayout(tx: Sql, id: string): Promise<Payout> {
  await tx.query('SELECT id FROM payout WHERE id = $1 FOR NO KEY UPDATE', [id]);
  const [payout] = await readPayouts(tx, [id]);
  if (!payout) throw new Error(`There is no payout ${id}.`);
  return payout;
}

export async function storePaid(tx: Sql, id: string, providerPayoutId: string, now: Date): Promise<void> {
  await tx.query(`UPDATE payout SET status = 'SUCCEEDED', provider_payout_id = $2, paid_at = $3 WHERE id = $1`, [id, providerPayoutId, now]);
}

/** Stores that a payout came to nothing, whether it never left or came back. */
export async function storeFailed(tx: Sql, id: string, { code, message }: Pick<Declined, 'code' | 'message'>, now: Date): Promise<void> {
  await tx.query(
    `UPDATE payout SET status = 'FAILED', failure_code = $2, failure_reason = $3, failed_at = $4 WHERE id = $1`,
    [id, code, message, now],
  );
}

/** What arrived in each of these creators' banks in all, in micros of their own currency. */
export async function readPaidOut(sql: Sql, creatorIds: readonly string[]): Promise<Map<string, bigint>> {
  const rows = await sql.query<{ creator_id: string; paid: bigint }>(
    `SELECT creator_id, sum(amount_micros)::bigint AS paid FROM payout WHERE creator_id = ANY ($1::uuid[]) AND status = 'SUCCEEDED' GROUP BY creator_id`,
    [creatorIds],
  );
  return new Map(rows.map((row) => [row.creator_id, row.paid]));
}
