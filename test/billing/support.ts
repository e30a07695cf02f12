import { renew, type RenewOptions, type RunReport } from '../../src/billing/room.ts';
import type { Database } from '../../src/database/room.ts';
import type { World } from '../subscriptions/support.ts';

/** Moves the world's clock and runs. */
export function renewAt(world: World, moment: string, options: Partial<RenewOptions> = {}): Promise<RunReport> {
  world.clock.moveTo(moment);
  return renew(world.services, { asOf: world.clock.now(), ...options });
}

/** The counts of a report that are not zero. */
export function counted(report: RunReport): Record<string, number> {
  return Object.fromEntries(Object.entries(report).filter((entry): entry is [string, number] => typeof entry[1] === 'number' && entry[1] > 0));
}

export interface Counts {
  readonly charges: number;
  readonly periods: number;
  readonly events: number;
  readonly dueTwice: number;
}

/** What is stored, and how many periods were charged more than once: none, whatever happens. */
export async function countAll(db: Database): Promise<Counts> {
  const [row] = await db.query<Counts>(
    `SELECT (SELECT count(*)::integer FROM charge WHERE status = 'SUCCEEDED') AS charges,
       (SELECT count(*)::integer FROM subscription_period WHERE state = 'CHARGED') AS periods,
       (SELECT count(*)::integer FROM stream_event WHERE topic = 'members' AND kind = 'RENEWED') AS events,
       (SELECT count(*)::integer FROM (SELECT FROM posting JOIN charge ON charge.id = posting.cause_id
          GROUP BY charge.subscription_id, charge.period_index HAVING count(*) > 1) twice) AS "dueTwice"`,
  );
  return row!;
}
