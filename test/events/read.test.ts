import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newId, transaction } from '../../src/database/room.ts';
import { decodeCursor, encodeCursor, pageBackwards, topics } from '../../src/events/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { appendTips, eachTestHubs, openCreator, range, sequencesOf } from './support.ts';

const openHub = eachTestHubs();
const database = eachTestDatabase();

test('pages of many creators are read backwards, newest first, each in its creator’s place', async () => {
  const { db } = database.current;
  const hub = openHub({ db });
  const [ada, ben, cleo] = [await openCreator(db), await openCreator(db), await openCreator(db)];
  await appendTips(db, hub, ada, 5);
  await appendTips(db, hub, ben, 2);
  const page = async (options: { before?: bigint | null; limit: number }) =>
    (await pageBackwards(db, [ben, cleo, ada, newId()], 'tips', options)).map(sequencesOf);
  expect(await page({ limit: 3 })).toEqual([[2n, 1n], [], [5n, 4n, 3n], []]);
  expect(await page({ before: null, limit: 1 })).toEqual([[2n], [], [5n], []]);
  expect(await page({ before: 3n, limit: 3 })).toEqual([[2n, 1n], [], [2n, 1n], []]);
  expect(await page({ before: 1n, limit: 3 })).toEqual([[], [], [], []]);
  const [own] = await pageBackwards(db, [ada], 'tips', { limit: 100 });
  expect(sequencesOf(own!)).toEqual(range(1, 5).reverse());
  expect(own![0]).toMatchObject({ creatorId: ada, topic: 'tips', kind: 'TIP_SENT', data: {}, createdAt: new Date('2026-11-21T12:00:00.123Z') });
});

test('a page holds while events are appended', async () => {
  const { db } = database.current;
  const hub = openHub({ db });
  const creatorId = await openCreator(db);
  await appendTips(db, hub, creatorId, 4);
  const read = () => transaction(db, (tx) => pageBackwards(tx, [creatorId], 'tips', { before: 4n, limit: 2 }));
  const before = await read();
  await appendTips(db, hub, creatorId, 3);
  expect(await read()).toEqual(before);
});

const key = fc.record({ creatorId: fc.uuid(), topic: fc.constantFrom(...topics) });
const sequence = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });

test('a cursor decodes to the sequence it was made of, and only for its own stream', () => {
  fc.assert(fc.property(key, key, sequence, (own, other, value) => {
    const text = encodeCursor({ ...own, sequence: value });
    expect(text).toMatch(/^[A-Za-z0-9_-]{34}$/);
    expect(decodeCursor(text, own)).toBe(value);
    const same = own.creatorId === other.creatorId && own.topic === other.topic;
    expect(decodeCursor(text, other)).toBe(same ? value : null);
  }));
});

test('text that is no cursor decodes to null', () => {
  const own = { creatorId: newId(), topic: 'tips' as const };
  const good = encodeCursor({ ...own, sequence: 7n });
  for (const text of ['', '7', good.slice(1), `${good}A`, `${good}=`, ` ${good}`, `${good.slice(0, 33)}!`, `${good.slice(0, 10)} ${good.slice(10)}`]) {
    expect(decodeCursor(text, own)).toBeNull();
  }
  const negative = Buffer.from(good, 'base64url');
  negative.writeBigInt64BE(-1n, 17);
  expect(decodeCursor(negative.toString('base64url'), own)).toBeNull();
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => decodeCursor(text, own) === null));
});
