import { afterEach, describe, expect, test } from '@jest/globals';
import { updateTier } from '../../src/creators/room.ts';
import { priceChange } from '../../src/subscriptions/pricing.ts';
import type { Subscription, SubscriptionOutcome } from '../../src/subscriptions/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { micros } from '../support/world.ts';
import { done, expectClean, february, minute, own, tierId, usd, World } from './support.ts';

const database = eachTestDatabase();

afterEach(() => expectClean(database.current.db));

describe('the price binds', () => {
  test('a price that was shown is charged exactly, ten minutes later too', async () => {
    const { world, joined } = await february(database.current);
    const { dueNowMicros, pricedAt } = await world.price(joined, own(10));
    world.clock.pass(10 * 60_000);
    done(await world.changeFor(joined, own(10), dueNowMicros, pricedAt));
    expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED', 'PRORATION 1 2.50 SUCCEEDED']);
  });

  test.each<[string, number, bigint]>([
    ['a micro more than what was shown', 0, 2_500_001n],
    ['a micro less', 0, 2_499_999n],
    ['nothing', 0, 0n],
    ['what was shown 15 minutes ago', 15 * 60_000, 2_500_000n],
    ['what will be shown', -1, 2_500_000n],
  ])('%s is refused with the price of now', async (_, waitedMs, due) => {
    const { world, joined } = await february(database.current);
    const pricedAt = world.clock.now();
    world.clock.pass(waitedMs);
    const outcome = await world.changeFor(joined, own(10), due, pricedAt);
    expect(outcome).toMatchObject({ kind: 'PRICE_CHANGED', price: { pricedAt: world.clock.now(), effect: 'NOW' } });
    expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED']);
  });

  test('so is a price of the period that has just ended, or of a tier whose price has moved', async () => {
    const { world, joined } = await february(database.current);
    const gold = await world.tier(10);
    world.clock.moveTo('2026-02-28T23:55:00.000Z');
    const shown = await world.price(joined, { tierId: gold.id });
    await updateTier(world.services, world.creator.ownerId, { tierId: tierId(gold), price: { amount: '11', currency: 'USD' } });
    expect(await world.changeFor(joined, { tierId: gold.id }, shown.dueNowMicros, shown.pricedAt)).toMatchObject({ kind: 'PRICE_CHANGED' });
    const again = await world.price(joined, { tierId: gold.id });
    world.clock.moveTo('2026-03-01T00:00:00.000Z');
    expect(await world.changeFor(joined, { tierId: gold.id }, again.dueNowMicros, again.pricedAt)).toMatchObject({ kind: 'PRICE_CHANGED', price: { dueNowMicros: usd(11) } });
  });
});

test('a price of before the last change is refused: it would credit a dear plan for time in which a cheap one was paid', async () => {
  const world = await World.open(database.current, '2026-03-10T12:00:00.000Z');
  const joined = await world.join(await world.fan(1000), world.own(0.01, 'DAY'));
  const early = new Date('2026-03-10T12:00:00.500Z');
  world.clock.moveTo('2026-03-10T12:14:59.000Z');
  const dear = done(await world.change(joined, own(100)));
  const forged = priceChange({ ...dear, planSince: joined.planSince }, { ...dear, name: 'dear' }, { tierId: null, amountMicros: usd(100), interval: 'WEEK', name: 'week' }, early);
  const honest = await world.price(joined, own(null, 'WEEK'));
  expect(forged.dueNowMicros).toBeLessThan(honest.dueNowMicros);
  expect(await world.changeFor(joined, own(null, 'WEEK'), forged.dueNowMicros, early)).toMatchObject({ kind: 'PRICE_CHANGED', price: { dueNowMicros: honest.dueNowMicros } });
  expect(done(await world.changeFor(joined, own(null, 'WEEK'), honest.dueNowMicros, honest.pricedAt))).toMatchObject({ interval: 'WEEK', planSince: world.clock.now() });
  expect(usd(1000) - (await micros(world.db, joined.personId, 'wallet'))).toBeGreaterThanOrEqual(usd(100));
});

test.each<[string, (world: World, joined: Subscription) => Promise<SubscriptionOutcome>, string]>([
  ['an upgrade, at once', (world, joined) => world.change(joined, own(10)), '2026-02-15T00:00'],
  ['another interval, at once', (world, joined) => world.change(joined, own(60, 'YEAR')), '2026-02-15T00:00'],
  ['a downgrade, not before it takes effect', (world, joined) => world.change(joined, own(1)), '2026-02-01T00:00'],
  ['the same plan, never', (world, joined) => world.change(joined, { tierId: joined.tierId! }), '2026-02-01T00:00'],
  ['a pause, never', (world, joined) => world.pause(joined), '2026-02-01T00:00'],
])('since when the plan is what it is follows %s', async (_, act, since) => {
  const { world, joined } = await february(database.current);
  const changed = done(await act(world, joined));
  const [row] = await world.db.query<{ plan_since: Date }>('SELECT plan_since FROM subscription WHERE id = $1', [joined.id]);
  expect([minute(changed.planSince), minute(row!.plan_since)]).toEqual([since, since]);
});
