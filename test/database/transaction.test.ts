import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { failureKind, moveCounters, newId, readCounters, transaction, type Sql, type Tx } from '../../src/database/room.ts';
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

test('what is started together fails with the error of the statement that failed first, and nothing of it stays', async () => {
  const { db } = database.current;
  const ownerId = newId();
  const insert = (tx: Tx, value: number) => tx.query('INSERT INTO counter (owner_id, name, value) VALUES ($1, $2, $3)', [ownerId, `of ${value}`, value]);
  const deep = async (tx: Tx) => {
    await (async () => (await insert(tx, -1), await insert(tx, 2)))();
  };
  const error = await transaction(db, (tx) => Promise.all([insert(tx, 1), deep(tx), insert(tx, 3)])).catch((thrown: unknown) => thrown);
  // Not 25P02, which every later statement is answered with, and which would not be tried again after a deadlock.
  expect(error).toMatchObject({ code: '23514', constraint: 'counter_not_negative' });
  expect(await db.query('SELECT * FROM counter')).toEqual([]);
});

test('statements that are started together run in the order in which they were started', async () => {
  const { db } = database.current;
  const [ownerId, names] = [newId(), ['a', 'b', 'c', 'd', 'e']];
  const seen = await transaction(db, (tx) => Promise.all(names.map(async (name) => {
    const [, [row]] = await Promise.all([
      tx.query('INSERT INTO counter (owner_id, name, value) VALUES ($1, $2, 0)', [ownerId, name]),
      tx.query<{ names: string }>(`SELECT string_agg(name, '' ORDER BY name) AS names FROM counter`),
    ]);
    return row?.names;
  })));
  expect(seen).toEqual(['a', 'ab', 'abc', 'abcd', 'abcde']);
});

test('a statement that comes after its transaction has ended is refused, and so never stands alone', async () => {
  const { db } = database.current;
  let late: Promise<unknown> | undefined;
  const failing = transaction(db, async (tx) => {
    late = tx.query('SELECT 1').then(() => delay(20)).then(() => moveCounters(tx, [{ ownerId: newId(), name: 'tips', by: 1 }]));
    late.catch(() => {});
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  await expect(late).rejects.toThrow('came too late');
  expect(await db.query('SELECT * FROM counter')).toEqual([]);
});

test('a transaction that keeps its plans leaves the connection as it was', async () => {
  const { db } = database.current;
  const mode = (sql: Sql) => sql.query<{ mode: string }>(`SELECT current_setting('plan_cache_mode') AS mode`);
  expect(await transaction(db, mode, { keepPlans: true })).toEqual([{ mode: 'force_generic_plan' }]);
  expect(await transaction(db, mode)).toEqual([{ mode: 'auto' }]);
});
