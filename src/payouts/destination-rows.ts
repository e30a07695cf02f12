import type { Sql } from '../database/room.ts';
import type { Destination } from './destination.ts';

const columns = `id, creator_id AS "creatorId", provider, destination_token AS "destinationToken", label, is_current AS "isCurrent",
  verified_at AS "verifiedAt", attempts, created_at AS "createdAt"`;

/** The destination that each of these creators is paid to; those who have none are missing from the answer. */
export async function readCurrentDestinations(sql: Sql, creatorIds: readonly string[]): Promise<Map<string, Destination>> {
  const rows = await sql.query<Destination>(`SELECT ${columns} FROM payout_destination WHERE creator_id = ANY ($1::uuid[]) AND is_current`, [creatorIds]);
  return new Map(rows.map((row) => [row.creatorId, row]));
}

/** One of a creator's destinations; null for another's, and for what is not there. */
export async function readDestination(sql: Sql, creatorId: string, id: string): Promise<Destination | null> {
  const [row] = await sql.query<Destination>(`SELECT ${columns} FROM payout_destination WHERE id = $1 AND creator_id = $2`, [id, creatorId]);
  return row ?? null;
}

/** What was added under a key before. */
export async function readKeyedDestination(sql: Sql, provider: string, providerKey: string): Promise<Destination | null> {
  const [row] = await sql.query<Destination>(`SELECT ${columns} FROM payout_destination WHERE provider = $1 AND provider_key = $2`, [provider, providerKey]);
  return row ?? null;
}

export async function countDestinations(sql: Sql, creatorId: string, since: Date): Promise<number> {
  const [row] = await sql.query<{ count: bigint }>('SELECT count(*) FROM payout_destination WHERE creator_id = $1 AND created_at > $2', [creatorId, since]);
  return Number(row?.count);
}

export async function insertDestination(tx: Sql, destination: Destination, providerKey: string): Promise<void> {
  const { id, creatorId, provider, destinationToken, label, isCurrent, verifiedAt, attempts, createdAt } = destination;
  await tx.query(
    `INSERT INTO payout_destination (id, creator_id, provider, provider_key, destination_token, label, is_current, verified_at, attempts, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [id, creatorId, provider, providerKey, destinationToken, label, isCurrent, verifiedAt, attempts, createdAt],
  );
}

/** Makes one destination the one that a creator is paid to; null leaves none. */
export async function makeCurrent(tx: Sql, creatorId: string, id: string | null): Promise<void> {
  await tx.query('UPDATE payout_destination SET is_current = false WHERE creator_id = $1 AND is_current AND id IS DISTINCT FROM $2', [creatorId, id]);
  if (id !== null) await tx.query('UPDATE payout_destination SET is_current = true WHERE id = $1 AND creator_id = $2', [id, creatorId]);
}

export async function countAttempt(tx: Sql, id: string): Promise<void> {
  await tx.query('UPDATE payout_destination SET attempts = attempts + 1 WHERE id = $1', [id]);
}

export async function forgiveAttempt(sql: Sql, id: string): Promise<void> {
  await sql.query('UPDATE payout_destination SET attempts = attempts - 1 WHERE id = $1', [id]);
}

export async function markVerified(sql: Sql, id: string, now: Date): Promise<void> {
  await sql.query('UPDATE payout_destination SET verified_at = $2 WHERE id = $1 AND verified_at IS NULL', [id, now]);
}
