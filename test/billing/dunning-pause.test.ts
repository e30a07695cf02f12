import { expect, test } from '@jest/globals';
import { eachTestDatabase } from '../support/database.ts';
import { fundWallet } from '../support/world.ts';
import { expectClean, usd, World } from '../subscriptions/support.ts';
import { counted, renewAt } from './support.ts';

const database = eachTestDatabase({ endsWith: ({ db }) => expectClean(db) });

test('while dunning is paused nobody is tried again and nobody ends, and those who pay are renewed', async () => {
  const world = await World.open(database.current, '2026-03-10T12:00:00.000Z');
  const [poor, rich] = [await world.fan(1), await world.fan(20)];
  for (const personId of [poor, rich]) await world.join(personId, world.own(1, 'WEEK'));
  expect(counted(await renewAt(world, '2026-03-17T12:00:00.000Z'))).toEqual({ renewed: 1, pastDue: 1 });
  await world.db.query(`INSERT INTO dunning_pause (paused_until, reason) VALUES ('2026-03-25T00:00:00Z', 'a test')`);
  expect(counted(await renewAt(world, '2026-03-24T23:59:00.000Z'))).toEqual({ renewed: 1 });
  await fundWallet(world.db, poor, usd(5));
  expect(counted(await renewAt(world, '2026-03-25T00:00:00.000Z'))).toEqual({ renewed: 1, skippedPeriods: 1 });
  expect(counted(await renewAt(world, '2026-03-25T00:00:00.000Z'))).toEqual({});
});
