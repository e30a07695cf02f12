import type { Sql } from '../database/room.ts';

/** What a money rule reads of an actor, under the actor's lock. */
export interface LockedPerson {
  readonly id: string;
  readonly displayName: string;
  readonly frozenAt: Date | null;
}

/**
 * Locks people as the first step of the lock order, ascending by id, and then reads them: a lock and a read in one statement would
 * see different moments. Until the transaction ends nobody else uses an idempotency key or a cap of theirs.
 */
export async function lockPeople(tx: Sql, personIds: readonly string[]): Promise<Map<string, LockedPerson>> {
  const [, people] = await Promise.all([
    tx.query('SELECT id FROM person WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE', [personIds]),
    readPeople(tx, personIds),
  ]);
  return people;
}

/** The same of those whom nobody else has locked: it waits for nobody, and whoever is missing from the answer is busy. */
export async function lockIdlePeople(tx: Sql, personIds: readonly string[]): Promise<Map<string, LockedPerson>> {
  const locked = await tx.query<{ id: string }>('SELECT id FROM person WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED', [personIds]);
  return readPeople(tx, locked.map(({ id }) => id));
}

async function readPeople(tx: Sql, personIds: readonly string[]): Promise<Map<string, LockedPerson>> {
  const rows = await tx.query<{ id: string; display_name: string; frozen_at: Date | null }>(
    'SELECT id, display_name, frozen_at FROM person WHERE id = ANY ($1::uuid[])',
    [personIds],
  );
  return new Map(rows.map((row) => [row.id, { id: row.id, displayName: row.display_name, frozenAt: row.frozen_at }]));
}

/** Keeps an account from moving money, under its person's lock. One that is frozen already stays so from when it was. */
export async function freezePerson(tx: Sql, personId: string, now: Date): Promise<void> {
  await tx.query('UPDATE person SET frozen_at = coalesce(frozen_at, $2) WHERE id = $1', [personId, now]);
}

/** Lets a frozen account move money again, under its person's lock. */
export async function thawPerson(tx: Sql, personId: string): Promise<void> {
  await tx.query('UPDATE person SET frozen_at = NULL WHERE id = $1', [personId]);
}
