import { moveCounters, readCounters, type Sql } from '../database/room.ts';
import { PLATFORM_OWNER_ID } from '../ledger/room.ts';

/** A counter of the platform's own, so that nobody can fake it by signing up under a demo name. */
const counter = 'demo_data';

/** `BEGUN`: a seed was cut off, and the next one goes on from there. */
export type DemoState = 'NONE' | 'BEGUN' | 'COMPLETE';

/** Whether this database holds demo data, and so accounts whose password everybody knows. */
export async function demoState(sql: Sql): Promise<DemoState> {
  const steps = (await readCounters(sql, counter, [PLATFORM_OWNER_ID])).get(PLATFORM_OWNER_ID) ?? 0;
  return steps === 0 ? 'NONE' : steps === 1 ? 'BEGUN' : 'COMPLETE';
}

/** Goes from NONE to BEGUN, or from there to COMPLETE. */
export function advanceDemoState(sql: Sql): Promise<void> {
  return moveCounters(sql, [{ ownerId: PLATFORM_OWNER_ID, name: counter, by: 1 }]);
}
