import { clockService, databaseService, service, type Job } from '../database/room.ts';
import { check } from './check.ts';
import { foldDeltas } from './folding.ts';

/** Where a broken line of the books is cried out. The composition root provides its log; alone, this is the standard error. */
export const ledgerAlarmService = service<(line: string) => void>('ledger.alarm', () => (line) => process.stderr.write(`${line}\n`));

const foldingJob: Job = {
  name: 'fold balance deltas',
  everyMs: 3_000,
  async run(services) {
    await foldDeltas(services.get(databaseService));
  },
};

/** Any fixed number: it names the lock under which one process at a time checks. */
const advisoryLock = 7_346_281_906;

const checkingJob: Job = {
  name: 'check the books',
  everyMs: 60_000,
  async run(services) {
    const db = services.get(databaseService);
    const client = await db.client();
    let broken = true;
    try {
      const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [advisoryLock]);
      if (rows[0]?.mine) {
        await check(db, { full: false, haltOnFailure: true, alarm: services.get(ledgerAlarmService), clock: services.get(clockService) });
        await client.query('SELECT pg_advisory_unlock($1)', [advisoryLock]);
      }
      broken = false;
    } finally {
      // Whatever went wrong, a connection that still holds the lock must not go back to the pool.
      client.release(broken);
    }
  },
};

export const ledgerJobs: readonly Job[] = [foldingJob, checkingJob];
