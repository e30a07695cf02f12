import { expect, test } from '@jest/globals';
import pg from 'pg';
import { databaseErrorOf, failureKind, newId, transaction } from '../../src/database/room.ts';
import { creatorTopics, eventsRoom, openStreams, readEvents, readHeads, type StreamKey } from '../../src/events/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { appendTips, eachTestHubs, openCreator, range, sequencesOf, tipsOf } from './support.ts';

const openHub = eachTestHubs();
const database = eachTestDatabase();

test('events get the sequences 1, 2, 3 … of their own stream, in the order given', async () => {
  const { db } = database.current;
  const hub = openHub({ db });
  const [ada, ben] = [await openCreator(db), await openCreator(db)];
  const [a1, b1, a2, member] = [...tipsOf(ada, 1), ...tipsOf(ben, 1), ...tipsOf(ada, 1), { ...tipsOf(ada, 1)[0]!, topic: 'members' as const }];
  const given = [a1!, b1!, { ...a2!, data: { reached: ['a "goal"', null, 2.5], text: 'é,{}\\' } }, member!];
  expect(await transaction(db, (tx) => hub.append(tx, given))).toEqual([1n, 1n, 2n, 1n]);
  expect(await appendTips(db, hub, ada, 2)).toEqual([3n, 4n]);
  expect((await readEvents(db, { creatorId: ada, topic: 'tips' }, 0n, 2))).toEqual([{ ...a1, data: {}, sequence: 1n }, { ...given[2], sequence: 2n }]);
  const keys: StreamKey[] = [{ creatorId: ben, topic: 'tips' }, { creatorId: newId(), topic: 'tips' }, { creatorId: ada, topic: 'members' }, { creatorId: ada, topic: 'tips' }];
  expect(await readHeads(db, keys)).toEqual([1n, 0n, 1n, 4n]);
});

test('opening streams opens every topic, and doing it again changes nothing', async () => {
  const { db } = database.current;
  const creatorId = await openCreator(db);
  await appendTips(db, openHub({ db }), creatorId, 3);
  await transaction(db, (tx) => openStreams(tx, creatorId));
  const rows = await db.query('SELECT topic, head FROM stream WHERE creator_id = $1 ORDER BY head DESC, topic DESC', [creatorId]);
  expect(rows).toEqual([...creatorTopics].map((topic) => ({ topic, head: topic === 'tips' ? 3n : 0n })));
});

test('appending nothing asks the database nothing', async () => {
  const { db } = database.current;
  const hub = openHub({ db });
  const tx = { query: () => { throw new Error('asked'); }, afterCommit: () => { throw new Error('registered'); } };
  expect(await hub.append(tx as never, [])).toEqual([]);
});

test('a stream that was never opened is a mistake, and the error names it', async () => {
  const { db } = database.current;
  const creatorId = newId();
  await expect(appendTips(db, openHub({ db }), creatorId)).rejects.toThrow(`The stream ${creatorId}:tips is not there`);
});

test('text that the database cannot store takes the whole append back', async () => {
  const { db } = database.current;
  const hub = openHub({ db });
  const creatorId = await openCreator(db);
  const [good, bad] = tipsOf(creatorId, 2);
  const refused = transaction(db, (tx) => hub.append(tx, [good!, { ...bad!, data: { text: '\u0000' } }]));
  expect(failureKind(await refused.catch((error) => error))).toBe('POISON');
  expect(await appendTips(db, hub, creatorId)).toEqual([1n]);
});

test('sixteen concurrent appenders, some of whom roll back, leave no gap in any stream', async () => {
  const { db } = database.current;
  const hub = openHub({ db });
  const creators = await Promise.all(Array.from({ length: 5 }, () => openCreator(db)));
  const committed = new Map<string, bigint[]>(creators.map((creatorId) => [creatorId, []]));
  const appender = async (number: number) => {
    for (let round = 0; round < 30; round++) {
      // Overlapping sets in clashing orders: only sorted locks keep these from deadlocking.
      const order = creators.toSorted(() => Math.random() - 0.5).slice(0, 1 + Math.floor(Math.random() * 4));
      const events = order.flatMap((creatorId) => tipsOf(creatorId, 1 + (round % 3)));
      const work = transaction(db, async (tx) => {
        const sequences = await hub.append(tx, events);
        if ((round + number) % 4 === 0) throw new Error('rolled back');
        return sequences;
      }, { attempts: 1 });
      await work.then((sequences) => sequences.forEach((sequence, index) => committed.get(events[index]!.creatorId)!.push(sequence)),
        (error) => expect(error.message).toBe('rolled back'));
    }
  };
  await Promise.all(Array.from({ length: 16 }, (_, number) => appender(number)));
  for (const [creatorId, sequences] of committed) {
    const all = range(1, sequences.length);
    expect(sequences.toSorted((a, b) => Number(a - b))).toEqual(all);
    expect(sequencesOf(await readEvents(db, { creatorId, topic: 'tips' }, 0n, 100_000))).toEqual(all);
  }
  expect(await violations()).toEqual([]);
});

test('a reader that polls after its cursor never skips an event, because commit order is sequence order', async () => {
  const { db } = database.current;
  const hub = openHub({ db });
  const creatorId = await openCreator(db);
  let writing = true;
  const appender = async () => {
    for (let round = 0; round < 25; round++) {
      await transaction(db, async (tx) => {
        await hub.append(tx, tipsOf(creatorId, 1 + (round % 4)));
        // A transaction that dawdles before its commit is what makes a cursor over a plain sequence skip.
        await tx.query('SELECT pg_sleep(random() * 0.004)');
      });
    }
  };
  const appenders = Promise.all(Array.from({ length: 8 }, appender)).finally(() => { writing = false; });
  const seen: bigint[] = [];
  const poll = async () => {
    const events = await readEvents(db, { creatorId, topic: 'tips' }, seen.at(-1) ?? 0n, 7);
    seen.push(...sequencesOf(events));
    return events.length;
  };
  while (writing) await poll();
  await appenders;
  while ((await poll()) > 0);
  expect(seen).toEqual(range(1, 8 * 61));
});

test.each([
  ['UPDATE', "UPDATE stream_event SET kind = 'OTHER'"],
  ['DELETE', 'DELETE FROM stream_event'],
  ['TRUNCATE', 'TRUNCATE stream_event'],
])('events are written once: %s is refused to the application and to the owner', async (_, statement) => {
  const { db, ownerUrl } = database.current;
  await appendTips(db, openHub({ db }), await openCreator(db));
  expect(databaseErrorOf(await db.query(statement).catch((error) => error)).code).toBe('42501');
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  const refusal = await owner.query(statement).catch((error) => error);
  await owner.end();
  expect(refusal).toMatchObject({ code: '23001' });
});

test.each([
  ['a head that ran ahead', 'UPDATE stream SET head = head + 1 WHERE head > 0', { head: 4n, events: 3n, last_sequence: 3n }],
  ['a head that fell behind', 'UPDATE stream SET head = head - 1 WHERE head > 0', { head: 2n, events: 3n, last_sequence: 3n }],
  ['a missing event', 'DELETE FROM stream_event WHERE sequence = 2', { head: 3n, events: 2n, last_sequence: 3n }],
])('the check finds %s', async (_, sabotage, violation) => {
  const { db, ownerUrl } = database.current;
  const creatorId = await openCreator(db);
  await appendTips(db, openHub({ db }), creatorId, 3);
  expect(await violations()).toEqual([]);
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  await owner.query('SET session_replication_role = replica');
  await owner.query(sabotage);
  await owner.end();
  expect(await violations()).toEqual([{ creator_id: creatorId, topic: 'tips', ...violation }]);
});

async function violations(): Promise<unknown[]> {
  const found = await Promise.all(eventsRoom.invariants!.map((invariant) => database.current.db.query(invariant.sql)));
  return found.flat();
}
