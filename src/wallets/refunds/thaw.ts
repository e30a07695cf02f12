import type { Tx } from '../../database/room.ts';
import { thawPerson } from '../../identity/room.ts';
import { mayThaw } from '../../payments/room.ts';
import { requestSettlement } from '../settlement.ts';

/** Frees an account that a dispute froze once none keeps it frozen, under its person's lock; what could not be charged meanwhile is tried again. */
export async function thawIfFree(tx: Tx, personId: string, now: Date): Promise<void> {
  if (!(await mayThaw(tx, personId))) return;
  await thawPerson(tx, personId);
  await requestSettlement(tx, personId, now);
}
