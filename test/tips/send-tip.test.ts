import { expect, test } from '@jest/globals';
import { openAccounts, PLATFORM_OWNER_ID, post } from '../../src/ledger/room.ts';
import { newId, transaction } from '../../src/database/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { makeCreator, makeFan, makePerson, micros } from '../support/world.ts';
import { countTo, expectCleanTips, senderOn, sequencesOf, stored, tally, wish } from './support.ts';

const database = eachTestDatabase({ endsWith: ({ db }) => expectCleanTips(db) });
const unit = 1_000_000n;

test.each([
  // amount    fee bps   fee      net
  [1_000_000n, 500, 50_000n, 950_000n],
  [10_000n, 500, 500n, 9_500n],
  [1n, 500, 0n, 1n],
  [19n, 500, 0n, 19n],
  [20n, 500, 1n, 19n],
  [999_999n, 1, 99n, 999_900n],
  [1_000_000n, 0, 0n, 1_000_000n],
  [10_000n * unit, 9_999, 9_999n * unit, 1n * unit],
])('a tip of %d micros at %d bps keeps %d and brings %d', async (amountMicros, feeBps, fee, net) => {
  const { db } = database.current;
  const [creator, senderId] = [await makeCreator(db), await makeFan(db, amountMicros)];
  const outcome = await senderOn(database.current, { feeBps }).send(wish({ senderId, creatorId: creator.id, amountMicros }));
  expect(outcome).toMatchObject({ kind: 'SENT', tip: { amountMicros, feeMicros: fee, netMicros: net, status: 'SUCCEEDED' } });
  expect(await micros(db, senderId, 'wallet')).toBe(0n);
  expect(await micros(db, creator.id, 'earnings')).toBe(net);
  expect(await micros(db, PLATFORM_OWNER_ID, 'platform_fee')).toBe(fee);
});

test('each refusal is its own, the first failing check names it, and nothing is written', async () => {
  const { db } = database.current;
  const [creator, fan, poor] = [await makeCreator(db), await makeFan(db, 20_000n * unit), await makePerson(db)];
  const frozen = await makeFan(db, unit);
  await db.query('UPDATE person SET frozen_at = now() WHERE id = $1', [frozen]);
  const tip = { senderId: fan, creatorId: creator.id, amountMicros: unit };
  const range = { minimum: { micros: 1n, currency: 'USD' }, maximum: { micros: 10_000n * unit, currency: 'USD' } };
  const usd = (value: bigint) => ({ micros: value, currency: 'USD' });
  const cases = [
    [{ ...tip, creatorId: newId() }, { kind: 'CREATOR_NOT_FOUND' }],
    [{ ...tip, senderId: frozen }, { kind: 'ACCOUNT_FROZEN' }],
    [{ ...tip, senderId: creator.ownerId }, { kind: 'SELF_PAYMENT' }],
    [{ ...tip, currency: 'EUR' }, { kind: 'CURRENCY_MISMATCH', expected: 'USD' }],
    [{ ...tip, amountMicros: 10_000n * unit + 1n }, { kind: 'AMOUNT_OUT_OF_RANGE', ...range }],
    [{ ...tip, message: 'x'.repeat(501) }, { kind: 'MESSAGE_TOO_LONG', maximum: 500 }],
    [{ ...tip, senderId: poor }, { kind: 'INSUFFICIENT_FUNDS', balance: usd(0n), shortfall: usd(unit) }],
    [{ ...tip, senderId: newId() }, { kind: 'SENDER_NOT_FOUND' }],
  ] as const;
  const sender = senderOn(database.current);
  for (const [given, expected] of cases) expect(await sender.send(wish(given))).toEqual(expected);
  expect(await stored(db)).toEqual({ tips: 0, postings: 0, events: 0 });
});

test('a message is counted in characters as people see them, not in UTF-16 units', async () => {
  const { db } = database.current;
  const [creator, senderId] = [await makeCreator(db), await makeFan(db, unit)];
  const outcome = await senderOn(database.current).send(wish({ senderId, creatorId: creator.id, amountMicros: 1n, message: '🎉'.repeat(500) }));
  expect(outcome.kind).toBe('SENT');
});

test('a balance of 1.00 with tips of 5.00, 0.01 and 0.01 in one batch refuses the first alone', async () => {
  const { db } = database.current;
  const [creator, senderId] = [await makeCreator(db), await makeFan(db, unit)];
  const sender = senderOn(database.current);
  const outcomes = await Promise.all([5n * unit, 10_000n, 10_000n].map((amountMicros) => sender.send(wish({ senderId, creatorId: creator.id, amountMicros }))));
  expect(outcomes.map(({ kind }) => kind)).toEqual(['INSUFFICIENT_FUNDS', 'SENT', 'SENT']);
  expect(outcomes[0]).toMatchObject({ balance: { micros: unit }, shortfall: { micros: 4n * unit } });
  expect(await micros(db, senderId, 'wallet')).toBe(980_000n);
});

test('a wallet with 1.00 raced by 200 tips of 0.01 through two processes gives exactly 100', async () => {
  const { db } = database.current;
  const [creator, senderId] = [await makeCreator(db), await makeFan(db, unit)];
  const senders = [senderOn(database.current), senderOn(database.current, { db: await database.current.connect() })] as const;
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, (_, index) => senders[index % 2]!.send(wish({ senderId, creatorId: creator.id, amountMicros: 10_000n }))),
  );
  expect(tally(outcomes)).toEqual({ SENT: 100, INSUFFICIENT_FUNDS: 100 });
  expect(await micros(db, senderId, 'wallet')).toBe(0n);
  expect(await sequencesOf(db, creator.id)).toEqual(countTo(100));
});

test('a creator in debt repays it from tips before anything reaches their earnings', async () => {
  const { db } = database.current;
  const [creator, senderId] = [await makeCreator(db), await makeFan(db, 10n * unit)];
  await indebt(creator.id, 1_000_000n);
  const sender = senderOn(database.current, { feeBps: 0 });
  await sender.send(wish({ senderId, creatorId: creator.id, amountMicros: 600_000n }));
  expect([await micros(db, creator.id, 'debt'), await micros(db, creator.id, 'earnings')]).toEqual([-400_000n, 0n]);
  await sender.send(wish({ senderId, creatorId: creator.id, amountMicros: 600_000n }));
  expect([await micros(db, creator.id, 'debt'), await micros(db, creator.id, 'earnings')]).toEqual([0n, 200_000n]);
});

test('a halt of one currency stops its tips and nobody else\'s', async () => {
  const { db } = database.current;
  const [dollars, euros] = [await makeCreator(db), await makeCreator(db, 'EUR')];
  const [a, b] = [await makeFan(db, unit), await makeFan(db, unit, 'EUR')];
  await db.query(`INSERT INTO ledger_halt (currency, reason, halted_at) VALUES ('EUR', 'a test', now())`);
  const sender = senderOn(database.current);
  const outcomes = await Promise.all([
    sender.send(wish({ senderId: a, creatorId: dollars.id, amountMicros: 1n })),
    sender.send(wish({ senderId: b, creatorId: euros.id, amountMicros: 1n, currency: 'EUR' })),
  ]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['SENT', 'LEDGER_HALTED']);
  await db.query('DELETE FROM ledger_halt');
});

/** What a lost dispute leaves: a debt to the platform. */
async function indebt(creatorId: string, amountMicros: bigint): Promise<void> {
  const { db } = database.current;
  const names = [
    { ownerId: creatorId, kind: 'debt' as const, currency: 'USD' },
    { ownerId: PLATFORM_OWNER_ID, kind: 'platform_loss' as const, currency: 'USD' },
  ];
  const [debt, loss] = (await transaction(db, (tx) => openAccounts(tx, names, new Date()))) as [string, string];
  const entries = [{ accountId: debt, amountMicros: -amountMicros }, { accountId: loss, amountMicros }];
  await transaction(db, (tx) => post(tx, [{ id: newId(), kind: 'ADJUSTMENT', causeId: newId(), currency: 'USD', entries, createdAt: new Date() }]));
}

test('the application cannot take rows away that keep idempotency keys', async () => {
  const { db } = database.current;
  for (const table of ['tip', 'top_up']) {
    await expect(db.query(`DELETE FROM ${table}`)).rejects.toMatchObject({ code: '42501' });
  }
});
