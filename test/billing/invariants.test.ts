import { expect, test } from '@jest/globals';
import pg from 'pg';
import { invariants } from '../../src/app.ts';
import { billingRoom } from '../../src/billing/room.ts';
import { check } from '../../src/ledger/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { expectClean, World } from '../subscriptions/support.ts';
import { counted, renewAt } from './support.ts';

const database = eachTestDatabase();
const spent = 'what somebody spent on a day is what their tips and charges of that day took';
const dunned = 'who is past due is tried again within the days of dunning';

const sabotages: readonly (readonly [broken: string, sql: string])[] = [
  [spent, 'UPDATE spending_day SET spent_micros = spent_micros - 1'],
  [spent, `UPDATE spending_day SET day = day + 1`],
  [dunned, 'UPDATE subscription SET next_charge_at = NULL'],
  [dunned, `UPDATE subscription SET next_charge_at = next_charge_at + interval '1 year'`],
  [dunned, 'UPDATE subscription SET next_charge_at = past_due_since'],
  [dunned, `UPDATE subscription SET past_due_since = past_due_since - interval '1 day', next_charge_at = next_charge_at - interval '1 day'`],
  [dunned, 'UPDATE subscription SET failed_attempts = 0'],
];

test.each(sabotages)('the check sees when this does not hold: %s (%s)', async (broken, sql) => {
  const { db, ownerUrl } = database.current;
  const world = await World.open(database.current);
  await world.join(await world.fan(5), world.own(5));
  expect(counted(await renewAt(world, '2026-02-28T12:00:00.000Z'))).toEqual({ pastDue: 1 });
  for (const day of ['2026-03-01', '2026-03-03', '2026-03-05']) {
    expect(counted(await renewAt(world, `${day}T12:00:00.000Z`))).toEqual({ stillPastDue: 1 });
    await expectClean(db);
  }

  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  await owner.query(sql).finally(() => owner.end());
  const lines = await check(db, { full: true, invariants });
  expect(lines.filter((line) => !line.ok).map((line) => line.name)).toContain(broken);
});

test('every invariant of the room is tried', () => {
  const tried = new Set(sabotages.map(([broken]) => broken));
  expect(billingRoom.invariants?.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
});
