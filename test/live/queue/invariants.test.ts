import { expect, test } from '@jest/globals';
import pg from 'pg';
import { createGoal } from '../../../src/creators/room.ts';
import { check } from '../../../src/ledger/room.ts';
import { alertInvariants } from '../../../src/live/queue/invariants.ts';
import { advanceQueue } from '../../../src/live/queue/show.ts';
import { eachTestDatabase } from '../../support/database.ts';
import { expectCleanQueue, join, openOverlay, openStage, tip } from './support.ts';

const database = eachTestDatabase();

const [oneShowing, fromItsEvent, onceEach, notTooFar, heldHasAlert, heldIsNotShown, goalByTip] = alertInvariants.map(({ name }) => name) as [string, string, string, string, string, string, string];

const sabotages: [sql: string, broken: string[]][] = [
  [`DROP INDEX alert_one_showing; UPDATE alert SET state = 'SHOWING', lease = id, lease_until = now() WHERE state = 'QUEUED'`, [oneShowing]],
  [`UPDATE alert SET tip_id = (SELECT tip_id FROM alert WHERE sequence = 2 AND kind = 'TIP') WHERE sequence = 1 AND kind = 'TIP'`, [fromItsEvent]],
  [`UPDATE alert SET goal_id = gen_random_uuid() WHERE kind = 'GOAL_REACHED'`, [fromItsEvent]],
  [`DROP INDEX alert_projected_once; UPDATE alert SET sequence = 1 WHERE sequence = 2 AND kind = 'TIP'`, [fromItsEvent, onceEach]],
  ['UPDATE alert_queue SET tips_projected = 2', [notTooFar]],
  ['UPDATE alert_queue SET members_projected = 99', [notTooFar]],
  [`DELETE FROM alert WHERE state = 'HELD'`, [heldHasAlert]],
  [`UPDATE alert SET state = 'QUEUED' WHERE state = 'HELD'`, [heldHasAlert, heldIsNotShown]],
  [`UPDATE tip SET message_state = 'DENIED' WHERE message_state = 'HELD'`, [heldIsNotShown]],
  [`UPDATE tip SET message_state = 'VISIBLE' WHERE message_state = 'HELD'`, [heldIsNotShown]],
  [`UPDATE alert SET state = 'DENIED', ended_at = now() WHERE kind = 'TIP' AND state = 'QUEUED'`, [heldIsNotShown]],
  ['UPDATE goal SET reached_by = gen_random_uuid()', [goalByTip]],
];

test.each(sabotages)('the check sees what this breaks: %s', async (sql, broken) => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  await openOverlay(stage);
  await createGoal(services, creator.ownerId, { title: 'A camera', target: { amount: '1', currency: 'USD' } });
  for (const dollars of [1, 2]) await tip(stage, dollars);
  await db.query('UPDATE creator SET hold_tips_for_approval = true');
  await tip(stage, 3, { message: 'held' });
  await join(stage, 4);
  await advanceQueue(services, creator.id);
  await expectCleanQueue({ db });

  const owner = new pg.Client({ connectionString: database.current.ownerUrl });
  await owner.connect();
  // Past foreign keys and guards, as whoever owns the tables could.
  await owner.query(`SET session_replication_role = replica; ${sql}`);
  await owner.end();
  const lines = await check(db, { full: true, invariants: alertInvariants });
  const names = new Set(alertInvariants.map(({ name }) => name));
  expect(lines.filter(({ ok, name }) => !ok && names.has(name)).map(({ name }) => name)).toEqual(broken);
});
