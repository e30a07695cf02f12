import { afterEach, expect, test } from '@jest/globals';
import { encodeId, Period } from '../../src/api/room.ts';
import { CREATOR_PREFIX } from '../../src/creators/room.ts';
import { capSpending, spentByDay } from '../wallets/caps.ts';
import { dayMs, TestClock } from '../support/clock.ts';
import { eachTestDatabase } from '../support/database.ts';
import { startTestServer } from '../support/server.ts';
import { fundWallet, makeCreator, makeFan, makePerson, micros } from '../support/world.ts';
import { expectCleanTips, senderOn, stored, tally, wish } from './support.ts';

const database = eachTestDatabase();
const unit = 1_000_000n;
const noon = '2026-03-10T12:00:00.000Z';

afterEach(() => expectCleanTips(database.current.db));

test('a tip may reach the cap and not pass it, and the refusal says what is left and until when', async () => {
  const { db } = database.current;
  const clock = new TestClock(noon);
  const [creator, senderId, sender] = [await makeCreator(db), await makeFan(db, 100n * unit), senderOn(database.current, { clock })];
  await capSpending(db, senderId, 5n * unit, clock.now(), { period: Period.WEEK });
  const tip = (amountMicros: bigint) => sender.send(wish({ senderId, creatorId: creator.id, amountMicros }));
  expect(await tip(3n * unit)).toMatchObject({ kind: 'SENT' });
  const refusal = { currency: 'USD', amountMicros: 2n * unit + 1n, period: 'WEEK', remainingMicros: 2n * unit, resetsAt: new Date('2026-03-16T00:00:00Z') };
  expect(await tip(2n * unit + 1n)).toEqual({ kind: 'CAP_EXCEEDED', refusal });
  expect(await tip(2n * unit)).toMatchObject({ kind: 'SENT' });
  expect(await tip(1n)).toMatchObject({ kind: 'CAP_EXCEEDED', refusal: { remainingMicros: 0n } });
  expect(await micros(db, senderId, 'wallet')).toBe(95n * unit);
  expect(await spentByDay(db, senderId)).toEqual({ '2026-03-10': 5n * unit });
  expect(await stored(db)).toEqual({ tips: 2, postings: 2, events: 2 });
});

test('the cap comes after the rules of the tip and before the wallet, and what was sent stays sent', async () => {
  const { db } = database.current;
  const clock = new TestClock(noon);
  const [creator, euro] = [await makeCreator(db), await makeCreator(db, 'EUR')];
  const [fan, poor] = [await makeFan(db, unit), await makePerson(db)];
  const sender = senderOn(database.current, { clock });
  const ask = async (senderId: string, amountMicros: bigint, more: { creatorId?: string; currency?: string; key?: string } = {}) =>
    (await sender.send(wish({ senderId, creatorId: creator.id, amountMicros, ...more }))).kind;
  expect(await ask(fan, 10n, { key: 'first' })).toBe('SENT');
  for (const personId of [fan, poor]) await capSpending(db, personId, 5n, clock.now());
  expect(await ask(fan, 6n, { creatorId: euro.id })).toBe('CURRENCY_MISMATCH');
  expect(await ask(fan, 20_000n * unit)).toBe('AMOUNT_OUT_OF_RANGE');
  expect(await ask(fan, 1n)).toBe('CAP_EXCEEDED');
  expect(await ask(poor, 6n)).toBe('CAP_EXCEEDED');
  expect(await ask(poor, 5n)).toBe('INSUFFICIENT_FUNDS');
  expect(await ask(fan, 10n, { key: 'first' })).toBe('REPLAYED');
  await capSpending(db, fan, 12n, clock.now(), { period: Period.MONTH });
  clock.pass(dayMs);
  expect(await ask(fan, 2n)).toBe('SENT');
  expect(await spentByDay(db, poor)).toEqual({});
});

test.each([
  // period     the last moment             and the next
  [Period.DAY, '2026-03-10T23:59:59.999Z', '2026-03-11T00:00:00.000Z'],
  [Period.WEEK, '2026-03-15T23:59:59.999Z', '2026-03-16T00:00:00.000Z'],
  [Period.MONTH, '2028-02-29T23:59:59.999Z', '2028-03-01T00:00:00.000Z'],
  [Period.YEAR, '2026-12-31T23:59:59.999Z', '2027-01-01T00:00:00.000Z'],
] as const)('a cap of a %s holds until %s and starts anew at %s', async (period, last, next) => {
  const { db } = database.current;
  const clock = new TestClock(last);
  const [creator, senderId, sender] = [await makeCreator(db), await makeFan(db, unit), senderOn(database.current, { clock })];
  await capSpending(db, senderId, 100n, clock.now(), { period });
  const tip = (amountMicros: bigint) => sender.send(wish({ senderId, creatorId: creator.id, amountMicros }));
  expect(await tip(100n)).toMatchObject({ kind: 'SENT' });
  expect(await tip(1n)).toMatchObject({ kind: 'CAP_EXCEEDED', refusal: { period, remainingMicros: 0n, resetsAt: new Date(next) } });
  clock.moveTo(next);
  expect(await tip(100n)).toMatchObject({ kind: 'SENT' });
  expect(await spentByDay(db, senderId)).toEqual({ [last.slice(0, 10)]: 100n, [next.slice(0, 10)]: 100n });
});

test('in one batch each tip is judged by what those before it left: a smaller one after a refused one passes', async () => {
  const { db } = database.current;
  const clock = new TestClock(noon);
  const [creator, senderId, other] = [await makeCreator(db), await makeFan(db, unit), await makeFan(db, unit)];
  await capSpending(db, senderId, 100n, clock.now());
  const sender = senderOn(database.current, { clock });
  await sender.send(wish({ senderId: other, creatorId: creator.id, amountMicros: 1n }));
  const amounts = [60n, 50n, 40n, 1n];
  const outcomes = await Promise.all([
    ...amounts.map((amountMicros) => sender.send(wish({ senderId, creatorId: creator.id, amountMicros }))),
    sender.send(wish({ senderId: other, creatorId: creator.id, amountMicros: 500n })),
  ]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['SENT', 'CAP_EXCEEDED', 'SENT', 'CAP_EXCEEDED', 'SENT']);
});

test('one command raced under one key counts once against the cap', async () => {
  const { db, connect } = database.current;
  const clock = new TestClock(noon);
  const [creator, senderId] = [await makeCreator(db), await makeFan(db, unit)];
  const senders = [senderOn(database.current, { clock }), senderOn(database.current, { clock, db: await connect() })];
  await capSpending(db, senderId, 100n, clock.now());
  const outcomes = await Promise.all(
    Array.from({ length: 40 }, (_, index) => senders[index % 2]!.send(wish({ senderId, creatorId: creator.id, amountMicros: 100n, key: 'one' }))),
  );
  expect(tally(outcomes)).toEqual({ SENT: 1, REPLAYED: 39 });
  expect(await spentByDay(db, senderId)).toEqual({ '2026-03-10': 100n });
});

test('tips of two processes raced against caps never pass one by a micro, and leave nothing that would fit', async () => {
  const { db, connect } = database.current;
  const clock = new TestClock(noon);
  const creators = [await makeCreator(db), await makeCreator(db)];
  const fans = await Promise.all([1_000n, 777n, 50n, 0n].map(async (limit) => {
    const senderId = await makeFan(db, unit);
    await capSpending(db, senderId, limit, clock.now(), { period: Period.MONTH });
    return { senderId, limit };
  }));
  const senders = [senderOn(database.current, { clock }), senderOn(database.current, { clock, db: await connect() })];
  const amounts = [7n, 30n, 11n, 45n];
  await Promise.all(
    Array.from({ length: 480 }, (_, index) => {
      const [fan, creator] = [fans[index % 4]!, creators[(index >> 1) % 2]!];
      const amountMicros = amounts[(index >> 2) % 4]!;
      return senders[(index >> 4) % 2]!.send(wish({ senderId: fan.senderId, creatorId: creator.id, amountMicros }));
    }),
  );
  for (const { senderId, limit } of fans) {
    const sent = unit - (await micros(db, senderId, 'wallet'));
    expect((await spentByDay(db, senderId))['2026-03-10'] ?? 0n).toBe(sent);
    expect(sent).toBeLessThanOrEqual(limit);
    expect(sent).toBeGreaterThan(limit - 7n);
  }
});

test('a cap that is lowered while tips are sent comes wholly before or after each of them', async () => {
  const { db, connect } = database.current;
  const clock = new TestClock(noon);
  const [creator, senderId] = [await makeCreator(db), await makeFan(db, unit)];
  const second = await connect();
  const sender = senderOn(database.current, { clock });
  await capSpending(db, senderId, 5_000n, clock.now());
  const lowered = (async () => {
    for (let limit = 4_000n; limit > 0n; limit -= 500n) await capSpending(second, senderId, limit, clock.now());
  })();
  let loweredYet = false;
  void lowered.then(() => (loweredYet = true));
  const limits: { readonly spent: bigint; readonly kind: string }[] = [];
  let spent = 0n;
  for (let index = 0; index < 60 || !loweredYet; index++) {
    const { kind } = await sender.send(wish({ senderId, creatorId: creator.id, amountMicros: 20n }));
    if (kind === 'SENT') spent += 20n;
    limits.push({ spent, kind });
  }
  await lowered;
  // Limits only fall, so the first refusal is the last change of mind.
  const refused = limits.findIndex(({ kind }) => kind === 'CAP_EXCEEDED');
  expect(refused).toBeGreaterThanOrEqual(0);
  expect(new Set(limits.slice(refused).map(({ kind }) => kind))).toEqual(new Set(['CAP_EXCEEDED']));
  expect(await spentByDay(db, senderId)).toEqual({ '2026-03-10': spent });
});

test('the check finds a tip that was not counted in what its sender spent', async () => {
  const { db } = database.current;
  const [creator, senderId] = [await makeCreator(db), await makeFan(db, unit)];
  await senderOn(database.current).send(wish({ senderId, creatorId: creator.id, amountMicros: 100n }));
  await db.query('UPDATE spending_day SET spent_micros = 99 WHERE person_id = $1', [senderId]);
  await expect(expectCleanTips(db)).rejects.toThrow('what somebody spent on a day is what their tips and charges of that day took');
  await db.query('UPDATE spending_day SET spent_micros = 100 WHERE person_id = $1', [senderId]);
});

test('over the API a tip beyond the cap is a CapExceeded with its figures', async () => {
  const server = await startTestServer(database.current, { clock: new TestClock(noon) });
  try {
    const [{ token, personId }, creator] = [await server.signUp(), await makeCreator(server.db)];
    await fundWallet(server.db, personId, 50n * unit);
    const set = await server.graphql(
      'mutation { setSpendingCap(input: { period: MONTH, currency: "USD", limit: "2.50" }) { errors { message } } }', {}, token,
    );
    expect(set.data.setSpendingCap.errors).toEqual([]);
    const send = (amount: string, idempotencyKey: string) => server.graphql(
      `mutation Send($input: SendTipInput!) { sendTip(input: $input) {
        tip { amount { amount } }
        errors { __typename code message path ... on CapExceeded { remaining { amount currency } resetsAt } }
      } }`,
      { input: { creatorId: encodeId(CREATOR_PREFIX, creator.id), amount: { amount, currency: 'USD' }, idempotencyKey } },
      token,
    );
    expect((await send('1.00', 'a')).data.sendTip).toEqual({ tip: { amount: { amount: '1.00' } }, errors: [] });
    expect((await send('1.500001', 'b')).data.sendTip).toEqual({
      tip: null,
      errors: [{
        __typename: 'CapExceeded', code: 'CAP_EXCEEDED', path: ['input', 'amount'],
        message: '$1.500001 would pass your own spending cap for this month, which leaves $1.50 until 2026-04-01T00:00:00.000Z.',
        remaining: { amount: '1.50', currency: 'USD' }, resetsAt: '2026-04-01T00:00:00.000Z',
      }],
    });
    expect((await send('1.50', 'b')).data.sendTip.errors).toEqual([]);
    const used = await server.graphql('{ viewer { spendingCaps { used { amount } } } }', {}, token);
    expect(used.data.viewer.spendingCaps).toEqual([{ used: { amount: '2.50' } }]);
  } finally {
    await server.close();
  }
});
