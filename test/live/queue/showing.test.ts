import { expect, test } from '@jest/globals';
import { moderateAlert, sendTestAlert, setQueueState } from '../../../src/live/queue/moderate.ts';
import { advanceQueue } from '../../../src/live/queue/show.ts';
import { eachTestDatabase } from '../../support/database.ts';
import { alertsOf, endLease, expectCleanQueue, openOverlay, openStage, refundAll, report, setVisible, showing, states, tip, told } from './support.ts';

const database = eachTestDatabase({ endsWith: expectCleanQueue });

test('alerts are shown one after the other in the order of their tips, each when the one before was reported shown', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const overlay = await openOverlay(stage);
  for (const dollars of [1, 2, 3]) await tip(stage, dollars);
  await advanceQueue(services, creator.id);
  const shown: bigint[] = [];
  for (let now = await showing(db, creator.id); now; now = await showing(db, creator.id)) {
    shown.push(now.amountMicros as bigint);
    expect((await report(services, overlay, now)).alert).toMatchObject({ id: now.id, state: 'SHOWN', lease: now.lease });
  }
  expect(shown).toEqual([1_000_000n, 2_000_000n, 3_000_000n]);
  expect(await states(db, creator.id)).toEqual(['SHOWN', 'SHOWN', 'SHOWN']);
  expect(await told(db, creator.id)).toEqual(['QUEUED', 'QUEUED', 'QUEUED', 'SHOWING', 'SHOWN', 'SHOWING', 'SHOWN', 'SHOWING', 'SHOWN']);
});

test.each([
  ['no overlay is connected', async () => {}],
  ['the overlay is hidden', async (stage) => void (await openOverlay(stage, { isVisible: false }))],
  ['the overlay shows a goal alone', async (stage) => void (await openOverlay(stage, { widget: 'GOAL' }))],
  ['the overlay was not seen for a while', async (stage) => {
    await openOverlay(stage);
    await stage.db.query(`UPDATE overlay_connection SET seen_at = clock_timestamp() - interval '7 seconds'`);
  }],
  ['only another creator\'s overlay is there', async () => void (await openOverlay(await openStage(database.current)))],
  ['the queue is paused', async (stage) => {
    await openOverlay(stage);
    await setQueueState(stage.services, stage.creator.id, 'PAUSED');
  }],
] as [string, (stage: Awaited<ReturnType<typeof openStage>>) => Promise<void>][])('nothing starts while %s', async (_, arrange) => {
  const stage = await openStage(database.current);
  await arrange(stage);
  await tip(stage, 1);
  await advanceQueue(stage.services, stage.creator.id);
  expect(await states(stage.db, stage.creator.id)).toEqual(['QUEUED']);
});

test('the same report again answers the same alert, and any other lease is over', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const [one, two] = [await openOverlay(stage), await openOverlay(stage)];
  await tip(stage, 1);
  await advanceQueue(services, creator.id);
  const alert = (await showing(db, creator.id))!;
  const [first, second] = await Promise.all([report(services, one, alert), report(services, two, alert)]);
  expect([first.errors, second.errors]).toEqual([[], []]);
  expect(second.alert?.shownAt).toEqual(first.alert?.shownAt);
  expect((await report(services, one, { ...alert, lease: null })).errors).toMatchObject([{ code: 'INVALID_STATE', path: ['input', 'lease'] }]);
  expect(await told(db, creator.id)).toEqual(['QUEUED', 'SHOWING', 'SHOWN']);
});

test('an alert whose lease ends comes back in its old place, under a new lease, and the old one counts no more', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const overlay = await openOverlay(stage);
  for (const dollars of [1, 2]) await tip(stage, dollars);
  await advanceQueue(services, creator.id);
  const before = (await showing(db, creator.id))!;
  // A process that has just started leaves it alone a while longer.
  await endLease(db, creator.id, 9);
  await advanceQueue(services, creator.id);
  expect((await showing(db, creator.id))?.lease).toBe(before.lease);
  await endLease(db, creator.id, 11);
  await advanceQueue(services, creator.id);
  const again = (await showing(db, creator.id))!;
  expect(again).toMatchObject({ id: before.id, attempt: 2 });
  expect(again.lease).not.toBe(before.lease);
  expect((await report(services, overlay, before)).errors).toMatchObject([{ code: 'INVALID_STATE' }]);
  expect((await report(services, overlay, again)).errors).toEqual([]);
  expect(await showing(db, creator.id)).toMatchObject({ amountMicros: 2_000_000n });
});

test('only the last visible overlay gives an alert back, and it starts again when one is visible', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const [one, two] = [await openOverlay(stage), await openOverlay(stage)];
  await tip(stage, 1);
  await advanceQueue(services, creator.id);
  const alert = (await showing(db, creator.id))!;
  expect((await report(services, one, alert, 'QUEUED')).alert).toMatchObject({ state: 'SHOWING', lease: alert.lease });
  await setVisible(db, one, false);
  expect((await report(services, two, alert, 'QUEUED')).alert).toMatchObject({ state: 'QUEUED', lease: null, attempt: 2 });
  await setVisible(db, two, false);
  await advanceQueue(services, creator.id);
  expect(await states(db, creator.id)).toEqual(['QUEUED']);
  await setVisible(db, one, true);
  await advanceQueue(services, creator.id);
  expect(await showing(db, creator.id)).toMatchObject({ id: alert.id, attempt: 2 });
  expect(await told(db, creator.id)).toEqual(['QUEUED', 'SHOWING', 'GIVEN_BACK', 'SHOWING']);
});

test('what is showing can be skipped, and the next starts at once; a replay comes last, as a new alert', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const overlay = await openOverlay(stage);
  for (const dollars of [1, 2]) await tip(stage, dollars);
  await advanceQueue(services, creator.id);
  const first = (await showing(db, creator.id))!;
  expect(await moderateAlert(services, first, 'SKIP')).toEqual({ kind: 'DONE' });
  expect((await report(services, overlay, first)).errors).toMatchObject([{ code: 'INVALID_STATE' }]);
  const second = (await showing(db, creator.id))!;
  expect(second.amountMicros).toBe(2_000_000n);
  expect(await moderateAlert(services, first, 'REPLAY')).toEqual({ kind: 'DONE' });
  await report(services, overlay, second);
  expect(await showing(db, creator.id)).toMatchObject({ tipId: first.tipId, replayOf: first.id, sequence: null, attempt: 1 });
  expect(await states(db, creator.id)).toEqual(['SKIPPED', 'SHOWN', 'SHOWING']);
});

test('a paused queue lets what is showing end and starts nothing; playing again starts the next at once', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const overlay = await openOverlay(stage);
  for (const dollars of [1, 2]) await tip(stage, dollars);
  await advanceQueue(services, creator.id);
  await setQueueState(services, creator.id, 'PAUSED');
  expect((await report(services, overlay, (await showing(db, creator.id))!)).errors).toEqual([]);
  expect(await states(db, creator.id)).toEqual(['SHOWN', 'QUEUED']);
  await setQueueState(services, creator.id, 'PLAYING');
  expect(await states(db, creator.id)).toEqual(['SHOWN', 'SHOWING']);
});

test('a test goes before everything that waits, and only so many of them may', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const overlay = await openOverlay(stage);
  const test = { amountMicros: 5_000_000n, currency: 'USD', message: 'Hello' };
  for (const dollars of [1, 2]) await tip(stage, dollars);
  await advanceQueue(services, creator.id);
  for (let n = 0; n < 20; n++) expect(await sendTestAlert(services, creator.id, test)).toBe('QUEUED');
  expect(await sendTestAlert(services, creator.id, test)).toBe('FULL');
  await report(services, overlay, (await showing(db, creator.id))!);
  expect(await showing(db, creator.id)).toMatchObject({ isTest: true, kind: 'TIP', message: 'Hello', amountMicros: 5_000_000n, tipId: null, sequence: null });
  expect((await alertsOf(db, creator.id)).filter(({ isTest }) => isTest)).toHaveLength(20);
});

test('replays of tests wait like other tests, and only so many of them may', async () => {
  const { services, creator, db } = await openStage(database.current);
  const test = { amountMicros: 5_000_000n, currency: 'USD', message: 'Hello' };
  await sendTestAlert(services, creator.id, test);
  const [first] = await alertsOf(db, creator.id);
  await moderateAlert(services, first!, 'SKIP');
  for (let n = 0; n < 20; n++) expect(await moderateAlert(services, first!, 'REPLAY')).toEqual({ kind: 'DONE' });
  expect(await moderateAlert(services, first!, 'REPLAY')).toEqual({ kind: 'REFUSED', reason: 'is a test, and 20 tests wait already.' });
  expect(await sendTestAlert(services, creator.id, test)).toBe('FULL');
  expect(await states(db, creator.id)).toHaveLength(21);
});

test('tests that waited ten minutes for an overlay are skipped when one comes, and keep no new ones out', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const test = { amountMicros: 5_000_000n, currency: 'USD', message: 'Hello' };
  for (let n = 0; n < 20; n++) await sendTestAlert(services, creator.id, test);
  await db.query(`UPDATE alert SET created_at = created_at - interval '11 minutes', waiting_since = waiting_since - interval '11 minutes'`);
  expect(await sendTestAlert(services, creator.id, { ...test, message: 'New' })).toBe('QUEUED');
  await tip(stage, 1);
  const overlay = await openOverlay(stage);
  await advanceQueue(services, creator.id);
  expect(await showing(db, creator.id)).toMatchObject({ isTest: true, message: 'New' });
  await report(services, overlay, (await showing(db, creator.id))!);
  expect(await showing(db, creator.id)).toMatchObject({ isTest: false });
  expect((await states(db, creator.id)).filter((state) => state === 'SKIPPED')).toHaveLength(20);
});

test('a tip that was refunded before its turn is passed over, and cannot be replayed', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const [, second] = [await tip(stage, 1), await tip(stage, 2)];
  await advanceQueue(services, creator.id);
  await refundAll(stage, second.id);
  const fourth = [await tip(stage, 3), await tip(stage, 4)][1]!;
  await refundAll(stage, fourth.id);
  const overlay = await openOverlay(stage);
  await advanceQueue(services, creator.id);
  const shown: number[] = [];
  for (let now = await showing(db, creator.id); now; now = await showing(db, creator.id)) {
    shown.push(Number(now.amountMicros) / 1_000_000);
    await report(services, overlay, now);
  }
  expect(shown).toEqual([1, 3]);
  const skipped = (await alertsOf(db, creator.id)).find(({ tipId }) => tipId === second.id)!;
  expect(skipped.state).toBe('SKIPPED');
  expect(await moderateAlert(services, skipped, 'REPLAY')).toEqual({ kind: 'REFUSED', reason: 'tells of a tip that was refunded.' });
  // Of one that was refunded before the queue came to it, there is no alert.
  expect((await alertsOf(db, creator.id)).map(({ tipId }) => tipId)).not.toContain(fourth.id);
});
