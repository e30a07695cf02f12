import { expect, test } from '@jest/globals';
import pg from 'pg';
import { check } from '../../src/ledger/room.ts';
import { tipsRoom } from '../../src/tips/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { makeCreator, makeFan } from '../support/world.ts';
import { expectCleanTips, senderOn, wish } from './support.ts';

const database = eachTestDatabase();

const [hasPosting, hasTip, movedNothing, isItsCreators, isInStreamOnce, eventHasTip, countIsTrue] = (tipsRoom.invariants ?? []).map(({ name }) => name) as [string, string, string, string, string, string, string];
const copied = (changes: object) => `SELECT (jsonb_populate_record(e, '${JSON.stringify(changes)}')).* FROM stream_event e WHERE sequence = 1`;
const stranger = '01900000-0000-7000-8000-000000000000';

const sabotages: [sql: string, broken: string[]][] = [
  [`UPDATE posting SET kind = 'GIFT'`, [hasPosting]],
  [`UPDATE tip SET currency = 'EUR'`, [hasTip]],
  [`ALTER TABLE tip DROP CONSTRAINT tip_from_wallet; UPDATE tip SET status = 'PENDING'`, [hasTip, movedNothing]],
  [`UPDATE entry SET account_id = other.id FROM account mine, account other
    WHERE mine.id = entry.account_id AND mine.kind = 'earnings' AND other.kind = 'earnings' AND other.id <> mine.id`, [isItsCreators]],
  ['DELETE FROM stream_event WHERE sequence = 1', [isInStreamOnce]],
  [`INSERT INTO stream_event ${copied({ sequence: 3 })}`, [isInStreamOnce]],
  [`INSERT INTO stream_event ${copied({ sequence: 3, subject_id: stranger })}`, [eventHasTip]],
  [`UPDATE stream_event SET subject_id = '${stranger}' WHERE sequence = 1`, [isInStreamOnce, eventHasTip]],
  [`UPDATE counter SET value = 3 WHERE name = 'tips'`, [countIsTrue]],
];

test.each(sabotages)('the check sees what this breaks: %s', async (sql, broken) => {
  const { db, ownerUrl } = database.current;
  const sender = senderOn(database.current);
  const creator = await makeCreator(db);
  await makeCreator(db);
  const fan = await makeFan(db, 1_000_000n);
  for (const amountMicros of [10_000n, 1n]) {
    expect(await sender.send(wish({ senderId: fan, creatorId: creator.id, amountMicros }))).toMatchObject({ kind: 'SENT' });
  }
  await expectCleanTips(db);

  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  // Past the guards of what is append-only, as whoever owns the tables could.
  await owner.query(`SET session_replication_role = replica; ${sql}`);
  await owner.end();
  const lines = await check(db, { full: true, invariants: tipsRoom.invariants ?? [] });
  const names = new Set<string>([hasPosting, hasTip, movedNothing, isItsCreators, isInStreamOnce, eventHasTip, countIsTrue]);
  expect(lines.filter(({ ok, name }) => !ok && names.has(name)).map(({ name }) => name)).toEqual(broken);
});
