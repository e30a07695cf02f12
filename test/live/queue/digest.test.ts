import { expect, test } from '@jest/globals';
import { createGoal } from '../../../src/creators/room.ts';
import { AlertKind } from '../../../src/live/queue/alert-enums.ts';
import { moderateAlert, setQueueState } from '../../../src/live/queue/moderate.ts';
import { advanceQueue } from '../../../src/live/queue/show.ts';
import { eachTestDatabase } from '../../support/database.ts';
import { alertsOf, change, expectCleanQueue, join, openOverlay, openStage, refundAll, report, setVisible, showing, tip, told, type Stage } from './support.ts';

const database = eachTestDatabase({ endsWith: expectCleanQueue });

/** Makes all that happened so far look as if it had happened two hours ago. Events are written once, so this needs the owner's hand. */
async function twoHoursPass({ db, creator }: Stage, table: 'stream_event' | 'alert' = 'alert'): Promise<void> {
  if (table === 'alert') {
    await db.query(`UPDATE alert SET waiting_since = waiting_since - interval '2 hours' WHERE creator_id = $1`, [creator.id]);
    return;
  }
  const pg = await import('pg');
  const owner = new pg.default.Client({ connectionString: database.current.ownerUrl });
  await owner.connect();
  await owner.query(`SET session_replication_role = replica; UPDATE stream_event SET created_at = created_at - interval '2 hours'`);
  await owner.end();
}

const shape = async ({ db, creator }: Stage) =>
  (await alertsOf(db, creator.id)).map(({ kind, state, digestCount, amountMicros }) => [kind, state, digestCount, amountMicros && Number(amountMicros) / 1_000_000]);

test('what waited too long is skipped when showing begins again, and one digest tells of it in its place', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  await createGoal(services, creator.ownerId, { title: 'A camera', target: { amount: '3', currency: 'USD' } });
  for (const dollars of [1, 2]) await tip(stage, dollars);
  await advanceQueue(services, creator.id);
  await twoHoursPass(stage);
  await tip(stage, 4);
  const overlay = await openOverlay(stage);
  await advanceQueue(services, creator.id);
  expect(await shape(stage)).toEqual([
    ['TIP', 'SKIPPED', null, 1],
    ['DIGEST', 'SHOWING', 3, 3],
    ['TIP', 'SKIPPED', null, 2],
    ['GOAL_REACHED', 'SKIPPED', null, 3],
    ['TIP', 'QUEUED', null, 4],
  ]);
  await report(services, overlay, (await showing(db, creator.id))!);
  expect((await showing(db, creator.id))?.amountMicros).toBe(4_000_000n);
  expect((await told(db, creator.id)).filter((kind) => kind === 'SKIPPED')).toHaveLength(3);
});

test('one alert that waited too long is shown as it is', async () => {
  const stage = await openStage(database.current);
  await tip(stage, 1);
  await advanceQueue(stage.services, stage.creator.id);
  await twoHoursPass(stage);
  await openOverlay(stage);
  await advanceQueue(stage.services, stage.creator.id);
  expect(await shape(stage)).toEqual([['TIP', 'SHOWING', null, 1]]);
});

test('a digest that waited too long itself is counted with what it stands for', async () => {
  const stage = await openStage(database.current);
  const { services, creator } = stage;
  for (const dollars of [1, 2]) await tip(stage, dollars);
  await twoHoursPass(stage, 'stream_event');
  await advanceQueue(services, creator.id);
  for (const dollars of [3, 4]) await tip(stage, dollars);
  await advanceQueue(services, creator.id);
  await twoHoursPass(stage);
  await openOverlay(stage);
  await advanceQueue(services, creator.id);
  expect((await shape(stage)).filter(([, state]) => state === 'SHOWING')).toEqual([['DIGEST', 'SHOWING', 4, 10]]);
});

test('what happened long before anybody looked becomes one digest without a row for each', async () => {
  const stage = await openStage(database.current);
  const { services, creator } = stage;
  await createGoal(services, creator.ownerId, { title: 'A camera', target: { amount: '3', currency: 'USD' } });
  for (const dollars of [1, 2]) await tip(stage, dollars);
  await join(stage, 5);
  await twoHoursPass(stage, 'stream_event');
  await tip(stage, 4);
  await advanceQueue(services, creator.id);
  expect(await shape(stage)).toEqual([['DIGEST', 'QUEUED', 4, 8], ['TIP', 'QUEUED', null, 4]]);
  await advanceQueue(services, creator.id);
  expect(await shape(stage)).toHaveLength(2);
});

test('the digest of the past counts what the settings want alone', async () => {
  const stage = await openStage(database.current);
  const { services, creator } = stage;
  await change(stage, { kinds: [AlertKind.TIP, AlertKind.DIGEST], minimum: { amount: '2', currency: 'USD' } });
  for (const dollars of [1, 2, 3]) await tip(stage, dollars);
  await join(stage, 5);
  await twoHoursPass(stage, 'stream_event');
  await advanceQueue(services, creator.id);
  expect(await shape(stage)).toEqual([['DIGEST', 'QUEUED', 2, 5]]);
});

test('one alert of the past is no digest, and none of it makes nothing', async () => {
  const stage = await openStage(database.current);
  const { services, creator } = stage;
  await tip(stage, 1);
  await twoHoursPass(stage, 'stream_event');
  await advanceQueue(services, creator.id);
  expect(await shape(stage)).toEqual([['TIP', 'QUEUED', null, 1]]);
  const other = await openStage(database.current);
  await change(other, { kinds: [AlertKind.GOAL_REACHED] });
  await tip(other, 1);
  await twoHoursPass(other, 'stream_event');
  await advanceQueue(other.services, other.creator.id);
  expect(await shape(other)).toEqual([]);
});

test('without digests what waited too long is skipped in silence', async () => {
  const stage = await openStage(database.current);
  const { services, creator } = stage;
  await change(stage, { kinds: [AlertKind.TIP], maxAgeSeconds: 60 });
  for (const dollars of [1, 2]) await tip(stage, dollars);
  await advanceQueue(services, creator.id);
  await twoHoursPass(stage);
  await openOverlay(stage);
  await tip(stage, 3);
  await advanceQueue(services, creator.id);
  expect(await shape(stage)).toEqual([['TIP', 'SKIPPED', null, 1], ['TIP', 'SKIPPED', null, 2], ['TIP', 'SHOWING', null, 3]]);
});

test('a pause is no reason for a digest while it lasts', async () => {
  const stage = await openStage(database.current);
  const { services, creator } = stage;
  await openOverlay(stage);
  await setQueueState(services, creator.id, 'PAUSED');
  for (const dollars of [1, 2]) await tip(stage, dollars);
  await advanceQueue(services, creator.id);
  await twoHoursPass(stage);
  await advanceQueue(services, creator.id);
  expect((await shape(stage)).map(([, state]) => state)).toEqual(['QUEUED', 'QUEUED']);
  await setQueueState(services, creator.id, 'PLAYING');
  expect((await shape(stage)).map(([kind, state]) => `${kind} ${state}`)).toEqual(['TIP SKIPPED', 'DIGEST SHOWING', 'TIP SKIPPED']);
});

test('a digest counts no tip again that was only replayed, and none that was refunded', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const overlay = await openOverlay(stage);
  await tip(stage, 10);
  await advanceQueue(services, creator.id);
  const first = (await showing(db, creator.id))!;
  await report(services, overlay, first);
  await setVisible(db, overlay, false);
  await moderateAlert(services, first, 'REPLAY');
  for (const dollars of [1, 2]) await tip(stage, dollars);
  const refunded = await tip(stage, 4);
  await advanceQueue(services, creator.id);
  await refundAll(stage, refunded.id);
  await twoHoursPass(stage);
  await setVisible(db, overlay, true);
  await advanceQueue(services, creator.id);
  expect((await shape(stage)).filter(([kind]) => kind === 'DIGEST')).toEqual([['DIGEST', 'SHOWING', 2, 3]]);
});

test('of one tip and its replays, the tip is shown when they waited too long', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  await tip(stage, 1);
  await advanceQueue(services, creator.id);
  const [first] = await alertsOf(db, creator.id);
  await moderateAlert(services, first!, 'SKIP');
  for (let times = 0; times < 3; times++) await moderateAlert(services, first!, 'REPLAY');
  await tip(stage, 2);
  await advanceQueue(services, creator.id);
  await twoHoursPass(stage);
  await openOverlay(stage);
  await advanceQueue(services, creator.id);
  expect(await shape(stage)).toEqual([
    ['TIP', 'SKIPPED', null, 1], ['TIP', 'SKIPPED', null, 1], ['TIP', 'SKIPPED', null, 1], ['TIP', 'SKIPPED', null, 1], ['TIP', 'SHOWING', null, 2],
  ]);
});

test('the digest of the past leaves refunded tips out', async () => {
  const stage = await openStage(database.current);
  const tips = [];
  for (const dollars of [1, 2, 3]) tips.push(await tip(stage, dollars));
  await refundAll(stage, tips[1]!.id);
  await twoHoursPass(stage, 'stream_event');
  await advanceQueue(stage.services, stage.creator.id);
  expect(await shape(stage)).toEqual([['DIGEST', 'QUEUED', 2, 4]]);
});
