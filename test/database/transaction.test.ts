import { expect, test } from '@jest/globals';
import { failureKind, moveCounters, newId, readCounters, transaction } from '../../src/database/room.ts';
import { eachTestDatabase } from '../support/database.ts';

const database = eachTestDatabase();

test('a transaction that throws leaves nothing behind', async () => {
  const { db } = database.current;
  const ownerId = newId();
  const failing = transaction(db, async (tx) => {
    await moveCounters(tx, [{ ownerId, name: 'tips', by: 3 }]);
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect(await readCounters(db, 'tips', [ownerId])).toEqual(new Map());
});

test('counters sum their moves and refuse to fall below zero', async () => {
  const { db } = database.current;
  const ownerId = newId();
  const move = (by: number) => transaction(db, (tx) => moveCounters(tx, [{ ownerId, name: 'tips', by }]));
  await move(2);
  await move(3);
  const refused = await move(-6).catch((error) => failureKind(error));
  expect(refused).toBe('POISON');
  expect(await readCounters(db, 'tips', [ownerId])).toEqual(new Map([[ownerId, 5]]));
});

test('every connection is the application role, in UTC, with bounded waits', async () => {
  const rows = await database.current.db.query(
    `SELECT current_user::text AS "user", current_setting('TimeZone') AS zone, current_setting('lock_timeout') AS wait,
            current_setting('idle_in_transaction_session_timeout') AS idle`,
  );
  expect(rows).toEqual([{ user: 'farthing_app', zone: 'UTC', wait: '2s', idle: '5s' }]);
});

test('the entity manager of a transaction sees and shares what its SQL wrote', async () => {
  const { db } = database.current;
  const ownerId = newId();
  const seen = await transaction(db, async (tx) => {
    await moveCounters(tx, [{ ownerId, name: 'tips', by: 1 }]);
    return tx.em.execute('SELECT value FROM counter WHERE owner_id = ?', [ownerId]);
  });
  expect(seen).toEqual([{ value: '1' }]);
});
