import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { encodeId } from '../../../src/api/room.ts';
import { CREATOR_PREFIX, createGoal, GOAL_PREFIX } from '../../../src/creators/room.ts';
import { encodeCursor } from '../../../src/events/room.ts';
import { tipSenderService } from '../../../src/tips/room.ts';
import { eachTestServer } from '../../support/server.ts';
import { makeFan } from '../../support/world.ts';
import { expectCleanTips } from '../../tips/support.ts';
import { connect, countTo, disconnectAll, tip, until, watch } from '../support.ts';
import { alertsOf, makeOverlay, makePage, overlayClient, overlayEvents, sendTip, watchOverlay, type SeenOverlayEvent } from './support.ts';

afterEach(disconnectAll);
const server = eachTestServer({ runsJobs: true });

async function scene() {
  const page = await makePage(server.current);
  const overlay = await makeOverlay(server.current, page);
  const open = (widget: string, after?: string) => watchOverlay(overlayClient(server.current, overlay.token), { widget, ...(after !== undefined && { after }) });
  const makeGoal = async (title: string) => {
    const { goal } = await createGoal(server.current.services, page.personId, { title, target: { amount: '100', currency: 'USD' } });
    return encodeId(GOAL_PREFIX, goal!.id);
  };
  return { page, overlay, open, makeGoal };
}

const kinds = (watched: { seen: SeenOverlayEvent[] }) => watched.seen.map(({ payload }) => payload.__typename);

function expectRising(watched: { seen: SeenOverlayEvent[] }): void {
  const sequences = watched.seen.map(({ sequence }) => Number(sequence));
  expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
}

describe('the goal widget', () => {
  test('sees the goals first and then the one goal as it moves, tips that come together once', async () => {
    const { page, open, makeGoal } = await scene();
    const goalId = await makeGoal('A new microphone');
    const watched = open('GOAL');
    await until(() => watched.seen.length === 1);
    expect(watched.seen[0]!.payload).toMatchObject({ __typename: 'OverlayState', goals: [{ id: goalId, title: 'A new microphone', raised: { amount: '0.00' } }] });
    await sendTip(server.current, page);
    await until(() => watched.seen.length === 2);
    expect(watched.seen[1]!.payload).toEqual({ __typename: 'Goal', id: goalId, title: 'A new microphone', raised: { amount: '5.00' } });
    const senderId = await makeFan(server.current.db, 1_000_000_000n);
    await Promise.all(countTo(50).map(() => tip(server.current.services.get(tipSenderService), { senderId, creatorId: page.creatorUuid, amountMicros: 1_000_000n })));
    await until(() => watched.seen.at(-1)!.payload.raised?.amount === '55.00');
    expect(watched.seen.length).toBeLessThan(52);
    expect(watched.seen.at(-1)!.sequence).toBe('51');
    expectRising(watched);
    await expectCleanTips(server.current.db);
  });

  test('sees the whole state where there are several goals', async () => {
    const { page, open, makeGoal } = await scene();
    await makeGoal('A new microphone');
    await makeGoal('A new camera');
    const watched = open('GOAL');
    await until(() => watched.seen.length === 1);
    await sendTip(server.current, page);
    await until(() => watched.seen.length === 2);
    expect(watched.seen[1]!.payload).toMatchObject({ __typename: 'OverlayState', goals: [{ raised: { amount: '5.00' } }, { raised: { amount: '5.00' } }] });
    await expectCleanTips(server.current.db);
  });
});

test('the top tippers come with every tip, and nobody anonymous is among them', async () => {
  const { page, open } = await scene();
  const watched = open('TOP_TIPPERS');
  await until(() => watched.seen.length === 1);
  await sendTip(server.current, page, { displayName: 'Grace', amountMicros: 2_000_000n });
  await until(() => watched.seen.length === 2);
  await sendTip(server.current, page, { displayName: 'Edsger', amountMicros: 3_000_000n });
  await until(() => watched.seen.length === 3);
  await sendTip(server.current, page, { displayName: 'Nobody knows', amountMicros: 9_000_000n, isAnonymous: true });
  await until(() => watched.seen.length === 4);
  expect(watched.seen.map(({ payload }) => payload.topTippers.map(({ displayName, total }: any) => `${displayName} ${total.amount}`))).toEqual([
    [], ['Grace 2.00'], ['Edsger 3.00', 'Grace 2.00'], ['Edsger 3.00', 'Grace 2.00'],
  ]);
  expect(JSON.stringify(watched.seen)).not.toContain('Nobody knows');
  expectRising(watched);
  await expectCleanTips(server.current.db);
});

describe('the event list', () => {
  test('begins with the last twenty and goes on with what comes, whether or not anything was shown', async () => {
    const { page, open } = await scene();
    // Tips come into the queue once somebody follows it.
    const early = open('EVENT_LIST');
    await until(() => early.seen.length === 1);
    const senderId = await makeFan(server.current.db, 1_000_000_000n);
    for (const index of countTo(25)) {
      await tip(server.current.services.get(tipSenderService), { senderId, creatorId: page.creatorUuid, amountMicros: 1_000_000n, displayName: `Fan ${index}.` });
    }
    await until(() => alertsOf(early).length === 25);
    const late = open('EVENT_LIST');
    await until(() => alertsOf(late).length === 20);
    expect(kinds(late)[0]).toBe('OverlayState');
    expect(alertsOf(late)).toEqual(alertsOf(early).slice(5));
    await sendTip(server.current, page, { displayName: 'New' });
    await until(() => alertsOf(late).length === 21 && alertsOf(early).length === 26);
    expect(late.seen.at(-1)).toEqual(early.seen.at(-1));
    expectRising(early);
    await expectCleanTips(server.current.db);
  });

  test('takes out what was denied through its replay, and lists no tests', async () => {
    const { page, open } = await scene();
    const watched = open('EVENT_LIST');
    await until(() => watched.seen.length === 1);
    const order = (text: string, variables: object = {}) => server.current.graphql(text, { ...variables }, page.token);
    await order('mutation { sendTestAlert(input: {}) { errors { message } } }');
    await sendTip(server.current, page, { displayName: 'Eve', message: 'foul text' });
    await until(() => alertsOf(watched).length === 1);
    const [listed] = alertsOf(watched);
    expect(listed).toMatchObject({ isTest: false, message: 'foul text' });
    const moderate = (alertId: string, action: string) =>
      order(`mutation ($input: ModerateAlertInput!) { moderateAlert(input: $input) { queue { pending { id replayOf } } errors { message } } }`, { input: { alertId, action } });
    await moderate(listed.id, 'SKIP');
    const { data } = await moderate(listed.id, 'REPLAY');
    const replay = data.moderateAlert.queue.pending.find(({ replayOf }: { replayOf: string | null }) => replayOf === listed.id);
    await moderate(replay.id, 'DENY');
    const taken = () => watched.seen.flatMap(({ payload }) => payload.action === 'DENY' ? [payload.alertId] : []);
    await until(() => taken().length === 2);
    expect(new Set(taken())).toEqual(new Set([listed.id, replay.id]));
    expect(alertsOf(watched)).toEqual([listed]);
    await expectCleanTips(server.current.db);
  });

  test('knows nothing of held texts until they are approved, and takes denied ones out', async () => {
    const { page, open } = await scene();
    await server.current.graphql('mutation { updateCreator(input: { holdTipsForApproval: true }) { errors { message } } }', {}, page.token);
    const watched = open('EVENT_LIST');
    await until(() => watched.seen.length === 1);
    await sendTip(server.current, page, { displayName: 'Ada', message: 'held text' });
    await sendTip(server.current, page, { displayName: 'Eve', message: 'foul text' });
    const read = async () => (await server.current.graphql('query ($id: ID!) { node(id: $id) { ... on Creator { alertQueue { pending { id state message } } } } }', { id: page.creatorId }, page.token)).data.node.alertQueue.pending;
    for (const deadline = Date.now() + 10_000; (await read()).length < 2 && Date.now() < deadline; ) await wait(50);
    const [held, foul] = await read();
    expect([held.state, held.message, foul.state]).toEqual(['HELD', 'held text', 'HELD']);
    expect(watched.seen).toHaveLength(1);
    const moderate = (alertId: string, action: string) =>
      server.current.graphql('mutation ($input: ModerateAlertInput!) { moderateAlert(input: $input) { errors { message } } }', { input: { alertId, action } }, page.token);
    await moderate(foul.id, 'DENY');
    await moderate(held.id, 'APPROVE');
    await until(() => alertsOf(watched).length === 1);
    expect(alertsOf(watched)[0]).toMatchObject({ id: held.id, message: 'held text' });
    await moderate(held.id, 'DENY');
    await until(() => watched.seen.at(-1)!.payload.alertId === held.id);
    expect(watched.seen.at(-1)!.payload).toEqual({ __typename: 'AlertCommand', alertId: held.id, action: 'DENY' });
    expect(JSON.stringify(watched.seen)).not.toContain('foul text');
    await expectCleanTips(server.current.db);
  });
});

describe('a cursor', () => {
  test('brings what came since, without a state, and nothing twice', async () => {
    const { page, open } = await scene();
    const whole = open('EVENT_LIST');
    await until(() => whole.seen.length === 1);
    const senderId = await makeFan(server.current.db, 1_000_000_000n);
    for (const index of countTo(6)) {
      await tip(server.current.services.get(tipSenderService), { senderId, creatorId: page.creatorUuid, amountMicros: 1_000_000n, displayName: `Fan ${index}.` });
    }
    await until(() => alertsOf(whole).length === 6);
    for (const from of [0, 2, 5]) {
      const rest = open('EVENT_LIST', whole.seen[from]!.cursor);
      await until(() => rest.seen.length >= 6 - from);
      expect(rest.seen).toEqual(whole.seen.slice(from + 1));
    }
    const last = open('EVENT_LIST', whole.seen.at(-1)!.cursor);
    await wait(200);
    expect(last.seen).toEqual([]);
    await sendTip(server.current, page);
    await until(() => last.seen.length === 1);
    await expectCleanTips(server.current.db);
  });

  test.each([
    ['of another topic', 'tips'],
    ['of another creator', 'alerts'],
    ['that nobody gave out', 'none'],
    ['of what has not happened', 'ahead'],
  ])('%s is refused', async (_, which) => {
    const { page, open } = await scene();
    const other = await makePage(server.current);
    const creatorId = which === 'alerts' ? other.creatorUuid : page.creatorUuid;
    const cursor = which === 'none' ? 'abc' : encodeCursor({ creatorId, topic: which === 'tips' ? 'tips' : 'alerts', sequence: which === 'ahead' ? 99n : 0n });
    const watched = open('ALERTS', cursor);
    await until(() => watched.failure !== undefined);
    expect(watched.failure[0].extensions.code).toBe('CURSOR_INVALID');
  });
});

test('nobody but an overlay may follow what overlays see', async () => {
  const { page } = await scene();
  for (const token of [undefined, page.token]) {
    const watched = watch(connect(server.current, { ...(token !== undefined && { token }) }), overlayEvents, { creatorId: encodeId(CREATOR_PREFIX, page.creatorUuid) });
    await until(() => watched.failure !== undefined);
    expect(watched.failure[0].extensions.code).toBe('FORBIDDEN');
  }
});
