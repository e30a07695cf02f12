import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { SendTipOutcome } from '../../src/tips/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { fundWallet, makeCreator, makeFan, micros } from '../support/world.ts';
import { changes, expectCleanTips, rowCounts, senderOn, stored, tally, wish, type Wish } from './support.ts';

const database = eachTestDatabase({ endsWith: ({ db }) => expectCleanTips(db) });
const unit = 1_000_000n;
/** Not the system's: an hour or day that begins in the middle of a test would open rows of its own. */
const noon = { now: () => new Date('2026-02-03T12:00:00Z') };
/** What one tip adds to tables whose other rows are there already. */
const oneTip = { tip: 1, posting: 1, entry: 3, stream_event: 1, balance_delta: 1 };

async function twoProcesses() {
  return [senderOn(database.current, { clock: noon }), senderOn(database.current, { db: await database.current.connect(), clock: noon })] as const;
}

function tipOf(outcome: SendTipOutcome) {
  if (outcome.kind !== 'SENT' && outcome.kind !== 'REPLAYED') throw new Error(`The outcome was ${outcome.kind}.`);
  return outcome.tip;
}

describe('one key', () => {
  test('sent 200 times at once through two processes makes one tip and 200 equal answers', async () => {
    const { db } = database.current;
    const [creator, senderId] = [await makeCreator(db), await makeFan(db, 10n * unit)];
    const senders = await twoProcesses();
    const command = wish({ senderId, creatorId: creator.id, amountMicros: unit, message: 'Once', displayName: 'Grace' });
    const outcomes = await Promise.all(Array.from({ length: 200 }, (_, index) => senders[index % 2]!.send(command)));
    expect(tally(outcomes)).toEqual({ SENT: 1, REPLAYED: 199 });
    const [first, ...others] = outcomes.map(tipOf);
    for (const other of others) expect(other).toEqual(first);
    expect(await stored(db)).toEqual({ tips: 1, postings: 1, events: 1 });
    expect(await micros(db, senderId, 'wallet')).toBe(9n * unit);
  });

  test('raced with two bodies that are valid alone, to creators of two currencies, makes one tip and one refusal, fifty times', async () => {
    const { db } = database.current;
    const [dollars, euros, senderId] = [await makeCreator(db), await makeCreator(db, 'EUR'), await makeFan(db, 100n * unit)];
    await fundWallet(db, senderId, 100n * unit, 'EUR');
    const senders = await twoProcesses();
    const bodies: Omit<Wish, 'key'>[] = [
      { senderId, creatorId: dollars.id, amountMicros: 100_000n },
      { senderId, creatorId: euros.id, amountMicros: 200_000n, currency: 'EUR' },
    ];
    for (const body of bodies) expect((await senders[0].send(wish(body))).kind).toBe('SENT');
    const balances = async () => [await micros(db, senderId, 'wallet'), await micros(db, senderId, 'wallet', 'EUR')] as const;

    const wins = [0, 0];
    for (let round = 0; round < 50; round++) {
      const [before, rows] = [await balances(), await rowCounts(db)];
      const swapped = round % 4 < 2;
      const outcomes = await Promise.all(bodies.map(async (body, index) => {
        if (Math.random() < 0.7) await wait(Math.random() * 3);
        // Every other round through one process, so that both meet in one batch.
        return senders[round % 2 === 0 ? 0 : (swapped ? 1 - index : index)]!.send(wish({ ...body, key: `round ${round}` }));
      }));
      expect(tally(outcomes)).toEqual({ SENT: 1, IDEMPOTENCY_MISMATCH: 1 });
      const winner = outcomes.findIndex(({ kind }) => kind === 'SENT');
      wins[winner]!++;
      expect(changes(rows, await rowCounts(db))).toEqual(oneTip);
      const after = await balances();
      expect(before.map((value, index) => value - after[index]!)).toEqual(bodies.map(({ amountMicros }, index) => (index === winner ? amountMicros : 0n)));
    }
    expect(Math.min(...wins)).toBeGreaterThan(0);
  });

  test('raced by 100 sendings of each of two bodies answers every one of the winner\'s alike', async () => {
    const { db } = database.current;
    const [creator, senderId] = [await makeCreator(db), await makeFan(db, 100n * unit)];
    const senders = await twoProcesses();
    const bodies = [1n, 2n].map((amountMicros) => wish({ senderId, creatorId: creator.id, amountMicros, key: 'k' }));
    const outcomes = await Promise.all(Array.from({ length: 200 }, (_, index) => senders[(index >> 1) % 2]!.send(bodies[index % 2]!)));
    expect(tally(outcomes)).toEqual({ SENT: 1, REPLAYED: 99, IDEMPOTENCY_MISMATCH: 100 });
    expect(new Set(outcomes.filter(({ kind }) => kind !== 'IDEMPOTENCY_MISMATCH').map((outcome) => tipOf(outcome).id)).size).toBe(1);
    expect(await stored(db)).toEqual({ tips: 1, postings: 1, events: 1 });
  });

  test('is each person\'s own', async () => {
    const { db } = database.current;
    const [creator, ...fans] = [await makeCreator(db), await makeFan(db, unit), await makeFan(db, unit)] as const;
    const senders = await twoProcesses();
    const outcomes = await Promise.all(fans.map((senderId, index) => senders[index]!.send(wish({ senderId, creatorId: creator.id, amountMicros: 1n + BigInt(index), key: 'k' }))));
    expect(tally(outcomes)).toEqual({ SENT: 2 });
  });

  test('differs from the same with other case, accents or an end of blanks', async () => {
    const { db } = database.current;
    const [creator, senderId] = [await makeCreator(db), await makeFan(db, unit)];
    const [sender] = await twoProcesses();
    const keys = ['key', 'Key', 'kéy', 'ke\u0301y', 'key ', 'key\u200b', '🔑'.repeat(255)];
    const outcomes = await Promise.all(keys.map((key, index) => sender.send(wish({ senderId, creatorId: creator.id, amountMicros: 1n + BigInt(index), key }))));
    expect(tally(outcomes)).toEqual({ SENT: keys.length });
  });
});

describe('a refusal stores nothing', () => {
  test('so its key succeeds once the wallet was filled, with the same input or another', async () => {
    const { db } = database.current;
    const [creator, senderId] = [await makeCreator(db), await makeFan(db, 1n)];
    const [sender, other] = await twoProcesses();
    const rich = { senderId, creatorId: creator.id, amountMicros: unit, key: 'k' };
    const rows = await rowCounts(db);
    for (const one of [sender, other, sender]) expect((await one.send(wish(rich))).kind).toBe('INSUFFICIENT_FUNDS');
    // The platform's own account may have been opened for it.
    expect(changes({ ...rows, account: 0 }, { ...(await rowCounts(db)), account: 0 })).toEqual({});
    await fundWallet(db, senderId, 2n * unit);
    expect((await other.send(wish({ ...rich, message: 'Here it comes' }))).kind).toBe('SENT');
    expect((await sender.send(wish(rich))).kind).toBe('IDEMPOTENCY_MISMATCH');
    expect((await sender.send(wish({ ...rich, message: 'Here it comes' }))).kind).toBe('REPLAYED');
  });

  test('within a batch too: what is refused first leaves its key to what comes after', async () => {
    const { db } = database.current;
    const [creator, senderId] = [await makeCreator(db), await makeFan(db, unit)];
    const [sender] = await twoProcesses();
    const amounts = [5n * unit, 10_000n, 5n * unit, 10_000n];
    const outcomes = await Promise.all(amounts.map((amountMicros) => sender.send(wish({ senderId, creatorId: creator.id, amountMicros, key: 'k' }))));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['INSUFFICIENT_FUNDS', 'SENT', 'IDEMPOTENCY_MISMATCH', 'REPLAYED']);
  });
});

describe('a key still answers its tip', () => {
  test.each([
    ['the creator raised the minimum', `UPDATE creator SET tip_preset_micros = '{}', tip_minimum_micros = 5000000`],
    ['the creator lowered the maximum', `UPDATE creator SET tip_preset_micros = '{}', tip_maximum_micros = 10`],
    ['the creator allows shorter messages', `UPDATE creator SET max_message_length = 0`],
    ['the creator holds messages for approval', `UPDATE creator SET hold_tips_for_approval = true`],
    ['the sender was frozen', `UPDATE person SET frozen_at = now()`],
    ['the sender took another name', `UPDATE person SET display_name = 'Somebody else'`],
    ['payments of its currency were stopped', `INSERT INTO ledger_halt (currency, reason, halted_at) VALUES ('USD', 'a test', now())`],
  ])('after %s', async (_, change) => {
    const { db } = database.current;
    const [creator, senderId] = [await makeCreator(db), await makeFan(db, unit)];
    const [sender, other] = await twoProcesses();
    const command = wish({ senderId, creatorId: creator.id, amountMicros: unit, message: 'Hello' });
    const first = tipOf(await sender.send(command));
    await db.query(change);
    const again = await other.send(command);
    expect(again.kind).toBe('REPLAYED');
    expect(tipOf(again)).toEqual(first);
    expect((await other.send({ ...command, inputHash: Buffer.alloc(33) })).kind).toBe('IDEMPOTENCY_MISMATCH');
    await db.query('DELETE FROM ledger_halt');
    expect(await stored(db)).toEqual({ tips: 1, postings: 1, events: 1 });
  });

  test('in the state it has now, with the fee it was made with', async () => {
    const { db } = database.current;
    const [creator, senderId] = [await makeCreator(db), await makeFan(db, unit)];
    const command = wish({ senderId, creatorId: creator.id, amountMicros: unit, message: 'Rude' });
    await senderOn(database.current, { feeBps: 500 }).send(command);
    await db.query(`UPDATE tip SET message_state = 'DENIED'`);
    const again = await senderOn(database.current, { feeBps: 9_000 }).send(command);
    expect(again).toMatchObject({ kind: 'REPLAYED', tip: { feeBps: 500, feeMicros: 50_000n, messageState: 'DENIED' } });
  });
});
