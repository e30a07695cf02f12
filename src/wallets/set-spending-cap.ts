import { transaction, type Database } from '../database/room.ts';
import { lockPeople } from '../identity/room.ts';
import { changeCap, type CapPeriod } from './spending-cap.ts';
import { readCap, storeCap, type Spender } from './spending-rows.ts';

/** A fan's wish, parsed and well-formed. */
export interface SetSpendingCap extends Spender {
  readonly period: CapPeriod;
  /** Null lifts the cap. */
  readonly limitMicros: bigint | null;
}

/**
 * Sets a cap, or has a higher one wait (see `changeCap`). Whatever charges the person holds the same lock, so each charge comes wholly
 * before or after it. Asking for the same again changes nothing.
 */
export function setSpendingCap(db: Database, command: SetSpendingCap, now: Date): Promise<'DONE' | 'PERSON_NOT_FOUND'> {
  const { personId, period, limitMicros } = command;
  return transaction(db, async (tx) => {
    if (!(await lockPeople(tx, [personId])).has(personId)) return 'PERSON_NOT_FOUND';
    await storeCap(tx, command, period, changeCap(await readCap(tx, command, period), limitMicros, now));
    return 'DONE';
  }, { rerunLostCommit: true });
}
