import { expect, test } from '@jest/globals';
import pg from 'pg';
import { creatorsRoom, recordTips } from '../../src/creators/room.ts';
import { newId, transaction } from '../../src/database/room.ts';
import { check } from '../../src/ledger/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { Api, expectClean } from './support.ts';

const database = eachTestDatabase();

const sabotages: [broken: string, sql: string][] = [
  ['every creator has the accounts that tips are paid to', `DELETE FROM account WHERE kind = 'debt'`],
  ['every creator has a stream of every topic', `DELETE FROM stream WHERE topic = 'members'`],
  ['the count of creators is how many there are', `UPDATE counter SET value = 7 WHERE name = 'creators'`],
  ['every creator\'s count of tiers is how many are open', `UPDATE tier SET archived_at = now()`],
  ['no tier has more members than places', `ALTER TABLE tier DROP CONSTRAINT tier_taken_counts; UPDATE tier SET capacity = 1, taken = 2`],
  ['every goal that was raised in full was reached', `ALTER TABLE goal DROP CONSTRAINT goal_reached_once_raised; UPDATE goal SET raised_micros = target_micros`],
  ['what each fan gave in all is the sum of its days, and of its months', `UPDATE supporter_total SET total_micros = 1 WHERE period = 'MONTH'`],
  ['what each fan gave in all is the sum of its days, and of its months', `DELETE FROM supporter_total WHERE period = 'ALL_TIME'`],
  ['no day of a creator took in less than its fans gave by name', `UPDATE creator_day SET tips_total_micros = 1`],
];

test.each(sabotages)('the check sees when this does not hold: %s (%s)', async (broken, sql) => {
  const { db, ownerUrl } = database.current;
  const api = new Api(db);
  const { personId, uuid } = await api.page('linus');
  const price = { amount: '5', currency: 'USD' };
  await api.mutate(personId, 'createTier', { name: 'T', price, capacity: 5 }, 'tier { id }');
  await api.mutate(personId, 'createGoal', { title: 'G', target: price }, 'goal { id }');
  const tip = { tipId: newId(), creatorId: uuid, tipperId: newId(), displayName: 'Fan', amountMicros: 50n, currency: 'USD', createdAt: new Date() };
  await transaction(db, (tx) => recordTips(tx, [tip]));
  await expectClean(db);

  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  await owner.query(sql);
  await owner.end();
  const lines = await check(db, { full: true, invariants: creatorsRoom.invariants ?? [] });
  expect(lines.filter((line) => !line.ok).map((line) => line.name)).toEqual([broken]);
});
