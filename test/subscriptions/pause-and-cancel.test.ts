import { afterEach, describe, expect, test } from '@jest/globals';
import { renew } from '../../src/billing/room.ts';
import { newId } from '../../src/database/room.ts';
import { money } from '../../src/money/room.ts';
import type { Subscription, SubscriptionOutcome } from '../../src/subscriptions/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { makeCreator, micros } from '../support/world.ts';
import { done, expectClean, minute, tally, usd, World } from './support.ts';

const database = eachTestDatabase();

afterEach(() => expectClean(database.current.db));

async function member(): Promise<{ world: World; joined: Subscription; tier: string }> {
  const world = await World.open(database.current);
  const tier = await world.tier(5);
  const joined = await world.join(await world.fan(), { tierId: tier.id });
  world.clock.moveTo('2026-02-10T12:00:00.000Z');
  return { world, joined, tier: tier.id };
}

test('what is canceled keeps its benefits and its place until the paid period is over, and can be resumed until then', async () => {
  const { world, joined, tier } = await member();
  expect(done(await world.cancel(joined))).toMatchObject({ status: 'CANCELING', accessUntil: joined.periodEnd });
  expect(await world.taken(tier)).toBe(1);
  expect(done(await world.resume(joined))).toMatchObject({ status: 'ACTIVE', pending: null, nextChargeAt: joined.periodEnd });
  await world.cancel(joined);
  world.clock.moveTo('2026-02-28T12:00:00.000Z');
  expect(await world.resume(joined)).toMatchObject({ kind: 'INVALID_STATE', status: 'ENDED' });
  expect(done(await world.cancel(joined))).toMatchObject({ status: 'ENDED', endedAt: joined.periodEnd });
  expect(await world.taken(tier)).toBe(0);
  expect(await world.told()).toEqual(['STARTED', 'CANCELED', 'RESUMED', 'CANCELED', 'ENDED']);
});

test('a pause begins at the period\'s end, keeps the place, and a resume begins a new schedule without charging', async () => {
  const { world, joined, tier } = await member();
  expect(done(await world.pause(joined))).toMatchObject({ status: 'ACTIVE', pending: { kind: 'PAUSE', until: null } });
  world.clock.moveTo('2026-04-15T08:30:00.000Z');
  const resumed = done(await world.resume(joined));
  expect(resumed).toMatchObject({ status: 'ACTIVE', nextChargeAt: world.clock.now(), anchor: world.clock.now(), anchorIndex: 4, accessUntil: joined.accessUntil });
  expect(await world.periods(joined)).toEqual([
    '1 CHARGED 2026-01-31T12:00 – 2026-02-28T12:00', '2 PAUSED 2026-02-28T12:00 – 2026-03-31T12:00', '3 PAUSED 2026-03-31T12:00 – 2026-04-15T08:30',
  ]);
  expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED']);
  expect(await world.taken(tier)).toBe(1);
  expect(await world.told()).toEqual(['STARTED', 'PAUSED', 'RESUMED']);
});

test('a pause that is asked for again moves its end, and a resume before it begins takes it back', async () => {
  const { world, joined } = await member();
  await world.pause(joined, '2026-03-10T00:00:00Z');
  expect(done(await world.pause(joined, '2026-05-10T00:00:00Z')).pending).toMatchObject({ until: new Date('2026-05-10T00:00:00Z') });
  expect(done(await world.resume(joined))).toMatchObject({ status: 'ACTIVE', pending: null });
  expect(await world.told()).toEqual(['STARTED']);
});

test('a pause that runs may be given an end, another one, or none', async () => {
  const { world, joined } = await member();
  await world.pause(joined);
  world.clock.moveTo('2026-03-05T00:00:00.000Z');
  await renew(world.services, { asOf: world.clock.now() });
  const ends = (day: string | null) => ({ status: 'PAUSED', pending: null, pausedUntil: day && new Date(day), nextChargeAt: day && new Date(day), periodEnd: joined.periodEnd });
  expect(done(await world.pause(joined, '2026-06-01T00:00:00Z'))).toMatchObject(ends('2026-06-01T00:00:00Z'));
  expect(done(await world.pause(joined))).toMatchObject(ends(null));
  expect(done(await world.pause(joined, '2026-03-10T00:00:00Z'))).toMatchObject(ends('2026-03-10T00:00:00Z'));
  expect(await world.pause(joined, '2026-03-05T00:00:00Z')).toEqual({ kind: 'PAUSE_TOO_SHORT', after: world.clock.now() });
  expect(await world.pause(joined, '2099-01-01T00:00:00Z')).toMatchObject({ kind: 'PAUSE_TOO_LONG' });
  expect(await world.told()).toEqual(['STARTED', 'PAUSED']);
  await expectClean(world.db);
  world.clock.moveTo('2026-03-10T00:00:00.000Z');
  await renew(world.services, { asOf: world.clock.now() });
  expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED', 'PERIOD 3 5.00 SUCCEEDED']);
  expect(await world.periods(joined)).toEqual([
    '1 CHARGED 2026-01-31T12:00 – 2026-02-28T12:00', '2 PAUSED 2026-02-28T12:00 – 2026-03-10T00:00', '3 CHARGED 2026-03-10T00:00 – 2026-04-10T00:00',
  ]);
});

test('a pause with an end goes on by itself from there, seen by whoever looks next', async () => {
  const { world, joined } = await member();
  await world.pause(joined, '2026-03-10T00:00:00Z');
  world.clock.moveTo('2026-03-20T00:00:00.000Z');
  const seen = done(await world.resume(joined));
  expect(minute(seen.nextChargeAt)).toBe('2026-03-10T00:00');
  expect(await world.periods(joined)).toEqual(['1 CHARGED 2026-01-31T12:00 – 2026-02-28T12:00', '2 PAUSED 2026-02-28T12:00 – 2026-03-10T00:00']);
});

test('canceling a pause, or what a renewal is due of, ends it at once and leaves no time unaccounted for', async () => {
  const { world, joined } = await member();
  const other = await world.join(await world.fan(), world.own(1, 'WEEK'));
  await world.pause(joined);
  world.clock.moveTo('2026-03-05T00:00:00.000Z');
  expect(done(await world.cancel(joined))).toMatchObject({ status: 'ENDED', endedAt: world.clock.now() });
  expect(done(await world.cancel(other))).toMatchObject({ status: 'ENDED', endedAt: world.clock.now(), accessUntil: new Date('2026-02-17T12:00:00Z') });
  expect(await world.periods(joined)).toEqual(['1 CHARGED 2026-01-31T12:00 – 2026-02-28T12:00', '2 PAUSED 2026-02-28T12:00 – 2026-03-05T00:00']);
  expect((await world.periods(other)).at(-1)).toBe('4 SKIPPED 2026-03-03T12:00 – 2026-03-05T00:00');
});

test('a downgrade that a cancellation lay over waits again when that is taken back, and the renewal charges its price', async () => {
  const { world, joined, tier } = await member();
  const small = await world.tier(2);
  await world.change(joined, { tierId: small.id });
  const waiting = { kind: 'DOWNGRADE', tierId: small.id, amountMicros: usd(2), interval: 'MONTH' };
  expect(done(await world.cancel(joined)).pending).toEqual({ kind: 'CANCEL', beneath: waiting });
  expect([await world.taken(tier), await world.taken(small.id)]).toEqual([1, 1]);
  await expectClean(world.db);
  expect(done(await world.cancel(joined)).pending).toMatchObject({ kind: 'CANCEL', beneath: waiting });
  expect(done(await world.resume(joined))).toMatchObject({ status: 'ACTIVE', pending: waiting });
  world.clock.moveTo('2026-02-28T12:00:01.000Z');
  await renew(world.services, { asOf: world.clock.now() });
  expect(await world.charges(joined)).toEqual(['PERIOD 1 5.00 SUCCEEDED', 'PERIOD 2 2.00 SUCCEEDED']);
});

test('a pause that a cancellation lay over waits again, until it is taken back too', async () => {
  const { world, joined } = await member();
  await world.pause(joined, '2026-03-10T00:00:00Z');
  await world.cancel(joined);
  expect(done(await world.resume(joined)).pending).toEqual({ kind: 'PAUSE', until: new Date('2026-03-10T00:00:00Z') });
  expect(done(await world.resume(joined)).pending).toBeNull();
  expect(await world.told()).toEqual(['STARTED', 'CANCELED', 'RESUMED']);
});

test('what ends with a downgrade beneath its cancellation gives both places back', async () => {
  const { world, joined, tier } = await member();
  const small = await world.tier(2);
  await world.change(joined, { tierId: small.id });
  await world.cancel(joined);
  world.clock.moveTo('2026-02-28T12:00:00.000Z');
  expect(done(await world.cancel(joined))).toMatchObject({ status: 'ENDED', tierId: tier, pending: null });
  expect([await world.taken(tier), await world.taken(small.id)]).toEqual([0, 0]);
});

test('a resume whose COMMIT is answered by nobody takes back the cancellation alone', async () => {
  const { world, joined } = await member();
  await world.pause(joined);
  await world.cancel(joined);
  let lost = false;
  world.db.failpoint = (name) => {
    if (name !== 'after-commit' || lost) return;
    lost = true;
    throw Object.assign(new Error('the answer to COMMIT was lost'), { code: 'ECONNRESET' });
  };
  expect(done(await world.resume(joined))).toMatchObject({ status: 'ACTIVE', pending: { kind: 'PAUSE' } });
  expect(lost).toBe(true);
});

test('a fan who resumes on a server whose clock is behind the one that began the pause has periods that neither gap nor overlap', async () => {
  const { world, joined } = await member();
  await world.pause(joined);
  world.clock.moveTo('2026-02-28T12:00:01.000Z');
  await renew(world.services, { asOf: world.clock.now() });
  world.clock.moveTo('2026-02-28T11:59:59.500Z');
  expect(done(await world.resume(joined))).toMatchObject({ status: 'ACTIVE', nextChargeAt: joined.periodEnd });
  world.clock.moveTo('2026-02-28T12:00:02.000Z');
  await renew(world.services, { asOf: world.clock.now() });
  expect(await world.periods(joined)).toEqual(['1 CHARGED 2026-01-31T12:00 – 2026-02-28T12:00', '2 CHARGED 2026-02-28T12:00 – 2026-03-28T12:00']);
});

test.each<[string, (world: World, joined: Subscription) => Promise<SubscriptionOutcome>, object]>([
  ['canceling somebody else\'s', async (world, joined) => world.cancel({ ...joined, personId: await world.fan() }), { kind: 'SUBSCRIPTION_NOT_FOUND' }],
  ['canceling as its creator', (world, joined) => world.cancel({ ...joined, personId: world.creator.ownerId }), { kind: 'SUBSCRIPTION_NOT_FOUND' }],
  ['pausing what is not there', (world, joined) => world.pause({ ...joined, id: newId() }), { kind: 'SUBSCRIPTION_NOT_FOUND' }],
  ['resuming as nobody', (world, joined) => world.resume({ ...joined, personId: newId() }), { kind: 'PERSON_NOT_FOUND' }],
  ['a pause that ends before it begins', (world, joined) => world.pause(joined, '2026-02-28T12:00:00Z'), { kind: 'PAUSE_TOO_SHORT', after: new Date('2026-02-28T12:00:00Z') }],
  ['a pause of a lifetime', (world, joined) => world.pause(joined, '2099-01-01T00:00:00Z'), { kind: 'PAUSE_TOO_LONG' }],
  ['pausing what is canceled', async (world, joined) => {
    await world.cancel(joined);
    return world.pause(joined);
  }, { kind: 'INVALID_STATE', status: 'CANCELING' }],
  ['pausing what is about to change', async (world, joined) => {
    await world.change(joined, { amount: money(usd(1), 'USD'), interval: null });
    return world.pause(joined);
  }, { kind: 'INVALID_STATE', pending: 'DOWNGRADE' }],
])('%s is refused', async (_, act, expected) => {
  const { world, joined } = await member();
  expect(await act(world, joined)).toMatchObject(expected);
});

describe('raced from two processes', () => {
  test('cancel, pause, resume and change come to one serial order: the stream tells it, and the subscription is where it leads', async () => {
    const { world, joined } = await member();
    const other = await world.another(database.current);
    const pricedAt = world.clock.now();
    const upgrade = { amount: money(usd(50), 'USD'), interval: null };
    const { dueNowMicros } = await world.price(joined, upgrade);
    for (let round = 0; round < 8; round++) {
      const outcomes = await Promise.all([
        world.cancel(joined), other.pause(joined), world.resume(joined), other.changeFor(joined, upgrade, dueNowMicros, pricedAt), other.cancel(joined), other.resume(joined),
      ]);
      for (const outcome of outcomes) expect(['DONE', 'INVALID_STATE', 'PRICE_CHANGED']).toContain(outcome.kind);
      await expectClean(world.db);
    }
    // An event that could not follow the one before it would mean that two acted on one state.
    const told = (await world.told()).filter((kind) => kind === 'CANCELED' || kind === 'RESUMED');
    expect(told.every((kind, at) => kind === (at % 2 ? 'RESUMED' : 'CANCELED'))).toBe(true);
    const charges = await world.charges(joined);
    expect(charges.filter((charge) => charge.startsWith('PRORATION')).length).toBeLessThanOrEqual(1);
    const paid = usd(5) + (charges.length > 1 ? dueNowMicros : 0n);
    expect(await micros(world.db, joined.personId, 'wallet')).toBe(usd(1000) - paid);
  });

  test('a downgrade and new members race for the last place: it is taken once', async () => {
    const { world, joined } = await member();
    const other = await world.another(database.current);
    const small = await world.tier(1, { capacity: 1 });
    const pricedAt = world.clock.now();
    const fans = await Promise.all(Array.from({ length: 10 }, () => world.fan(10)));
    const outcomes = await Promise.all([
      ...fans.slice(0, 5).map((fan) => other.subscribe(fan, { tierId: small.id })),
      world.changeFor(joined, { tierId: small.id }, 0n, pricedAt),
      ...fans.slice(5).map((fan) => world.subscribe(fan, { tierId: small.id })),
    ]);
    expect(tally(outcomes)).toEqual({ DONE: 1, SOLD_OUT: 10 });
    expect(await world.taken(small.id)).toBe(1);
  });

  test('fans who change between two tiers crosswise never wait for each other in a circle', async () => {
    const world = await World.open(database.current);
    const other = await world.another(database.current);
    const tiers = [await world.tier(5), await world.tier(5)];
    const members = [];
    for (let at = 0; at < 16; at++) members.push(await world.join(await world.fan(50), { tierId: tiers[at % 2]!.id }));
    for (let round = 1; round <= 4; round++) {
      const outcomes = await Promise.all(members.map((one, at) => (at % 3 ? world : other).changeFor(one, { tierId: tiers[(at + round) % 2]!.id }, 0n, world.clock.now())));
      expect(tally(outcomes)).toEqual({ DONE: 16 });
    }
    expect(await world.taken(tiers[0]!.id)).toBe(8);
  });

  test('one fan\'s subscriptions to several creators change at once without deadlock', async () => {
    const world = await World.open(database.current);
    const other = await world.another(database.current);
    const fan = await world.fan(1000);
    const owned: Subscription[] = [];
    for (const { id } of [world.creator, await makeCreator(world.db), await makeCreator(world.db)]) {
      owned.push(await world.join(fan, { creatorId: id, amount: money(usd(1), 'USD'), interval: 'MONTH' }));
    }
    const outcomes = await Promise.all(owned.flatMap((one, at) => [world.cancel(one), other.resume(one), (at % 2 ? world : other).pause(one)]));
    for (const { kind } of outcomes) expect(['DONE', 'INVALID_STATE']).toContain(kind);
  });
});
