import { afterEach, describe, expect, test } from '@jest/globals';
import { Interval } from '../../src/api/room.ts';
import { archiveTier, updateTier } from '../../src/creators/room.ts';
import { newId } from '../../src/database/room.ts';
import { money } from '../../src/money/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { fundWallet, makeCreator, makePerson, micros } from '../support/world.ts';
import { capSpending } from '../wallets/caps.ts';
import { done, expectClean, tally, tierId, usd, World } from './support.ts';

const database = eachTestDatabase();

afterEach(() => expectClean(database.current.db));

test('joining a tier charges its first period at once, split into the fee and the creator\'s part', async () => {
  const world = await World.open(database.current);
  const tier = await world.tier(5, { capacity: 3 });
  const fan = await world.fan(20);
  const joined = await world.join(fan, { tierId: tier.id });
  expect(joined).toMatchObject({ tierId: tier.id, amountMicros: usd(5), interval: 'MONTH', status: 'ACTIVE', periodIndex: 1, chargeCount: 1 });
  expect(await world.periods(joined)).toEqual(['1 CHARGED 2026-01-31T12:00 – 2026-02-28T12:00']);
  expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED']);
  expect(joined.nextChargeAt).toEqual(joined.periodEnd);
  expect(joined.accessUntil).toEqual(joined.periodEnd);
  expect(await micros(world.db, fan, 'wallet')).toBe(usd(15));
  expect(await micros(world.db, world.creator.id, 'earnings')).toBe(usd(4.75));
  expect(await world.taken(tier.id)).toBe(1);
  expect(await world.told()).toEqual(['STARTED']);
});

test.each([
  ['DAY', '2026-02-01T12:00'], ['WEEK', '2026-02-07T12:00'], ['MONTH', '2026-02-28T12:00'], ['YEAR', '2027-01-31T12:00'],
] as const)('a cent a %s of one\'s own is paid until %s', async (interval, end) => {
  const world = await World.open(database.current);
  const joined = await world.join(await world.fan(1), world.own(0.01, interval));
  expect(await world.periods(joined)).toEqual([`1 CHARGED 2026-01-31T12:00 – ${end}`]);
  expect(joined.tierId).toBeNull();
});

test('what was charged is divided to the micro whatever the amount and the fee', async () => {
  const world = await World.open(database.current, undefined, { feeBps: 333 });
  const fan = await world.fan(1);
  await world.join(fan, { creatorId: world.creator.id, amount: money(10_007n, 'USD'), interval: 'DAY' });
  expect(await micros(world.db, world.creator.id, 'earnings')).toBe(10_007n - 333n);
});

describe('the same key', () => {
  test('answers the same subscription in the state it has by then, and charges once', async () => {
    const world = await World.open(database.current);
    const fan = await world.fan(20);
    const first = done(await world.subscribe(fan, world.own(5), { key: 'k' }));
    await world.cancel(first);
    const again = done(await world.subscribe(fan, world.own(5), { key: 'k' }));
    expect(again).toMatchObject({ id: first.id, status: 'CANCELING' });
    world.clock.moveTo('2026-03-31T12:00:00Z');
    await world.cancel(first);
    expect(done(await world.subscribe(fan, world.own(5), { key: 'k' }))).toMatchObject({ id: first.id, status: 'ENDED' });
    expect(await micros(world.db, fan, 'wallet')).toBe(usd(15));
  });

  test('with other input is refused before every rule, also by somebody who could not subscribe at all', async () => {
    const world = await World.open(database.current);
    const fan = await world.fan(20);
    await world.subscribe(fan, world.own(5), { key: 'k' });
    expect(await world.subscribe(fan, world.own(6), { key: 'k' })).toEqual({ kind: 'IDEMPOTENCY_MISMATCH' });
    expect(await world.subscribe(fan, { tierId: newId() }, { key: 'k' })).toEqual({ kind: 'IDEMPOTENCY_MISMATCH' });
    expect(await world.subscribe(await world.fan(20), world.own(6), { key: 'k' })).toMatchObject({ kind: 'DONE' });
  });

  test('may succeed after a refusal, which stored nothing', async () => {
    const world = await World.open(database.current);
    const fan = await world.fan(1);
    expect(tally([await world.subscribe(fan, world.own(5), { key: 'k' })])).toEqual({ INSUFFICIENT_FUNDS: 1 });
    await fundWallet(world.db, fan, usd(4));
    expect(done(await world.subscribe(fan, world.own(5), { key: 'k' })).status).toBe('ACTIVE');
  });

  test('sent by two processes at once makes one subscription', async () => {
    const world = await World.open(database.current);
    const other = await world.another(database.current);
    const fan = await world.fan(100);
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, at) => (at % 2 ? world : other).subscribe(fan, world.own(5), { key: 'k' })));
    expect(new Set(outcomes.map((outcome) => done(outcome).id)).size).toBe(1);
    expect(await micros(world.db, fan, 'wallet')).toBe(usd(95));
  });
});

describe('refusals, each of which writes nothing', () => {
  test.each<[string, (world: World) => Promise<unknown>, object, madeBefore?: number]>([
    ['of an unknown tier', async (world) => world.subscribe(await world.fan(), { tierId: newId() }), { kind: 'TIER_NOT_FOUND' }],
    ['of an unknown creator', async (world) => world.subscribe(await world.fan(), { ...world.own(5), creatorId: newId() } as never), { kind: 'CREATOR_NOT_FOUND' }],
    ['of an unknown person', async (world) => world.subscribe(newId(), world.own(5)), { kind: 'PERSON_NOT_FOUND' }],
    ['of a closed tier', async (world) => {
      const tier = await world.tier(5);
      await archiveTier(world.services, world.creator.ownerId, tierId(tier));
      return world.subscribe(await world.fan(), { tierId: tier.id });
    }, { kind: 'TIER_ARCHIVED' }],
    ['of oneself', async (world) => world.subscribe(world.creator.ownerId, world.own(5)), { kind: 'SELF_PAYMENT' }],
    ['of another currency', async (world) => world.subscribe(await world.fan(), { ...world.own(5), amount: money(usd(5), 'EUR') } as never), { kind: 'CURRENCY_MISMATCH', given: 'EUR', expected: 'USD' }],
    ['of too little', async (world) => world.subscribe(await world.fan(), world.own(0.009999)), { kind: 'AMOUNT_OUT_OF_RANGE', minimum: money(10_000n, 'USD') }],
    ['of too much', async (world) => world.subscribe(await world.fan(), world.own(10_000.000001)), { kind: 'AMOUNT_OUT_OF_RANGE', maximum: money(usd(10_000), 'USD') }],
    ['of an empty wallet', async (world) => world.subscribe(await world.fan(3), world.own(5)), { kind: 'NOT_CHARGED', why: { kind: 'INSUFFICIENT_FUNDS', balanceMicros: usd(3), shortfallMicros: usd(2) } }],
    ['of somebody without a wallet', async (world) => world.subscribe(await makePerson(world.db), world.own(5)), { kind: 'NOT_CHARGED', why: { kind: 'INSUFFICIENT_FUNDS', balanceMicros: 0n, shortfallMicros: usd(5) } }],
    ['of a frozen account', async (world) => {
      const fan = await world.fan();
      await world.db.query('UPDATE person SET frozen_at = now() WHERE id = $1', [fan]);
      return world.subscribe(fan, world.own(5));
    }, { kind: 'NOT_CHARGED', why: { kind: 'ACCOUNT_FROZEN' } }],
    ['of what would pass the fan\'s own cap', async (world) => {
      const fan = await world.fan();
      await capSpending(world.db, fan, usd(4), world.clock.now());
      return world.subscribe(fan, world.own(5));
    }, { kind: 'NOT_CHARGED', why: { kind: 'CAP_EXCEEDED', cap: { remainingMicros: usd(4) } } }],
    ['of halted books', async (world) => {
      const fan = await world.fan();
      await world.db.query(`INSERT INTO ledger_halt (currency, reason, halted_at) VALUES ('USD', 'a test', now())`);
      return world.subscribe(fan, world.own(5)).finally(() => world.db.query('DELETE FROM ledger_halt'));
    }, { kind: 'NOT_CHARGED', why: { kind: 'LEDGER_HALTED', currency: 'USD' } }],
    ['of a price that moved', async (world) => {
      const tier = await world.tier(5);
      await updateTier(world.services, world.creator.ownerId, { tierId: tierId(tier), price: { amount: '6', currency: 'USD' } });
      return world.subscribe(await world.fan(), { tierId: tier.id }, { expectedDueNow: money(usd(5), 'USD') });
    }, { kind: 'PRICE_CHANGED', price: { dueNowMicros: usd(6) } }],
    ['of a price in another currency', async (world) => world.subscribe(await world.fan(), world.own(5), { expectedDueNow: money(usd(5), 'EUR') }), { kind: 'CURRENCY_MISMATCH', given: 'EUR', expected: 'USD', of: 'expectedDueNow' }],
    ['of a price of 15 minutes ago', async (world) => {
      const pricedAt = new Date(world.clock.now().getTime() - 15 * 60_000);
      return world.subscribe(await world.fan(), world.own(5), { expectedDueNow: money(usd(5), 'USD'), pricedAt });
    }, { kind: 'PRICE_CHANGED' }],
    ['of a price of the future', async (world) => {
      const pricedAt = new Date(world.clock.now().getTime() + 1);
      return world.subscribe(await world.fan(), world.own(5), { expectedDueNow: money(usd(5), 'USD'), pricedAt });
    }, { kind: 'PRICE_CHANGED' }],
    ['of a full tier', async (world) => {
      const tier = await world.tier(5, { capacity: 1 });
      await world.join(await world.fan(), { tierId: tier.id });
      return world.subscribe(await world.fan(), { tierId: tier.id });
    }, { kind: 'SOLD_OUT', capacity: 1 }, 1],
    ['of a second one to the same creator', async (world) => {
      const fan = await world.fan();
      await world.join(fan, world.own(5));
      return world.subscribe(fan, { tierId: (await world.tier(7)).id });
    }, { kind: 'ALREADY_SUBSCRIBED' }, 1],
  ])('%s', async (_, act, expected, madeBefore = 0) => {
    const world = await World.open(database.current);
    expect(await act(world)).toMatchObject(expected);
    const [row] = await world.db.query<{ subscriptions: bigint; postings: bigint; events: bigint }>(
      `SELECT (SELECT count(*) FROM subscription) AS subscriptions, (SELECT count(*) FROM posting WHERE kind = 'SUBSCRIPTION') AS postings,
         (SELECT count(*) FROM stream_event) AS events`,
    );
    expect(row).toEqual({ subscriptions: BigInt(madeBefore), postings: BigInt(madeBefore), events: BigInt(madeBefore) });
  });
});

test('a price that was shown 14 minutes and 59 seconds ago is charged exactly', async () => {
  const world = await World.open(database.current);
  const pricedAt = world.clock.now();
  world.clock.pass(15 * 60_000 - 1_000);
  expect(done(await world.subscribe(await world.fan(), world.own(5), { expectedDueNow: money(usd(5), 'USD'), pricedAt })).status).toBe('ACTIVE');
});

test('when 200 fans race for 10 places through two processes, exactly 10 get in and pay', async () => {
  const world = await World.open(database.current);
  const other = await world.another(database.current);
  const tier = await world.tier(5, { capacity: 10 });
  const fans = [];
  for (let at = 0; at < 200; at++) fans.push(await world.fan(10));
  const outcomes = await Promise.all(fans.map((fan, at) => (at % 2 ? world : other).subscribe(fan, { tierId: tier.id })));
  expect(tally(outcomes)).toEqual({ DONE: 10, SOLD_OUT: 190 });
  expect(await world.taken(tier.id)).toBe(10);
  expect(await micros(world.db, world.creator.id, 'earnings')).toBe(usd(47.5));
});

test('one fan who races to join the same creator by many keys gets in once', async () => {
  const world = await World.open(database.current);
  const other = await world.another(database.current);
  const tier = await world.tier(5);
  const fan = await world.fan(1000);
  const outcomes = await Promise.all(Array.from({ length: 40 }, (_, at) => (at % 2 ? world : other).subscribe(fan, at % 3 ? { tierId: tier.id } : world.own(2, 'DAY'))));
  expect(tally(outcomes)).toEqual({ DONE: 1, ALREADY_SUBSCRIBED: 39 });
});

test('one fan may subscribe to many creators, each once', async () => {
  const world = await World.open(database.current);
  const fan = await world.fan(1000);
  const creators = [world.creator, await makeCreator(world.db), await makeCreator(world.db)];
  const outcomes = await Promise.all(creators.map(({ id }) => world.subscribe(fan, { creatorId: id, amount: money(usd(1), 'USD'), interval: Interval.WEEK })));
  expect(tally(outcomes)).toEqual({ DONE: 3 });
});

test('who canceled may join again once the paid period is over, though no renewal run has ended it yet, and into the place it frees', async () => {
  const world = await World.open(database.current);
  const tier = await world.tier(5, { capacity: 1 });
  const fan = await world.fan(100);
  const first = await world.join(fan, { tierId: tier.id });
  await world.cancel(first);
  expect(await world.subscribe(fan, { tierId: tier.id })).toEqual({ kind: 'ALREADY_SUBSCRIBED' });
  world.clock.moveTo('2026-02-28T12:00:00Z');
  const second = await world.join(fan, { tierId: tier.id });
  expect(second.id).not.toBe(first.id);
  expect(await world.taken(tier.id)).toBe(1);
  expect(await world.told()).toEqual(['STARTED', 'CANCELED', 'ENDED', 'STARTED']);
});
