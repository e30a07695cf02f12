import { afterEach, describe, expect, test } from '@jest/globals';
import { billingJobs } from '../../src/billing/jobs.ts';
import { renew, type RunReport } from '../../src/billing/room.ts';
import { logService, newId, transaction, type Database } from '../../src/database/room.ts';
import { lockPeople } from '../../src/identity/room.ts';
import { findAccounts, PLATFORM_OWNER_ID, post } from '../../src/ledger/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { makeCreator, micros } from '../support/world.ts';
import { done, expectClean, usd, World } from '../subscriptions/support.ts';
import { countAll, counted, renewAt } from './support.ts';

const database = eachTestDatabase();
const open = (start?: string) => World.open(database.current, start);

afterEach(() => expectClean(database.current.db));

async function statusOf(world: World, id: string): Promise<{ status: string; access_until: Date; past_due_since: Date | null; next_charge_at: Date | null }> {
  const [row] = await world.db.query<{ status: string; access_until: Date; past_due_since: Date | null; next_charge_at: Date | null }>(
    'SELECT status, access_until, past_due_since, next_charge_at FROM subscription WHERE id = $1', [id],
  );
  return row!;
}

test('a server looks for what is due every ten seconds: as long paid access may look over between two periods', () => {
  expect(billingJobs.filter(({ name }) => name === 'renew subscriptions').map(({ everyMs }) => everyMs)).toEqual([10_000]);
});

describe('a run', () => {
  test('charges what is due at its moment and nothing that is not, and again does nothing', async () => {
    const world = await open('2026-01-31T12:00:00.000Z');
    const joined = await world.join(await world.fan(), world.own(5));
    expect(counted(await renewAt(world, '2026-02-28T11:59:59.999Z'))).toEqual({});
    expect(await renewAt(world, '2026-02-28T12:00:00.000Z')).toMatchObject({ renewed: 1, takenMicros: new Map([['USD', usd(5)]]) });
    expect(counted(await renewAt(world, '2026-02-28T12:00:00.000Z'))).toEqual({});
    expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED', 'PERIOD 2 5.00 SUCCEEDED']);
    expect(await world.periods(joined)).toEqual([
      '1 CHARGED 2026-01-31T12:00 – 2026-02-28T12:00', '2 CHARGED 2026-02-28T12:00 – 2026-03-31T12:00',
    ]);
    expect(await world.told()).toEqual(['STARTED', 'RENEWED']);
    expect(await micros(world.db, world.creator.id, 'earnings')).toBe(usd(9.5));
  });

  test('month by month never drifts from the 31st', async () => {
    const world = await open('2026-01-31T12:00:00.000Z');
    const joined = await world.join(await world.fan(), world.own(5));
    for (const moment of ['2026-02-28T13:00:00Z', '2026-04-01T00:00:00Z', '2026-04-30T12:00:01Z', '2026-06-02T00:00:00Z']) await renewAt(world, moment);
    expect((await world.periods(joined)).map((period) => period.slice(-16))).toEqual([
      '2026-02-28T12:00', '2026-03-31T12:00', '2026-04-30T12:00', '2026-05-31T12:00', '2026-06-30T12:00',
    ]);
  });

  test.each([[1, 1], [2, 7], [3, 1], [3, 3], [3, 1_000]])('by %d workers at once, in batches of %d, charges each period once', async (workers, batch) => {
    const world = await open('2026-03-10T12:00:00.000Z');
    const others = [world.creator.id, (await makeCreator(world.db)).id, (await makeCreator(world.db)).id];
    for (let fan = 0; fan < 14; fan++) {
      const personId = await world.fan(20);
      for (const creatorId of others) await world.join(personId, { ...world.own(1, 'DAY'), creatorId });
    }
    const processes = [world, ...(await Promise.all(Array.from({ length: workers - 1 }, () => world.another(database.current))))];
    world.clock.moveTo('2026-03-11T12:00:00.000Z');
    const reports = await Promise.all(processes.map(({ services }) => renew(services, { asOf: world.clock.now(), batch })));
    expect(reports.reduce((sum, { renewed }) => sum + renewed, 0)).toBe(42);
    expect(await countAll(world.db)).toEqual({ charges: 84, periods: 84, events: 42, dueTwice: 0 });
  });

  test('comes back for the fans whom something else had locked', async () => {
    const world = await open('2026-03-10T12:00:00.000Z');
    const [busy, idle] = [await world.fan(), await world.fan()];
    for (const personId of [busy, idle]) await world.join(personId, world.own(1, 'DAY'));
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    const holding = transaction(world.db, async (tx) => {
      await lockPeople(tx, [busy]);
      await released;
    });
    const run = renewAt(world, '2026-03-11T12:00:00.000Z');
    while ((await countAll(world.db)).charges < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await countAll(world.db)).charges).toBe(3);
    release();
    await holding;
    expect(counted(await run)).toEqual({ renewed: 2 });
  });

  test('that is asked to stop finishes its batch, and the next run does the rest', async () => {
    const world = await open('2026-03-10T12:00:00.000Z');
    for (let fan = 0; fan < 6; fan++) await world.join(await world.fan(), world.own(1, 'DAY'));
    const stop = new AbortController();
    let commits = 0;
    world.db.failpoint = (name) => {
      if (name === 'after-commit' && ++commits === 2) stop.abort();
    };
    expect(counted(await renewAt(world, '2026-03-11T12:00:00.000Z', { batch: 1, stop: stop.signal }))).toEqual({ renewed: 2 });
    expect(commits).toBe(2);
    world.db.failpoint = () => {};
    expect(counted(await renewAt(world, '2026-03-11T12:00:00.000Z'))).toEqual({ renewed: 4 });
  });

  test('leaves out the fan whose row the database refuses, names it in the log, and renews everybody else', async () => {
    const world = await open('2026-03-10T12:00:00.000Z');
    const joined = [];
    for (let fan = 0; fan < 5; fan++) joined.push(await world.join(await world.fan(), world.own(1, 'DAY')));
    const poisoned = joined[2]!;
    // A charge of the coming period that nobody made: the database will not take a second one.
    await world.db.query(`UPDATE charge SET period_index = 2 WHERE subscription_id = $1`, [poisoned.id]);
    const errors: object[] = [];
    world.services.provide(logService, { info: () => {}, warn: () => {}, error: (details) => errors.push(details) });
    expect(counted(await renewAt(world, '2026-03-11T12:00:00.000Z'))).toEqual({ renewed: 4, refusedFans: 1 });
    expect(errors).toEqual([expect.objectContaining({ personId: poisoned.personId })]);
    await world.db.query(`UPDATE charge SET period_index = 1 WHERE subscription_id = $1`, [poisoned.id]);
    expect(counted(await renewAt(world, '2026-03-11T12:00:00.000Z'))).toEqual({ renewed: 1 });
  });

  test.each(['before-commit', 'after-commit'])('that is cut off %s leaves nothing half-done', async (failpoint) => {
    const world = await open('2026-03-10T12:00:00.000Z');
    for (let fan = 0; fan < 6; fan++) await world.join(await world.fan(), world.own(1, 'DAY'));
    let passed = 0;
    world.db.failpoint = (name) => {
      // Every transaction from the third on: a worker that is gone runs nothing more.
      if (name === failpoint && ++passed > 2) throw new Error('gone');
    };
    await renewAt(world, '2026-03-11T12:00:00.000Z', { batch: 1 }).catch(() => {});
    world.db.failpoint = () => {};
    await expectClean(world.db);
    await renewAt(world, '2026-03-11T12:00:00.000Z', { batch: 1 });
    expect(await countAll(world.db)).toEqual({ charges: 12, periods: 12, events: 6, dueTwice: 0 });
  });
});

describe('after months of downtime', () => {
  test('a fan pays for the current period alone, on the old schedule', async () => {
    const world = await open('2026-01-31T12:00:00.000Z');
    const fan = await world.fan(100);
    const joined = await world.join(fan, world.own(5));
    expect(counted(await renewAt(world, '2026-06-15T00:00:00.000Z'))).toEqual({ renewed: 1, skippedPeriods: 3 });
    expect(await world.periods(joined)).toEqual([
      '1 CHARGED 2026-01-31T12:00 – 2026-02-28T12:00', '2 SKIPPED 2026-02-28T12:00 – 2026-03-31T12:00', '3 SKIPPED 2026-03-31T12:00 – 2026-04-30T12:00',
      '4 SKIPPED 2026-04-30T12:00 – 2026-05-31T12:00', '5 CHARGED 2026-05-31T12:00 – 2026-06-30T12:00',
    ]);
    expect(await micros(world.db, fan, 'wallet')).toBe(usd(90));
  });

  test('catching up charges every period, as far as the wallet reaches', async () => {
    const world = await open('2026-01-31T12:00:00.000Z');
    const [rich, poor] = [await world.join(await world.fan(100), world.own(5)), await world.join(await world.fan(17), world.own(5))];
    expect(counted(await renewAt(world, '2026-06-15T00:00:00.000Z', { catchUp: true }))).toEqual({ renewed: 6, pastDue: 1 });
    expect((await world.periods(rich)).map((period) => period.slice(0, 9))).toEqual(['1 CHARGED', '2 CHARGED', '3 CHARGED', '4 CHARGED', '5 CHARGED']);
    expect(await world.charges(poor)).toEqual(['PERIOD 1 5.00 SUCCEEDED', 'PERIOD 2 5.00 SUCCEEDED', 'PERIOD 3 5.00 SUCCEEDED', 'PERIOD 4 5.00 FAILED']);
  });

  test('a run as of an earlier time does what that time would have done', async () => {
    const world = await open('2026-01-31T12:00:00.000Z');
    const joined = await world.join(await world.fan(100), world.own(5));
    world.clock.moveTo('2026-06-15T00:00:00.000Z');
    for (const asOf of ['2026-02-28', '2026-03-01', '2026-05-01']) await renew(world.services, { asOf: new Date(asOf) });
    expect((await world.periods(joined)).map((period) => period.slice(0, 9))).toEqual(['1 CHARGED', '2 CHARGED', '3 SKIPPED', '4 CHARGED']);
  });
});

describe('what waits for the end of a period takes effect there, however late the run', () => {
  test('a cancellation ends it, uncharged, and frees its place', async () => {
    const world = await open('2026-01-31T12:00:00.000Z');
    const tier = await world.tier(5, { capacity: 1 });
    const joined = await world.join(await world.fan(), { tierId: tier.id });
    done(await world.cancel(joined));
    expect(counted(await renewAt(world, '2026-04-15T00:00:00.000Z'))).toEqual({ ended: 1 });
    expect([await world.charges(joined), await world.taken(tier.id)]).toEqual([['PERIOD 1 5.00 SUCCEEDED'], 0]);
    const [row] = await world.db.query<{ ended_at: Date }>('SELECT ended_at FROM subscription WHERE id = $1', [joined.id]);
    expect(row!.ended_at).toEqual(new Date('2026-02-28T12:00:00.000Z'));
  });

  test('a downgrade is charged at its new price', async () => {
    const world = await open('2026-01-31T12:00:00.000Z');
    const [gold, bronze] = [await world.tier(10), await world.tier(3)];
    const joined = await world.join(await world.fan(), { tierId: gold.id });
    done(await world.change(joined, { tierId: bronze.id }));
    expect(counted(await renewAt(world, '2026-03-05T00:00:00.000Z'))).toEqual({ renewed: 1, changed: 1 });
    expect(await world.charges(joined)).toEqual(['PERIOD 1 10.00 SUCCEEDED', 'PERIOD 2 3.00 SUCCEEDED']);
    expect([await world.taken(gold.id), await world.taken(bronze.id)]).toEqual([0, 1]);
  });

  test('a pause stops the charges, and with an end goes on by itself from there', async () => {
    const world = await open('2026-01-31T12:00:00.000Z');
    const joined = await world.join(await world.fan(), world.own(5));
    done(await world.pause(joined, '2026-04-10T06:00:00.000Z'));
    expect(counted(await renewAt(world, '2026-03-01T00:00:00.000Z'))).toEqual({ paused: 1 });
    expect(counted(await renewAt(world, '2026-04-10T05:59:00.000Z'))).toEqual({});
    expect(counted(await renewAt(world, '2026-04-10T07:00:00.000Z'))).toEqual({ resumed: 1, renewed: 1 });
    expect(await world.periods(joined)).toEqual([
      '1 CHARGED 2026-01-31T12:00 – 2026-02-28T12:00', '2 PAUSED 2026-02-28T12:00 – 2026-03-31T12:00', '3 PAUSED 2026-03-31T12:00 – 2026-04-10T06:00',
      '4 CHARGED 2026-04-10T06:00 – 2026-05-10T06:00',
    ]);
    expect(await world.told()).toEqual(['STARTED', 'PAUSED', 'RESUMED', 'RENEWED']);
  });
});

describe('an empty wallet', () => {
  test('makes it past due, is tried again after 1, 3, 5 and 7 days, and ends it after the last', async () => {
    const world = await open('2026-01-31T12:00:00.000Z');
    const tier = await world.tier(5, { capacity: 3 });
    const joined = await world.join(await world.fan(5), { tierId: tier.id });
    const seen = [];
    for (let hour = -1; hour <= 8 * 24; hour += 1) {
      const moment = new Date(Date.parse('2026-02-28T12:00:00.000Z') + hour * 3_600_000).toISOString();
      const counts = counted(await renewAt(world, moment));
      if (Object.keys(counts).length > 0) seen.push([hour / 24, counts]);
    }
    expect(seen).toEqual([
      [0, { pastDue: 1 }], [1, { stillPastDue: 1 }], [3, { stillPastDue: 1 }], [5, { stillPastDue: 1 }], [7, { ended: 1, skippedPeriods: 1 }],
    ]);
    expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED', 'PERIOD 2 5.00 FAILED']);
    expect(await statusOf(world, joined.id)).toMatchObject({ status: 'ENDED', access_until: new Date('2026-03-03T12:00:00.000Z'), next_charge_at: null });
    expect([await world.told(), await world.taken(tier.id)]).toEqual([['STARTED', 'PAST_DUE', 'ENDED'], 0]);
  });

  test('leaves the youngest debt unpaid, and takes nothing in part', async () => {
    const world = await open('2026-03-10T12:00:00.000Z');
    const fan = await world.fan(14);
    const creators = [world.creator.id, (await makeCreator(world.db)).id, (await makeCreator(world.db)).id];
    const joined = [];
    for (const creatorId of creators) {
      joined.push(await world.join(fan, { ...world.own(3, 'DAY'), creatorId }));
      world.clock.pass(60_000);
    }
    expect(counted(await renewAt(world, '2026-03-11T13:00:00.000Z'))).toEqual({ renewed: 1, pastDue: 2 });
    expect((await Promise.all(joined.map(({ id }) => statusOf(world, id)))).map(({ status }) => status)).toEqual(['ACTIVE', 'PAST_DUE', 'PAST_DUE']);
    expect(await micros(world.db, fan, 'wallet')).toBe(usd(2));
  });

  test('in a frozen account counts the same, with its reason', async () => {
    const world = await open('2026-03-10T12:00:00.000Z');
    const joined = await world.join(await world.fan(), world.own(1, 'DAY'));
    await world.db.query('UPDATE person SET frozen_at = $2 WHERE id = $1', [joined.personId, world.clock.now()]);
    expect(counted(await renewAt(world, '2026-03-11T12:00:00.000Z'))).toEqual({ pastDue: 1 });
    const [charge] = await world.db.query(`SELECT failure_reason FROM charge WHERE subscription_id = $1 AND status = 'FAILED'`, [joined.id]);
    expect(charge).toEqual({ failure_reason: 'ACCOUNT_FROZEN' });
  });
});

test.each([
  ['less than is owed', -5, { pastDue: 1, renewed: 1 }],
  ['enough all the same', -4, { renewed: 2 }],
])('money that leaves a wallet between the forecast and the lock, and leaves %s, is noticed', async (_, units, report) => {
  const world = await open('2026-03-10T12:00:00.000Z');
  const [fan, other] = [await world.fan(10), await world.fan(10)];
  for (const personId of [fan, other]) await world.join(personId, world.own(3, 'DAY'));
  const [wallet, loss] = await findAccounts(world.db, [{ ownerId: fan, kind: 'wallet', currency: 'USD' }, { ownerId: PLATFORM_OWNER_ID, kind: 'platform_loss', currency: 'USD' }]);
  const entries = [{ accountId: wallet!, amountMicros: usd(units) }, { accountId: loss!, amountMicros: usd(-units) }];
  let run: Promise<RunReport> | undefined;
  await transaction(world.db, async (tx) => {
    await post(tx, [{ id: newId(), kind: 'ADJUSTMENT', causeId: newId(), currency: 'USD', entries, createdAt: world.clock.now() }]);
    run = renewAt(world, '2026-03-11T12:00:00.000Z');
    // The run has read the balance and waits for the account that this transaction holds.
    while (!(await isWaiting(world.db))) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  expect(counted(await run!)).toEqual(report);
});

async function isWaiting(db: Database): Promise<boolean> {
  const rows = await db.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`);
  return rows.length > 0;
}

test('a currency whose postings have stopped is left as it is, and renewed once they go on', async () => {
  const world = await open('2026-03-10T12:00:00.000Z');
  const [staying, leaving] = [await world.join(await world.fan(), world.own(1, 'DAY')), await world.join(await world.fan(), world.own(1, 'DAY'))];
  done(await world.cancel(leaving));
  await world.db.query(`INSERT INTO ledger_halt (currency, reason, halted_at) VALUES ('USD', 'a test', now())`);
  expect(counted(await renewAt(world, '2026-03-11T12:00:00.000Z'))).toEqual({ held: 1, ended: 1 });
  expect(await statusOf(world, staying.id)).toMatchObject({ status: 'ACTIVE', past_due_since: null });
  await world.db.query('DELETE FROM ledger_halt');
  expect(counted(await renewAt(world, '2026-03-11T12:00:00.000Z'))).toEqual({ renewed: 1 });
});
