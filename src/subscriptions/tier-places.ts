import type { Sql } from '../database/room.ts';
import type { BillingInterval } from './periods.ts';
import { askedChange, isLive, type Subscription } from './subscription.ts';

/** A tier as a decision sees it under its lock. */
export interface LockedTier {
  readonly id: string;
  readonly creatorId: string;
  readonly currency: string;
  readonly name: string;
  readonly priceMicros: bigint;
  readonly interval: BillingInterval;
  /** Null for any number of places. */
  readonly capacity: number | null;
  readonly taken: number;
  readonly archivedAt: Date | null;
}

/** Locks tiers, ascending by id, after subscriptions and before accounts; then reads them, those that exist. */
export async function lockTiers(tx: Sql, tierIds: readonly string[]): Promise<Map<string, LockedTier>> {
  const ids = [...new Set(tierIds)].sort();
  if (ids.length === 0) return new Map();
  await tx.query('SELECT id FROM tier WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE', [ids]);
  return readTierFacts(tx, ids);
}

/** Reads tiers without a lock: for a preview. */
export async function readTierFacts(sql: Sql, ids: readonly string[]): Promise<Map<string, LockedTier>> {
  const rows = await sql.query<LockedTier>(
    `SELECT id, creator_id AS "creatorId", currency, name, price_micros AS "priceMicros", interval, capacity, taken, archived_at AS "archivedAt"
     FROM tier WHERE id = ANY ($1::uuid[])`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** The tiers of which a live subscription holds a place: its own, and the one that a downgrade leads to, canceled over or not. */
export function heldTiers(subscription: Subscription): string[] {
  if (!isLive(subscription)) return [];
  const next = askedChange(subscription.pending);
  return [...new Set([subscription.tierId, next?.kind === 'DOWNGRADE' ? next.tierId : null].filter((id) => id !== null))];
}

/** Takes and gives back the places that subscriptions came to hold or left. The tiers are locked already: `lockTiers`. */
export async function movePlaces(tx: Sql, moves: readonly { readonly before: Subscription | null; readonly after: Subscription }[]): Promise<void> {
  const deltas = new Map<string, number>();
  const add = (tierId: string, by: number) => deltas.set(tierId, (deltas.get(tierId) ?? 0) + by);
  for (const { before, after } of moves) {
    if (before && before.tierId === after.tierId && before.status === after.status && before.pending === after.pending) continue;
    for (const tierId of heldTiers(after)) add(tierId, 1);
    if (before) for (const tierId of heldTiers(before)) add(tierId, -1);
  }
  const moved = [...deltas].filter(([, by]) => by !== 0);
  if (moved.length === 0) return;
  await tx.query(
    'UPDATE tier SET taken = taken + moved.by FROM unnest($1::uuid[], $2::integer[]) AS moved (id, by) WHERE tier.id = moved.id',
    [moved.map(([id]) => id), moved.map(([, by]) => by)],
  );
}
