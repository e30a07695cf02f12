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

/**
 * Counts a try to add a destination; the same one again is the same try. Answers false where so many others were tried since `since`
 * that it may not be. Call it under the lock of the page's owner.
 */
export async function countTry(tx: Sql, { creatorId, provider, providerKey, now, since, most }: DestinationTry): Promise<boolean> {
  await tx.query('DELETE FROM payout_destination_try WHERE creator_id = $1 AND tried_at <= $2', [creatorId, since]);
  const counted = await tx.query(
    `INSERT INTO payout_destination_try AS known (provider, provider_key, creator_id, tried_at)
     SELECT $1, $2, $3::uuid, $4::timestamptz WHERE (SELECT count(*) FROM payout_destination_try WHERE creator_id = $3 AND (provider, provider_key) <> ($1::text, $2::text)) < $5::integer
     ON CONFLICT (provider, provider_key) DO UPDATE SET tried_at = known.tried_at RETURNING 1`,
    [provider, providerKey, creatorId, now, most],
  );
  return counted.length > 0;
}

export interface DestinationTry {
  readonly creatorId: string;
  readonly provider: string;
  readonly providerKey: string;
  readonly now: Date;
  readonly since: Date;
  readonly most: number;
}

/** Stores a destination that nobody is paid to yet. Answers false where another page has the same one. */
export async function insertDestination(tx: Sql, destination: Omit<Destination, 'isCurrent'>, providerKey: string): Promise<boolean> {
  const { id, creatorId, provider, destinationToken, label, verifiedAt, attempts, createdAt } = destination;
  const inserted = await tx.query(
    `INSERT INTO payout_destination (id, creator_id, provider, provider_key, destination_token, label, is_current, verified_at, attempts, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, false, $7, $8, $9) ON CONFLICT (provider, destination_token) DO NOTHING RETURNING id`,
    [id, creatorId, provider, providerKey, destinationToken, label, verifiedAt, attempts, createdAt],
  );
  return inserted.length > 0;
}

/** Makes one destination the one that a creator is paid to. */
export async function makeCurrent(tx: Sql, creatorId: string, id: string): Promise<void> {
  await tx.query('UPDATE payout_destination SET is_current = false WHERE creator_id = $1 AND is_current AND id <> $2', [creatorId, id]);
  await tx.query('UPDATE payout_destination SET is_current = true WHERE id = $1 AND creator_id = $2', [id, creatorId]);
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
