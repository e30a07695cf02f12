import type { Sql } from './sql.ts';

/** A maintained count, such as how many tiers a creator shows: owner, name, and how much it moves. */
export interface CounterMove {
  readonly ownerId: string;
  readonly name: string;
  readonly by: number;
}

const moveUp = `
  INSERT INTO counter AS c (owner_id, name, value)
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[])
  ON CONFLICT (owner_id, name) DO UPDATE SET value = c.value + excluded.value`;

// A CHECK judges the proposed row before any conflict is seen, so a negative move cannot be proposed: it is looked up instead.
const moveEitherWay = `
  INSERT INTO counter AS c (owner_id, name, value)
  SELECT owner_id, name, greatest(by, 0) FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS move (owner_id, name, by)
  ON CONFLICT (owner_id, name) DO UPDATE SET value = c.value + (
    SELECT by FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS move (owner_id, name, by)
    WHERE move.owner_id = c.owner_id AND move.name = c.name)`;

/** Adds to counters, each row once and in ascending order, as the lock order asks. */
export async function moveCounters(tx: Sql, moves: readonly CounterMove[]): Promise<void> {
  const sums = new Map<string, CounterMove>();
  for (const move of moves) {
    const id = `${move.ownerId} ${move.name}`;
    sums.set(id, { ...move, by: move.by + (sums.get(id)?.by ?? 0) });
  }
  const rows = [...sums].filter(([, move]) => move.by !== 0).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, move]) => move);
  if (rows.length === 0) return;
  const columns = [rows.map((row) => row.ownerId), rows.map((row) => row.name), rows.map((row) => row.by)];
  await tx.query(rows.some((row) => row.by < 0) ? moveEitherWay : moveUp, columns);
}

/** Reads one named counter of many owners; an owner without a row has 0. */
export async function readCounters(sql: Sql, name: string, ownerIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await sql.query<{ owner_id: string; value: bigint }>(
    'SELECT owner_id, value FROM counter WHERE name = $1 AND owner_id = ANY ($2::uuid[])',
    [name, ownerIds],
  );
  return new Map(rows.map((row) => [row.owner_id, Number(row.value)]));
}
