import { afterEach, expect, test } from '@jest/globals';
import { renew, type RunReport } from '../../src/billing/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { dayMs } from '../support/clock.ts';
import { micros } from '../support/world.ts';
import { expectClean, usd, World } from '../subscriptions/support.ts';
import { capSpending } from '../wallets/caps.ts';
import { counted } from './support.ts';

/** Runs that take a past time for now: what they find due is of then, what they do is of today. */

const database = eachTestDatabase();
const today = '2026-03-20T00:30:00.000Z';

afterEach(() => expectClean(database.current.db));

function renewAsOf(world: World, moment: string): Promise<RunReport> {
  return renew(world.services, { asOf: new Date(moment) });
}

test('who is first asked by a run as of ten days ago has all days of dunning before them', async () => {
  const world = await World.open(database.current, '2026-03-09T12:00:00.000Z');
  const { id } = await world.join(await world.fan(1), world.own(1, 'DAY'));
  world.clock.moveTo(today);
  expect(counted(await renewAsOf(world, '2026-03-10T12:00:00.000Z'))).toEqual({ pastDue: 1 });
  const [row] = await world.db.query('SELECT past_due_since AS since, next_charge_at AS next FROM subscription WHERE id = $1', [id]);
  expect(row).toEqual({ since: new Date(today), next: new Date(Date.parse(today) + dayMs) });

  const seen = [];
  for (let days = 0; days < 8; days++) {
    const counts = counted(await renew(world.services, { asOf: world.clock.now() }));
    if (Object.keys(counts).length > 0) seen.push([days, Object.keys(counts)[0]]);
    world.clock.pass(dayMs);
  }
  expect(seen).toEqual([[1, 'stillPastDue'], [3, 'stillPastDue'], [5, 'stillPastDue'], [7, 'ended']]);
});

test('runs as of several past days take no more in one night than the day\'s cap', async () => {
  const world = await World.open(database.current, '2026-03-09T12:00:00.000Z');
  const fan = await world.fan(100);
  await world.join(fan, world.own(5, 'DAY'));
  await capSpending(world.db, fan, usd(5), world.clock.now());
  world.clock.moveTo(today);
  for (const day of ['10', '11', '12', '13']) await renewAsOf(world, `2026-03-${day}T12:00:00.000Z`);
  expect(await micros(world.db, fan, 'wallet')).toBe(usd(90));
  const spent = await world.db.query('SELECT day::text, spent_micros AS spent FROM spending_day WHERE person_id = $1 ORDER BY day', [fan]);
  expect(spent).toEqual([{ day: '2026-03-09', spent: usd(5) }, { day: '2026-03-20', spent: usd(5) }]);
});
