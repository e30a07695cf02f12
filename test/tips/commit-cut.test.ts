import { beforeEach, describe, expect, test } from '@jest/globals';
import { connect, OutcomeUnknown, Unavailable } from '../../src/database/room.ts';
import type { SendTip, SendTipOutcome, TipSender } from '../../src/tips/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { entities } from '../support/entities.ts';
import { startDatabaseProxy, type CommitFate, type DatabaseProxy } from '../support/proxy.ts';
import { makeCreator, makeFan, micros, type MadeCreator } from '../support/world.ts';
import { countTo, expectCleanTips, senderOn, sequencesOf, stored, tally, wish } from './support.ts';

const database = eachTestDatabase({ endsWith: ({ db }) => expectCleanTips(db) });
const unit = 1_000_000n;
let proxy: DatabaseProxy;

beforeEach(async () => {
  const started = await startDatabaseProxy(database.current.url);
  proxy = started;
  database.current.endFirst(() => started.close());
});

/** A process that reaches the database through the proxy alone. */
async function senderThroughProxy(): Promise<TipSender> {
  const db = await connect({ url: proxy.url, entities, poolSize: 6 });
  const sender = senderOn(database.current, { db });
  // With the sender's own services, whose listening connection it waits for.
  database.current.endFirst(() => db.close());
  return sender;
}

async function scene(): Promise<{ sender: TipSender; creator: MadeCreator; senderId: string; command: SendTip }> {
  const { db } = database.current;
  const [creator, senderId] = [await makeCreator(db), await makeFan(db, 100n * unit)];
  const sender = await senderThroughProxy();
  // Opens the platform's account, so that the next COMMIT is that of a tip.
  expect((await sender.send(wish({ senderId, creatorId: creator.id, amountMicros: 1n }))).kind).toBe('SENT');
  return { sender, creator, senderId, command: wish({ senderId, creatorId: creator.id, amountMicros: unit }) };
}

/** Loses so many COMMITs, each in its way, and lets the others pass. */
function lose(fates: CommitFate[]): void {
  proxy.fateOfCommit = () => fates.shift() ?? 'PASS';
}

describe('a connection that is lost at COMMIT', () => {
  test.each<[string, string, CommitFate[]]>([
    ['before COMMIT arrives', 'SENT', ['LOSE_COMMIT']],
    ['after COMMIT arrived', 'REPLAYED', [{ loseAnswerAfterMs: 0 }]],
    ['while COMMIT is on its way, so that the second try waits for the first', 'REPLAYED', [{ loseAnswerAfterMs: 700 }]],
    ['twice before it arrives', 'SENT', ['LOSE_COMMIT', 'LOSE_COMMIT']],
    ['before it arrives, and then after', 'REPLAYED', ['LOSE_COMMIT', { loseAnswerAfterMs: 100 }]],
    ['after it arrived, and again when it is looked for', 'REPLAYED', [{ loseAnswerAfterMs: 100 }, 'LOSE_COMMIT', { loseAnswerAfterMs: 0 }]],
    ['and is never closed for the server, which ends the transaction after five seconds', 'SENT', ['STRAND_COMMIT']],
  ])('%s is tried again by itself, and the tip is there once', async (_, kind, fates) => {
    const { sender, creator, senderId, command } = await scene();
    const left = [...fates];
    lose(left);
    expect((await sender.send(command)).kind).toBe(kind);
    expect(left).toEqual([]);
    expect(await stored(database.current.db)).toEqual({ tips: 2, postings: 2, events: 2 });
    expect(await micros(database.current.db, senderId, 'wallet')).toBe(99n * unit - 1n);
    expect(await sequencesOf(database.current.db, creator.id)).toEqual(countTo(2));
  });

  test.each<[string, string, number, CommitFate]>([
    ['and was not there', 'SENT', 1, 'LOSE_COMMIT'],
    ['and was there', 'REPLAYED', 2, { loseAnswerAfterMs: 0 }],
  ])('every time is OUTCOME_UNKNOWN, %s: its key settles it to one', async (_, kind, tipsBefore, fate) => {
    const { sender, senderId, command } = await scene();
    lose([fate, fate, fate, fate, fate]);
    await expect(sender.send(command)).rejects.toBeInstanceOf(OutcomeUnknown);
    expect((await stored(database.current.db)).tips).toBe(tipsBefore);
    expect((await sender.send(command)).kind).toBe(kind);
    expect((await sender.send(command)).kind).toBe('REPLAYED');
    expect(await stored(database.current.db)).toEqual({ tips: 2, postings: 2, events: 2 });
    expect(await micros(database.current.db, senderId, 'wallet')).toBe(99n * unit - 1n);
  });

  test('whose second body comes under the same key while the first is on its way is a mismatch, whatever became of the first', async () => {
    const { creator, senderId, sender } = await scene();
    const other = senderOn(database.current);
    lose([{ loseAnswerAfterMs: 300 }]);
    const [mine, theirs] = [1n, 2n].map((amountMicros) => wish({ senderId, creatorId: creator.id, amountMicros, key: 'k' })) as [SendTip, SendTip];
    const first = sender.send(mine);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(tally(await Promise.all([first, other.send(theirs)]))).toEqual({ REPLAYED: 1, IDEMPOTENCY_MISMATCH: 1 });
    expect((await stored(database.current.db)).tips).toBe(2);
  });
});

test('a database that cannot be reached is UNAVAILABLE, nothing is written, and the key succeeds later', async () => {
  const { sender, command } = await scene();
  await proxy.refuse();
  await expect(sender.send(command)).rejects.toBeInstanceOf(Unavailable);
  expect(await stored(database.current.db)).toEqual({ tips: 1, postings: 1, events: 1 });
  await proxy.accept();
  expect((await sender.send(command)).kind).toBe('SENT');
});

test('of 500 tips through two processes with random cuts every acknowledged one is there once, and every unknown one settles to one', async () => {
  const { db } = database.current;
  const creators = [await makeCreator(db), await makeCreator(db), await makeCreator(db)];
  const fans = await Promise.all(Array.from({ length: 10 }, () => makeFan(db, 50n * unit)));
  const senders = [await senderThroughProxy(), await senderThroughProxy()] as const;
  const seen = { commits: 0, unknown: 0 };
  proxy.fateOfCommit = () => {
    seen.commits++;
    // Three of ten are lost, and once so many in a row that some batch loses all its tries.
    const isStorm = seen.commits > 10 && seen.commits <= 35;
    if (!isStorm && Math.random() > 0.3) return 'PASS';
    return Math.random() < 0.4 ? 'LOSE_COMMIT' : { loseAnswerAfterMs: Math.random() < 0.5 ? 0 : Math.random() * 40 };
  };
  const commands = Array.from({ length: 500 }, (_, index) => wish({
    senderId: fans[index % fans.length]!,
    creatorId: creators[index % creators.length]!.id,
    amountMicros: BigInt(1 + (index % 7)) * 10_000n,
  }));
  // What a fan does who gets OUTCOME_UNKNOWN or UNAVAILABLE: the same with the same key, through whichever process.
  const settle = async (command: SendTip): Promise<SendTipOutcome> => {
    for (;;) {
      try {
        return await senders[Math.random() < 0.5 ? 0 : 1].send(command);
      } catch (error) {
        if (!(error instanceof OutcomeUnknown || error instanceof Unavailable)) throw error;
        seen.unknown++;
      }
    }
  };
  const queue = commands.values();
  const outcomes = new Map<SendTip, SendTipOutcome>();
  await Promise.all(Array.from({ length: 25 }, async () => {
    for (const command of queue) outcomes.set(command, await settle(command));
  }));

  expect(seen.unknown).toBeGreaterThan(0);
  const acknowledged = [...outcomes].map(([command, outcome]) => [('tip' in outcome ? outcome.tip.id : outcome.kind), command.idempotencyKey]);
  const rows = await db.query<{ id: string; idempotency_key: string }>('SELECT id, idempotency_key FROM tip');
  expect(rows.map((row) => [row.id, row.idempotency_key]).sort()).toEqual(acknowledged.sort());
  expect(await stored(db)).toEqual({ tips: 500, postings: 500, events: 500 });
  for (const creator of creators) {
    const sequences = await sequencesOf(db, creator.id);
    expect(sequences).toEqual(countTo(sequences.length));
  }
  const spent = commands.reduce((sum, { amount }) => sum + amount.micros, 0n);
  const left = await Promise.all(fans.map((id) => micros(db, id, 'wallet')));
  expect(left.reduce((sum, value) => sum + value, 0n)).toBe(500n * unit - spent);
});
