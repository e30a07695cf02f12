import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Interval } from '../../src/api/room.ts';
import { renew } from '../../src/billing/room.ts';
import { archiveTier, updateTier } from '../../src/creators/room.ts';
import { newId } from '../../src/database/room.ts';
import { money } from '../../src/money/room.ts';
import { nextCharge, type Subscription } from '../../src/subscriptions/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { fundWallet, makeCreator, micros } from '../support/world.ts';
import { done, expectClean, february, own, tally, tierId, usd, World } from './support.ts';

const database = eachTestDatabase();

afterEach(() => expectClean(database.current.db));

test('an upgrade takes effect now and costs the difference for the rest of the period', async () => {
  const { world, joined, tier } = await february(database.current);
  const gold = await world.tier(10, { name: 'Gold' });
  const changed = done(await world.change(joined, { tierId: gold.id }));
  expect(changed).toMatchObject({ tierId: gold.id, amountMicros: usd(10), periodIndex: 1, periodEnd: joined.periodEnd, anchor: joined.anchor, pending: null });
  expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED', 'PRORATION 1 2.50 SUCCEEDED']);
  expect(await micros(world.db, joined.personId, 'wallet')).toBe(usd(992.5));
  expect([await world.taken(tier), await world.taken(gold.id)]).toEqual([0, 1]);
  expect(await world.told()).toEqual(['STARTED', 'CHANGED']);
  const [kind] = await world.db.query<{ kind: string }>(`SELECT kind FROM posting ORDER BY created_at DESC, id DESC LIMIT 1`);
  expect(kind).toEqual({ kind: 'SUBSCRIPTION_PRORATION' });
});

test('a downgrade waits for the period\'s end, costs nothing, and holds its new place and the old one until then', async () => {
  const { world, joined, tier } = await february(database.current, { units: 10 });
  const bronze = await world.tier(2, { capacity: 1 });
  const changed = done(await world.change(joined, { tierId: bronze.id }));
  expect(changed).toMatchObject({ tierId: tier, amountMicros: usd(10), pending: { kind: 'DOWNGRADE', tierId: bronze.id, amountMicros: usd(2) } });
  expect(nextCharge(changed)).toEqual({ amountMicros: usd(2), at: joined.periodEnd });
  expect([await world.taken(tier), await world.taken(bronze.id)]).toEqual([1, 1]);
  expect(await world.subscribe(await world.fan(), { tierId: bronze.id })).toMatchObject({ kind: 'SOLD_OUT' });
  expect(await world.charges(joined)).toEqual(['PERIOD 1 10.00 SUCCEEDED']);

  world.clock.moveTo('2026-03-01T00:00:00.000Z');
  const after = done(await world.pause(joined));
  expect(after).toMatchObject({ tierId: bronze.id, amountMicros: usd(2), status: 'PAUSED' });
  expect([await world.taken(tier), await world.taken(bronze.id)]).toEqual([0, 1]);
});

test('a fan whose downgrade no run has applied yet can go back to a full tier, in which the last place is their own', async () => {
  const { world, joined, tier } = await february(database.current, { units: 10, capacity: 1 });
  const small = await world.tier(2);
  done(await world.change(joined, { tierId: small.id }));
  world.clock.moveTo('2026-03-01T00:00:01.000Z');
  expect(await world.subscribe(await world.fan(), { tierId: tier })).toMatchObject({ kind: 'SOLD_OUT' });
  expect(done(await world.change(joined, { tierId: tier }))).toMatchObject({ tierId: tier, pending: null });
  expect([await world.taken(tier), await world.taken(small.id)]).toEqual([1, 0]);
});

test('an upgrade after a downgrade was asked for takes its place', async () => {
  const { world, joined, tier } = await february(database.current, { units: 5 });
  const [small, big] = [await world.tier(2), await world.tier(8)];
  await world.change(joined, { tierId: small.id });
  const changed = done(await world.change(joined, { tierId: big.id }));
  expect(changed).toMatchObject({ tierId: big.id, pending: null });
  expect([await world.taken(tier), await world.taken(small.id), await world.taken(big.id)]).toEqual([0, 0, 1]);
  expect(done(await world.change(joined, { tierId: small.id })).pending).toMatchObject({ tierId: small.id });
  expect(done(await world.change(joined, { tierId: big.id }))).toMatchObject({ tierId: big.id, pending: null });
});

test('a dearer interval begins a new period and a new schedule now; what is left of the old one is credited', async () => {
  const { world, joined } = await february(database.current);
  const changed = done(await world.change(joined, own(60, 'YEAR')));
  expect(changed).toMatchObject({ interval: 'YEAR', periodIndex: 2, anchorIndex: 2, anchor: new Date('2026-02-15T00:00:00.000Z') });
  expect(await world.periods(joined)).toEqual(['1 CHARGED 2026-02-01T00:00 – 2026-02-15T00:00', '2 CHARGED 2026-02-15T00:00 – 2027-02-15T00:00']);
  expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED', 'PERIOD 2 57.50 SUCCEEDED']);
  expect(changed.accessUntil).toEqual(new Date('2027-02-15T00:00:00.000Z'));
});

test('a cheaper interval waits for the period\'s end', async () => {
  const { world, joined } = await february(database.current);
  const changed = done(await world.change(joined, own(1, 'WEEK')));
  expect(changed.pending).toMatchObject({ kind: 'DOWNGRADE', interval: 'WEEK', amountMicros: usd(1) });
  expect(await world.periods(joined)).toEqual(['1 CHARGED 2026-02-01T00:00 – 2026-03-01T00:00']);
});

test('changing the interval in the very millisecond of joining ends that period after one', async () => {
  const world = await World.open(database.current);
  const joined = await world.join(await world.fan(), world.own(5));
  const changed = done(await world.change(joined, own(60, 'YEAR')));
  expect(changed.periodStart.getTime()).toBe(joined.periodStart.getTime() + 1);
  expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED', 'PERIOD 2 55.00 SUCCEEDED']);
});

test('a tier\'s new price is for new members; a member pays the old one until accepting it by changing to the same tier', async () => {
  const { world, joined, tier } = await february(database.current);
  await updateTier(world.services, world.creator.ownerId, { tierId: tierId({ id: tier } as never), price: { amount: '7', currency: 'USD' } });
  expect((await world.join(await world.fan(), { tierId: tier })).amountMicros).toBe(usd(7));
  const [row] = await world.db.query<{ amount_micros: bigint }>('SELECT amount_micros FROM subscription WHERE id = $1', [joined.id]);
  expect(row!.amount_micros).toBe(usd(5));
  const accepted = done(await world.change(joined, { tierId: tier }));
  expect(accepted.amountMicros).toBe(usd(7));
  expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED', 'PRORATION 1 1.00 SUCCEEDED']);
  expect(await world.taken(tier)).toBe(2);
});

test('a member of a full tier may accept its new price, and one of a closed tier may stay', async () => {
  const { world, joined, tier } = await february(database.current, { capacity: 1 });
  await updateTier(world.services, world.creator.ownerId, { tierId: tierId({ id: tier } as never), price: { amount: '4', currency: 'USD' } });
  await archiveTier(world.services, world.creator.ownerId, tierId({ id: tier } as never));
  expect(done(await world.change(joined, { tierId: tier })).pending).toMatchObject({ tierId: tier, amountMicros: usd(4) });
  expect(await world.taken(tier)).toBe(1);
});

test('changing to the same plan takes a pending downgrade back, costs nothing, and stores its key', async () => {
  const { world, joined } = await february(database.current);
  await world.change(joined, own(2));
  const same = await world.change(joined, { tierId: joined.tierId! });
  expect(done(same)).toMatchObject({ pending: null, tierId: joined.tierId, amountMicros: usd(5) });
  const rows = await world.db.query<{ due_now_micros: bigint; charge_id: string | null }>('SELECT due_now_micros, charge_id FROM subscription_change ORDER BY id');
  expect(rows).toEqual([{ due_now_micros: 0n, charge_id: null }, { due_now_micros: 0n, charge_id: null }]);
  expect(await world.told()).toEqual(['STARTED']);
});

test('a downgrade is taken back by resuming, at the price that a member accepted once and with the place it held given back', async () => {
  const { world, joined, tier } = await february(database.current);
  const small = await world.tier(2, { capacity: 1 });
  await updateTier(world.services, world.creator.ownerId, { tierId: tierId({ id: tier } as never), price: { amount: '8', currency: 'USD' } });
  await world.change(joined, { tierId: small.id });
  const resumed = done(await world.resume(joined));
  expect(resumed).toMatchObject({ status: 'ACTIVE', pending: null, tierId: tier, amountMicros: usd(5) });
  expect(nextCharge(resumed)).toEqual({ amountMicros: usd(5), at: joined.periodEnd });
  expect([await world.taken(tier), await world.taken(small.id)]).toEqual([1, 0]);
  expect(await world.told()).toEqual(['STARTED']);
});

test('an upgrade in the last seconds of a period costs next to nothing, and so brings next to no grace', async () => {
  const { world, joined } = await february(database.current);
  world.clock.moveTo('2026-02-28T23:59:50.000Z');
  const changed = done(await world.change(joined, own(5000)));
  world.clock.moveTo('2026-03-01T00:00:01.000Z');
  await renew(world.services, { asOf: world.clock.now() });
  const [row] = await world.db.query('SELECT status, access_until FROM subscription WHERE id = $1', [joined.id]);
  expect(row).toEqual({ status: 'PAST_DUE', access_until: new Date(joined.periodEnd.getTime() + 10_000) });
  expect(changed.planSince).toEqual(new Date('2026-02-28T23:59:50.000Z'));
});

describe('while a renewal is due that no run has charged yet', () => {
  const overdue = async () => {
    const opened = await february(database.current);
    opened.world.clock.moveTo('2026-03-02T00:00:00.000Z');
    return opened;
  };

  test('an upgrade pays for the whole period that is due, on its schedule, and no run charges that again', async () => {
    const { world, joined } = await overdue();
    const changed = done(await world.change(joined, own(10)));
    const end = new Date('2026-04-01T00:00:00.000Z');
    expect(changed).toMatchObject({ amountMicros: usd(10), periodIndex: 2, anchor: joined.anchor, anchorIndex: 1, accessUntil: end });
    expect(nextCharge(changed)).toEqual({ amountMicros: usd(10), at: end });
    await renew(world.services, { asOf: world.clock.now() });
    expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED', 'PERIOD 2 10.00 SUCCEEDED']);
    expect(await world.periods(joined)).toEqual(['1 CHARGED 2026-02-01T00:00 – 2026-03-01T00:00', '2 CHARGED 2026-03-01T00:00 – 2026-04-01T00:00']);
    expect(await world.told()).toEqual(['STARTED', 'CHANGED']);
  });

  test('an upgrade after a downtime skips the periods that nobody was asked for', async () => {
    const { world, joined } = await overdue();
    world.clock.moveTo('2026-04-10T00:00:00.000Z');
    done(await world.change(joined, own(10)));
    expect((await world.periods(joined)).slice(1)).toEqual(['2 SKIPPED 2026-03-01T00:00 – 2026-04-01T00:00', '3 CHARGED 2026-04-01T00:00 – 2026-05-01T00:00']);
  });

  test('an upgrade that the wallet cannot pay is refused: the unpaid renewal is one of the plan that was paid for before', async () => {
    const { world, joined, tier } = await overdue();
    const gold = await world.tier(996, { name: 'Gold' });
    expect(tally([await world.change(joined, { tierId: gold.id })])).toEqual({ INSUFFICIENT_FUNDS: 1 });
    expect([await world.taken(tier), await world.taken(gold.id)]).toEqual([1, 0]);
    await renew(world.services, { asOf: world.clock.now() });
    expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED', 'PERIOD 2 5.00 SUCCEEDED']);
  });

  test('a downgrade takes effect at once', async () => {
    const { world, joined } = await overdue();
    expect(done(await world.change(joined, own(1)))).toMatchObject({ amountMicros: usd(1), pending: null, tierId: null });
  });

  test('another interval begins now, and the time since the period\'s end is skipped', async () => {
    const { world, joined } = await overdue();
    done(await world.change(joined, own(1, 'DAY')));
    expect(await world.periods(joined)).toEqual([
      '1 CHARGED 2026-02-01T00:00 – 2026-03-01T00:00', '2 SKIPPED 2026-03-01T00:00 – 2026-03-02T00:00', '3 CHARGED 2026-03-02T00:00 – 2026-03-03T00:00',
    ]);
  });
});

describe('the key of a change', () => {
  test('answers the subscription in the state it has by then, and charges once, from two processes too', async () => {
    const { world, joined } = await february(database.current);
    const other = await world.another(database.current);
    const { dueNowMicros, pricedAt } = await world.price(joined, own(10));
    const outcomes = await Promise.all(Array.from({ length: 10 }, (_, at) => (at % 2 ? world : other).changeFor(joined, own(10), dueNowMicros, pricedAt, 'k')));
    expect(tally(outcomes)).toEqual({ DONE: 10 });
    expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED', 'PRORATION 1 2.50 SUCCEEDED']);
    await world.cancel(joined);
    expect(done(await world.changeFor(joined, own(10), dueNowMicros, pricedAt, 'k')).status).toBe('CANCELING');
  });

  test('is refused with other input, before every rule', async () => {
    const { world, joined } = await february(database.current);
    await world.changeFor(joined, own(4), 0n, world.clock.now(), 'k');
    expect(await world.changeFor(joined, own(3), 0n, world.clock.now(), 'k')).toEqual({ kind: 'IDEMPOTENCY_MISMATCH' });
    expect(await world.changeFor({ ...joined, id: newId() }, own(3), 0n, world.clock.now(), 'k')).toEqual({ kind: 'IDEMPOTENCY_MISMATCH' });
  });
});

test.each<[string, (world: World, joined: Subscription) => Promise<unknown>, object]>([
  ['somebody else\'s', async (world, joined) => world.changeFor({ ...joined, personId: await world.fan() }, own(10), 0n, world.clock.now()), { kind: 'SUBSCRIPTION_NOT_FOUND' }],
  ['an unknown one', (world, joined) => world.changeFor({ ...joined, id: newId() }, own(10), 0n, world.clock.now()), { kind: 'SUBSCRIPTION_NOT_FOUND' }],
  ['one of an unknown person', (world, joined) => world.changeFor({ ...joined, personId: newId() }, own(10), 0n, world.clock.now()), { kind: 'PERSON_NOT_FOUND' }],
  ['one that is canceled', async (world, joined) => {
    await world.cancel(joined);
    return world.changeFor(joined, own(10), 0n, world.clock.now());
  }, { kind: 'INVALID_STATE', status: 'CANCELING' }],
  ['one that is to be paused', async (world, joined) => {
    await world.pause(joined);
    return world.changeFor(joined, own(10), 0n, world.clock.now());
  }, { kind: 'INVALID_STATE', status: 'ACTIVE', pending: 'PAUSE' }],
  ['to an unknown tier', (world, joined) => world.changeFor(joined, { tierId: newId() }, 0n, world.clock.now()), { kind: 'TIER_NOT_FOUND' }],
  ['to another creator\'s tier', async (world, joined) => {
    const other = await makeCreator(world.db);
    const [tier] = await world.db.query<{ id: string }>(
      `INSERT INTO tier (id, creator_id, currency, name, price_micros, interval, benefits, created_at) VALUES ($1, $2, 'USD', 'T', 1000000, 'MONTH', '{}', now()) RETURNING id`,
      [newId(), other.id],
    );
    await world.db.query(`INSERT INTO counter (owner_id, name, value) VALUES ($1, 'tiers', 1)`, [other.id]);
    return world.changeFor(joined, { tierId: tier!.id }, 0n, world.clock.now());
  }, { kind: 'TIER_NOT_FOUND' }],
  ['to a closed tier', async (world, joined) => {
    const gold = await world.tier(10);
    await archiveTier(world.services, world.creator.ownerId, tierId(gold));
    return world.changeFor(joined, { tierId: gold.id }, 0n, world.clock.now());
  }, { kind: 'TIER_ARCHIVED' }],
  ['to a full tier', async (world, joined) => {
    const gold = await world.tier(10, { capacity: 1 });
    await world.join(await world.fan(), { tierId: gold.id });
    return world.changeFor(joined, { tierId: gold.id }, 2_500_000n, world.clock.now());
  }, { kind: 'SOLD_OUT' }],
  ['to too much', (world, joined) => world.changeFor(joined, own(10_001), 0n, world.clock.now()), { kind: 'AMOUNT_OUT_OF_RANGE' }],
  ['to another currency', (world, joined) => world.changeFor(joined, { amount: money(usd(9), 'EUR'), interval: null }, 0n, world.clock.now()), { kind: 'CURRENCY_MISMATCH' }],
  ['beyond what the wallet holds', (world, joined) => world.changeFor(joined, own(5000), 2_497_500_000n, world.clock.now()), { kind: 'NOT_CHARGED', why: { kind: 'INSUFFICIENT_FUNDS', balanceMicros: usd(995) } }],
])('a change is refused of %s or %s, and writes nothing', async (_, act, expected) => {
  const { world, joined } = await february(database.current);
  expect(await act(world, joined)).toMatchObject(expected);
  expect(await world.db.query('SELECT id FROM subscription_change')).toEqual([]);
  expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED']);
});

test('whatever fans change, over and over at random moments, what is taken is what the preview said and the books hold', async () => {
  const world = await World.open(database.current, '2026-01-31T12:00:00.000Z', { feeBps: 733 });
  const tiers = [await world.tier(3), await world.tier(0.07, { interval: Interval.DAY }), await world.tier(99.99, { interval: Interval.YEAR, capacity: 2 }), await world.tier(12.345678)];
  const wishes = fc.sample(
    fc.record({
      fan: fc.nat({ max: 3 }),
      wanted: fc.oneof(
        fc.nat({ max: 3 }).map((at) => ({ tierId: tiers[at]!.id })),
        fc.record({ units: fc.integer({ min: 10_000, max: 40_000_000 }), interval: fc.constantFrom('DAY' as const, 'WEEK' as const, 'MONTH' as const, 'YEAR' as const, null) })
          .map(({ units, interval }) => ({ amount: money(BigInt(units), 'USD'), interval })),
      ),
      passMs: fc.integer({ min: 0, max: 14 * 60_000 }),
      thenMs: fc.integer({ min: 0, max: 6 * 3_600_000 }),
    }),
    { numRuns: 200, seed: 20_260_131 },
  );
  const joined = [];
  for (let at = 0; at < 4; at++) joined.push(await world.join(await world.fan(5000), world.own(1 + at)));
  let charged = 0;
  let soldOut = 0;
  for (const { fan, wanted, passMs, thenMs } of wishes) {
    const subscription = joined[fan]!;
    const preview = await world.preview(subscription, wanted);
    if (preview.kind !== 'PRICED') {
      expect(preview).toMatchObject({ kind: 'SOLD_OUT' });
      expect(await world.changeFor(subscription, wanted, 0n, world.clock.now())).toEqual(preview);
      soldOut++;
      continue;
    }
    const shown = preview.price;
    world.clock.pass(passMs);
    const before = await micros(world.db, subscription.personId, 'wallet');
    const outcome = await world.changeFor(subscription, wanted, shown.dueNowMicros, shown.pricedAt);
    const taken = before - (await micros(world.db, subscription.personId, 'wallet'));
    if (outcome.kind === 'DONE') {
      expect(taken).toBe(shown.dueNowMicros);
      expect(nextCharge(outcome.subscription)).toEqual(shown.nextCharge);
      charged += taken > 0n ? 1 : 0;
    } else {
      expect(taken).toBe(0n);
      expect(outcome.kind).toBe('PRICE_CHANGED');
    }
    world.clock.pass(thenMs);
  }
  expect(charged).toBeGreaterThan(20);
  expect(soldOut).toBeGreaterThan(0);
});

test('an upgrade that the wallet could not pay succeeds with the same key once it can', async () => {
  const { world, joined } = await february(database.current);
  const { dueNowMicros, pricedAt } = await world.price(joined, own(5000));
  expect(tally([await world.changeFor(joined, own(5000), dueNowMicros, pricedAt, 'k')])).toEqual({ INSUFFICIENT_FUNDS: 1 });
  await fundWallet(world.db, joined.personId, usd(5000));
  expect(done(await world.changeFor(joined, own(5000), dueNowMicros, pricedAt, 'k')).amountMicros).toBe(usd(5000));
});
