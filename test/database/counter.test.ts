import { expect, test } from '@jest/globals';
import { moveCounters, newId, readCounters, transaction } from '../../src/database/room.ts';
import { eachTestDatabase } from '../support/database.ts';

const database = eachTestDatabase();

test('counters move up and down together, each by the sum of its moves', async () => {
  const { db } = database.current;
  const [a, b, c] = [newId(), newId(), newId()];
  const move = (...moves: [string, number][]) =>
    transaction(db, (tx) => moveCounters(tx, moves.map(([ownerId, by]) => ({ ownerId, name: 'things', by }))));
  await move([a, 2], [b, 5], [a, 1]);
  await move([a, -3], [b, 1], [c, 4], [b, -3]);
  await move();
  expect(await readCounters(db, 'things', [a, b, c, newId()])).toEqual(new Map([[a, 0], [b, 3], [c, 4]]));
  await expect(move([c, 1], [a, -1])).rejects.toThrow('counter_not_negative');
  expect(await readCounters(db, 'things', [a, c])).toEqual(new Map([[a, 0], [c, 4]]));
});

test('counters that many move at once in any order lose nothing and never deadlock', async () => {
  const databases = [database.current.db, await database.current.connect()];
  const owners = Array.from({ length: 10 }, newId);
  await transaction(databases[0]!, (tx) => moveCounters(tx, owners.map((ownerId) => ({ ownerId, name: 'things', by: 1_000 }))));
  await Promise.all(Array.from({ length: 60 }, (_, index) =>
    transaction(databases[index % 2]!, (tx) => {
      const order = index % 3 ? owners : owners.toReversed();
      return moveCounters(tx, order.map((ownerId, place) => ({ ownerId, name: 'things', by: (index + place) % 2 ? 3 : -1 })));
    }, { attempts: 1 })));
  const values = await readCounters(databases[0]!, 'things', owners);
  expect([...values.values()].reduce((sum, value) => sum + value, 0)).toBe(10 * 1_000 + 60 * 10);
});
