import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { hashInput } from '../../src/api/room.ts';
import { renew, settle, settlerService } from '../../src/billing/room.ts';
import { money } from '../../src/money/room.ts';
import { topUpsService } from '../../src/wallets/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { makeCreator, micros } from '../support/world.ts';
import { done, expectClean, usd, World } from '../subscriptions/support.ts';
import { counted, renewAt } from './support.ts';

const database = eachTestDatabase();

afterEach(() => expectClean(database.current.db));

async function topUp({ services }: World, personId: string, units: number): Promise<void> {
  const amount = money(usd(units), 'USD');
  const command = { personId, idempotencyKey: randomUUID(), inputHash: hashInput('topUpWallet', { amount }), amount, provider: 'SANDBOX', paymentMethod: 'pm_sandbox_ok' };
  expect(await services.get(topUpsService).topUp(command)).toMatchObject({ kind: 'ANSWERED', topUp: { status: 'SUCCEEDED' } });
}

async function stateOf({ db }: World, personId: string): Promise<string[]> {
  const rows = await db.query<{ status: string }>('SELECT status FROM subscription WHERE person_id = $1 ORDER BY id', [personId]);
  return rows.map(({ status }) => status);
}

/** A fan who owes for as many subscriptions as there are prices, the oldest debt first. */
async function owing(world: World, units: readonly number[], interval: 'DAY' | 'MONTH' = 'MONTH'): Promise<string> {
  const fan = await world.fan(units.reduce((sum, one) => sum + one, 0));
  for (const price of units) {
    const creator = await makeCreator(world.db);
    await world.join(fan, { ...world.own(price, interval), creatorId: creator.id });
    world.clock.pass(3_600_000);
  }
  return fan;
}

const requests = ({ db }: World) => db.query('SELECT person_id FROM settlement');

test('a top-up settles what is owed at once, within the period, on the old schedule', async () => {
  const world = await World.open(database.current);
  const fan = await world.fan(5);
  const joined = await world.join(fan, world.own(5));
  expect(counted(await renewAt(world, '2026-02-28T12:00:00.000Z'))).toEqual({ pastDue: 1 });
  world.services.get(settlerService);
  world.clock.moveTo('2026-03-01T09:00:00.000Z');
  await topUp(world, fan, 10);
  while ((await requests(world)).length > 0) await delay(5);
  expect(await stateOf(world, fan)).toEqual(['ACTIVE']);
  expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED', 'PERIOD 2 5.00 SUCCEEDED']);
  expect(await world.periods(joined)).toEqual(['1 CHARGED 2026-01-31T12:00 – 2026-02-28T12:00', '2 CHARGED 2026-02-28T12:00 – 2026-03-31T12:00']);
  expect(await world.told()).toEqual(['STARTED', 'PAST_DUE', 'RENEWED']);
});

test('paid after the period\'s end, the current one is charged and the missed one skipped', async () => {
  const world = await World.open(database.current, '2026-03-10T12:00:00.000Z');
  const fan = await owing(world, [2], 'DAY');
  expect(counted(await renewAt(world, '2026-03-11T12:00:00.000Z'))).toEqual({ pastDue: 1 });
  world.clock.moveTo('2026-03-14T08:00:00.000Z');
  await topUp(world, fan, 10);
  expect(counted(await settle(world.services))).toEqual({ renewed: 1, skippedPeriods: 2 });
  const rows = await world.db.query<{ index: number; state: string }>('SELECT index, state FROM subscription_period ORDER BY index');
  expect(rows.map(({ index, state }) => `${index} ${state}`)).toEqual(['1 CHARGED', '2 SKIPPED', '3 SKIPPED', '4 CHARGED']);
  expect(await micros(world.db, fan, 'wallet')).toBe(usd(8));
});

test('the oldest debt is settled first, as far as the money goes, and a top-up that is too small counts as no try', async () => {
  const world = await World.open(database.current);
  const fan = await owing(world, [4, 4, 4]);
  for (const moment of ['2026-02-28T12:00:00.000Z', '2026-02-28T13:00:00.000Z', '2026-02-28T14:00:00.000Z']) expect(counted(await renewAt(world, moment))).toEqual({ pastDue: 1 });
  const tries = () => world.db.query('SELECT next_charge_at, failed_attempts FROM subscription ORDER BY id');
  const before = await tries();
  await topUp(world, fan, 3);
  expect(counted(await settle(world.services))).toEqual({});
  expect(await tries()).toEqual(before);
  await topUp(world, fan, 6);
  expect(counted(await settle(world.services))).toEqual({ renewed: 2 });
  expect(await stateOf(world, fan)).toEqual(['ACTIVE', 'ACTIVE', 'PAST_DUE']);
  expect([await micros(world.db, fan, 'wallet'), await requests(world)]).toEqual([usd(1), []]);
});

test('two processes settle each debt once, together with the renewal run', async () => {
  const world = await World.open(database.current, '2026-03-10T12:00:00.000Z');
  const fans = [];
  for (let count = 0; count < 6; count++) fans.push(await owing(world, [1, 2], 'DAY'));
  world.clock.moveTo('2026-03-12T12:00:00.000Z');
  await renewAt(world, '2026-03-12T12:00:00.000Z');
  for (const fan of fans) await topUp(world, fan, 5);
  const other = await world.another(database.current);
  world.clock.moveTo('2026-03-13T12:00:00.000Z');
  await Promise.all([settle(world.services), settle(other.services), renewAt(other, '2026-03-13T12:00:00.000Z', { batch: 1 }), settle(other.services)]);
  await settle(world.services);
  expect(await Promise.all(fans.map((fan) => micros(world.db, fan, 'wallet')))).toEqual(fans.map(() => usd(2)));
  expect([await requests(world), new Set((await Promise.all(fans.map((fan) => stateOf(world, fan)))).flat())]).toEqual([[], new Set(['ACTIVE'])]);
});

test('a debt in a currency whose postings have stopped stays asked for', async () => {
  const world = await World.open(database.current, '2026-03-10T12:00:00.000Z');
  const fan = await owing(world, [2], 'DAY');
  await renewAt(world, '2026-03-11T12:00:00.000Z');
  await topUp(world, fan, 5);
  await world.db.query(`INSERT INTO ledger_halt (currency, reason, halted_at) VALUES ('USD', 'a test', now())`);
  await settle(world.services);
  expect([await stateOf(world, fan), await requests(world)]).toEqual([['PAST_DUE'], [{ person_id: fan }]]);
  await world.db.query('DELETE FROM ledger_halt');
  await settle(world.services);
  expect([await stateOf(world, fan), await requests(world)]).toEqual([['ACTIVE'], []]);
});

test('a debt of a rehearsal, which lies ahead of the clock, stays asked for until a run as of then settles it', async () => {
  const world = await World.open(database.current, '2026-03-10T12:00:00.000Z');
  const fan = await world.fan(2);
  const joined = await world.join(fan, world.own(2, 'DAY'));
  const rehearse = (moment: string) => renew(world.services, { asOf: new Date(moment) });
  expect(counted(await rehearse('2026-03-11T12:00:00.000Z'))).toEqual({ pastDue: 1 });
  await topUp(world, fan, 5);
  expect(counted(await settle(world.services))).toEqual({});
  expect([await stateOf(world, fan), await requests(world)]).toEqual([['PAST_DUE'], [{ person_id: fan }]]);
  expect(counted(await rehearse('2026-03-11T13:00:00.000Z'))).toEqual({ renewed: 1 });
  expect([await stateOf(world, fan), await requests(world)]).toEqual([['ACTIVE'], []]);
  expect(await world.charges(joined)).toEqual(['PERIOD 1 2.00 SUCCEEDED', 'PERIOD 2 2.00 SUCCEEDED']);
});

test('a debt that a clock ahead of this one found is settled as soon as it is one here', async () => {
  const world = await World.open(database.current, '2026-03-10T12:00:00.000Z');
  const fan = await world.fan(2);
  await world.join(fan, world.own(2, 'DAY'));
  await renewAt(world, '2026-03-11T12:00:00.100Z');
  world.clock.moveTo('2026-03-11T11:59:59.900Z');
  await topUp(world, fan, 5);
  expect(counted(await settle(world.services))).toEqual({});
  world.clock.moveTo('2026-03-11T12:00:00.000Z');
  expect(counted(await settle(world.services))).toEqual({ renewed: 1 });
  expect(await requests(world)).toEqual([]);
});

test('a top-up after the end revives nothing', async () => {
  const world = await World.open(database.current, '2026-03-10T12:00:00.000Z');
  const fan = await world.fan(2);
  const joined = await world.join(fan, world.own(2, 'DAY'));
  await renewAt(world, '2026-03-11T12:00:00.000Z');
  done(await world.cancel(joined));
  await topUp(world, fan, 5);
  expect(counted(await settle(world.services))).toEqual({});
  expect([await stateOf(world, fan), await requests(world)]).toEqual([['ENDED'], []]);
});
