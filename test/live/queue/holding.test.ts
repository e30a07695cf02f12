import { expect, test } from '@jest/globals';
import { AlertKind } from '../../../src/live/queue/alert-enums.ts';
import { moderateAlert } from '../../../src/live/queue/moderate.ts';
import { advanceQueue } from '../../../src/live/queue/show.ts';
import { eachTestDatabase } from '../../support/database.ts';
import { alertsOf, change, expectCleanQueue, openOverlay, openStage, report, showing, states, tip, told, type Stage } from './support.ts';

const database = eachTestDatabase({ endsWith: expectCleanQueue });

async function holding(): Promise<Stage> {
  const stage = await openStage(database.current);
  await stage.db.query('UPDATE creator SET hold_tips_for_approval = true WHERE id = $1', [stage.creator.id]);
  return stage;
}

async function messageStates({ db, creator }: Stage): Promise<string[]> {
  const rows = await db.query<{ state: string }>('SELECT message_state AS state FROM tip WHERE creator_id = $1 ORDER BY id', [creator.id]);
  return rows.map(({ state }) => state);
}

test('a tip with a held message waits for its approval, and then is shown in its old place', async () => {
  const stage = await holding();
  const { db, services, creator } = stage;
  await tip(stage, 1, { message: 'first' });
  await tip(stage, 2);
  await advanceQueue(services, creator.id);
  expect(await states(db, creator.id)).toEqual(['HELD', 'QUEUED']);
  const [held] = await alertsOf(db, creator.id);
  expect(await moderateAlert(services, held!, 'APPROVE')).toEqual({ kind: 'DONE' });
  expect(await messageStates(stage)).toEqual(['VISIBLE', 'VISIBLE']);
  expect(await moderateAlert(services, held!, 'APPROVE')).toEqual({ kind: 'DONE' });
  await openOverlay(stage);
  await advanceQueue(services, creator.id);
  expect(await states(db, creator.id)).toEqual(['SHOWING', 'QUEUED']);
});

test('a held one lets what comes after it pass', async () => {
  const stage = await holding();
  await openOverlay(stage);
  await tip(stage, 1, { message: 'first' });
  await tip(stage, 2);
  await advanceQueue(stage.services, stage.creator.id);
  expect(await states(stage.db, stage.creator.id)).toEqual(['HELD', 'SHOWING']);
});

test('a denied message is denied for ever: it is neither approved nor replayed', async () => {
  const stage = await holding();
  const { db, services, creator } = stage;
  await tip(stage, 1, { message: 'no' });
  await advanceQueue(services, creator.id);
  const [held] = await alertsOf(db, creator.id);
  expect(await moderateAlert(services, held!, 'DENY')).toEqual({ kind: 'DONE' });
  expect([await states(db, creator.id), await messageStates(stage)]).toEqual([['DENIED'], ['DENIED']]);
  for (const action of ['APPROVE', 'REPLAY', 'SKIP'] as const) expect(await moderateAlert(services, held!, action)).toMatchObject({ kind: 'REFUSED' });
  expect(await moderateAlert(services, held!, 'DENY')).toEqual({ kind: 'DONE' });
  expect([await states(db, creator.id), await messageStates(stage)]).toEqual([['DENIED'], ['DENIED']]);
});

test('what is on stream, and what was shown, can still be denied', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const overlay = await openOverlay(stage);
  for (const message of ['one', 'two']) await tip(stage, 1, { message });
  await advanceQueue(services, creator.id);
  const first = (await showing(db, creator.id))!;
  await report(services, overlay, first);
  const second = (await showing(db, creator.id))!;
  for (const alert of [first, second]) expect(await moderateAlert(services, alert, 'DENY')).toEqual({ kind: 'DONE' });
  expect([await states(db, creator.id), await messageStates(stage)]).toEqual([['DENIED', 'DENIED'], ['DENIED', 'DENIED']]);
});

test('skipped before it was approved, a message stays held, and so does its replay', async () => {
  const stage = await holding();
  const { db, services, creator } = stage;
  await tip(stage, 1, { message: 'later' });
  await advanceQueue(services, creator.id);
  const [held] = await alertsOf(db, creator.id);
  await moderateAlert(services, held!, 'SKIP');
  await moderateAlert(services, held!, 'REPLAY');
  expect([await states(db, creator.id), await messageStates(stage)]).toEqual([['SKIPPED', 'HELD'], ['HELD']]);
  const [, replay] = await alertsOf(db, creator.id);
  await moderateAlert(services, replay!, 'APPROVE');
  expect([await states(db, creator.id), await messageStates(stage)]).toEqual([['SKIPPED', 'QUEUED'], ['VISIBLE']]);
});

test('a held message can be approved though its tip is not wanted on stream, and then is not shown there', async () => {
  const stage = await holding();
  const { db, services, creator } = stage;
  await change(stage, { kinds: [AlertKind.GOAL_REACHED] });
  await tip(stage, 1, { message: 'hello' });
  await tip(stage, 1);
  await advanceQueue(services, creator.id);
  const alerts = await alertsOf(db, creator.id);
  expect(alerts.map(({ state }) => state)).toEqual(['HELD']);
  await moderateAlert(services, alerts[0]!, 'APPROVE');
  expect([await states(db, creator.id), await messageStates(stage)]).toEqual([['SKIPPED'], ['VISIBLE', 'VISIBLE']]);
});

test('held messages from before anybody looked are not lost in the digest', async () => {
  const stage = await holding();
  const { db, services, creator } = stage;
  for (const message of ['one', null, 'two', null]) await tip(stage, 1, { message });
  await change(stage, { maxAgeSeconds: 1 });
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  await advanceQueue(services, creator.id);
  expect((await alertsOf(db, creator.id)).map(({ kind, state, digestCount }) => [kind, state, digestCount])).toEqual([
    ['DIGEST', 'QUEUED', 2], ['TIP', 'HELD', null], ['TIP', 'HELD', null],
  ]);
});

test('two moderators who decide at once do not undo each other', async () => {
  const stage = await holding();
  const { db, services, creator } = stage;
  for (let n = 0; n < 12; n++) await tip(stage, 1, { message: `message ${n}` });
  await advanceQueue(services, creator.id);
  const alerts = await alertsOf(db, creator.id);
  await Promise.all(alerts.flatMap((alert) => [moderateAlert(services, alert, 'APPROVE'), moderateAlert(services, alert, 'DENY')]));
  // Whoever came first, denying is for ever.
  expect(new Set(await states(db, creator.id))).toEqual(new Set(['DENIED']));
  expect(new Set(await messageStates(stage))).toEqual(new Set(['DENIED']));
});

/** A message that is held, skipped, and held again in two replays. */
async function heldTwice(): Promise<Stage> {
  const stage = await holding();
  const { db, services, creator } = stage;
  await tip(stage, 1, { message: 'no' });
  await advanceQueue(services, creator.id);
  const [first] = await alertsOf(db, creator.id);
  for (const action of ['SKIP', 'REPLAY', 'REPLAY'] as const) expect(await moderateAlert(services, first!, action)).toEqual({ kind: 'DONE' });
  expect(await states(db, creator.id)).toEqual(['SKIPPED', 'HELD', 'HELD']);
  return stage;
}

test.each([0, 1, 2])('denied through alert %i of its tip, a message is denied through all of them, for ever', async (which) => {
  const stage = await heldTwice();
  const { db, services, creator } = stage;
  const alerts = await alertsOf(db, creator.id);
  expect(await moderateAlert(services, alerts[which]!, 'DENY')).toEqual({ kind: 'DONE' });
  for (const alert of alerts) {
    for (const action of ['APPROVE', 'REPLAY', 'SKIP'] as const) expect(await moderateAlert(services, alert, action)).toMatchObject({ kind: 'REFUSED' });
    expect(await moderateAlert(services, alert, 'DENY')).toEqual({ kind: 'DONE' });
  }
  expect([await states(db, creator.id), await messageStates(stage)]).toEqual([['DENIED', 'DENIED', 'DENIED'], ['DENIED']]);
  expect((await told(db, creator.id)).filter((kind) => kind === 'DENIED')).toHaveLength(3);
});

test('approved through one alert of its tip, a message waits for no other approval', async () => {
  const stage = await heldTwice();
  const { db, services, creator } = stage;
  const [, , last] = await alertsOf(db, creator.id);
  expect(await moderateAlert(services, last!, 'APPROVE')).toEqual({ kind: 'DONE' });
  expect([await states(db, creator.id), await messageStates(stage)]).toEqual([['SKIPPED', 'QUEUED', 'QUEUED'], ['VISIBLE']]);
});

test('while its replay is on stream, what was shown before takes that off the stream too when it is denied', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const overlay = await openOverlay(stage);
  await tip(stage, 1, { message: 'rude' });
  await tip(stage, 2);
  await advanceQueue(services, creator.id);
  const first = (await showing(db, creator.id))!;
  await moderateAlert(services, first, 'SKIP');
  await moderateAlert(services, first, 'REPLAY');
  await report(services, overlay, (await showing(db, creator.id))!);
  expect(await showing(db, creator.id)).toMatchObject({ replayOf: first.id });
  expect(await moderateAlert(services, first, 'DENY')).toEqual({ kind: 'DONE' });
  expect([await states(db, creator.id), await messageStates(stage)]).toEqual([['DENIED', 'SHOWN', 'DENIED'], ['DENIED', 'VISIBLE']]);
});

test('moderators who decide at once over the replays of one message leave it denied', async () => {
  const stage = await heldTwice();
  const { db, services, creator } = stage;
  const alerts = await alertsOf(db, creator.id);
  await Promise.all(alerts.flatMap((alert) => (['APPROVE', 'DENY', 'REPLAY'] as const).map((action) => moderateAlert(services, alert, action))));
  expect([new Set(await states(db, creator.id)), await messageStates(stage)]).toEqual([new Set(['DENIED']), ['DENIED']]);
});

test('with a held message its tip\'s name waits too; without a message a tip is shown at once', async () => {
  const stage = await holding();
  await openOverlay(stage);
  await tip(stage, 1, { displayName: 'A name that wants reading', message: 'hello' });
  await tip(stage, 2, { displayName: 'Another' });
  await advanceQueue(stage.services, stage.creator.id);
  expect((await alertsOf(stage.db, stage.creator.id)).map(({ state, amountMicros }) => [state, amountMicros])).toEqual([['HELD', 1_000_000n], ['SHOWING', 2_000_000n]]);
});
