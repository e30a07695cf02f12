import { expect, test } from '@jest/globals';
import pg from 'pg';
import { makeRenewalsWorld } from '../../bench/renewals-world.ts';
import { eachTestDatabase } from '../support/database.ts';
import { makeCreator } from '../support/world.ts';
import { expectClean } from '../subscriptions/support.ts';
import { wreakHavoc } from './chaos.ts';
import { countAll } from './support.ts';

/** `npm run chaos` runs the long form. */
const isLong = process.env.FARTHING_LONG === '1';
const { due, kills } = isLong ? { due: 50_000, kills: 100 } : { due: 3_000, kills: 8 };
const subscriptionsPerFan = 5;
/** Their first periods end on February 28, the second ones on March 31. */
const from = new Date('2026-01-31T00:00:00.000Z');

const database = eachTestDatabase();

test(`three workers, ${kills} times killed and as often stopped over ${due.toLocaleString('en')} due, charge every period exactly once`, async () => {
  const { db, ownerUrl, url } = database.current;
  for (let creator = 0; creator < 40; creator++) await makeCreator(db);
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  await makeRenewalsWorld(client, { fans: due / subscriptionsPerFan, subscriptionsPerFan }, from);
  await client.end();

  const report = await wreakHavoc({ db, databaseUrl: url, asOf: '2026-03-01T00:00:00Z', due, workers: 3, kills });
  console.info(`Of the workers, ${report.killed} were killed, ${report.stopped} stopped (${report.stoppedLong} for longer than their locks last), ${report.finished} finished.`);
  expect(report.killed).toBeGreaterThanOrEqual(kills);
  expect(await countAll(db)).toEqual({ charges: 2 * due, periods: 2 * due, events: due, dueTwice: 0 });
  const standing = await db.query('SELECT status, period_index, count(*)::integer AS subscriptions FROM subscription GROUP BY 1, 2');
  expect(standing).toEqual([{ status: 'ACTIVE', period_index: 2, subscriptions: due }]);
  await expectClean(db);
}, isLong ? 1_800_000 : 180_000);
