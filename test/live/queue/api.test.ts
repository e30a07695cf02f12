import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { encodeId } from '../../../src/api/room.ts';
import { GOAL_PREFIX } from '../../../src/creators/room.ts';
import { eachTestServer, type TestPerson } from '../../support/server.ts';
import { newFan, newPage, send, tipInput, type HttpFan, type HttpPage } from '../../tips/http.ts';
import { expectCleanQueue } from './support.ts';

const server = eachTestServer();

const alertFields = `id kind state headline message amount { amount } variant durationMs isTest attempt replayOf shownAt lease leaseRemainingMs
  tip { id message } subscription { id }`;
const queueFields = `state showing { id } pendingCount pending { ${alertFields} } recent { ${alertFields} }`;

interface Scene {
  readonly page: HttpPage;
  readonly fan: HttpFan;
  readonly moderator: TestPerson;
}

async function scene(): Promise<Scene> {
  const page = await newPage(server.current);
  const moderator = await server.current.signUp({ name: 'Moss' });
  const added = await server.current.graphql('mutation ($email: String!) { addModerator(input: { email: $email }) { errors { code } } }', { email: moderator.email }, page.token);
  expect(added.data.addModerator.errors).toEqual([]);
  return { page, fan: await newFan(server.current, { name: 'Fan' }), moderator };
}

function queueOf({ page }: Scene, token?: string) {
  return server.current.graphql(`query ($handle: String!) { creator(handle: $handle) { alertQueue { ${queueFields} } } }`, { handle: page.handle }, token);
}

async function order(name: string, type: string, input: object, selection: string, token?: string) {
  const answer = await server.current.graphql(`mutation ($input: ${type}!) { ${name}(input: $input) { ${selection} errors { code message path } } }`, { input }, token);
  return { payload: answer.data?.[name], codes: answer.errors?.map(({ extensions }) => extensions.code) };
}

const moderate = (alertId: string, action: string, token?: string) => order('moderateAlert', 'ModerateAlertInput', { alertId, action }, `queue { ${queueFields} }`, token);
const sendTest = (input: object, token?: string) => order('sendTestAlert', 'SendTestAlertInput', input, `queue { ${queueFields} }`, token);
const setState = (input: object, token?: string) => order('setAlertQueueState', 'SetAlertQueueStateInput', input, 'queue { state }', token);
const changeSettings = (input: object, token?: string) =>
  order('updateAlertSettings', 'UpdateAlertSettingsInput', input, 'settings { kinds minimum { amount } variants { name from { amount } headline durationMs } blockedWords maxAgeSeconds speech }', token);

const held = 'a held text';

async function holdMessages({ page }: Scene): Promise<void> {
  const { codes } = await order('updateCreator', 'UpdateCreatorInput', { holdTipsForApproval: true }, 'creator { id }', page.token);
  expect(codes).toBeUndefined();
}

describe('the queue of a page', () => {
  test('shows what was paid before, at the first look, to its owner and moderators alone', async () => {
    const all = await scene();
    await send(server.current, all.fan.token, tipInput(all.page.id, { message: 'fuck yeah', displayName: 'Ann', amount: { amount: '2', currency: 'USD' } }));
    for (const token of [all.page.token, all.moderator.token]) {
      const { data, errors } = await queueOf(all, token);
      expect(errors).toBeUndefined();
      expect(data.creator.alertQueue).toMatchObject({
        state: 'PLAYING', showing: null, pendingCount: 1, recent: [],
        pending: [{
          kind: 'TIP', state: 'QUEUED', headline: 'Ann tipped $2.00', message: '*** yeah', amount: { amount: '2.00' }, variant: 'default', durationMs: 6_000, isTest: false,
          attempt: 1, replayOf: null, shownAt: null, lease: null, leaseRemainingMs: null, subscription: null, tip: { message: 'fuck yeah' },
        }],
      });
    }
    for (const token of [all.fan.token, undefined]) {
      const { data, errors } = await queueOf(all, token);
      expect([data.creator.alertQueue, errors?.map(({ extensions }) => extensions.code)]).toEqual([null, ['FORBIDDEN']]);
    }
    await expectCleanQueue(server.database);
  });

  test('keeps a held text from everybody but sender, owner and moderators, on every way to it', async () => {
    const all = await scene();
    await holdMessages(all);
    const { tip } = await send(server.current, all.fan.token, tipInput(all.page.id, { message: held }));
    const { id } = (await queueOf(all, all.page.token)).data.creator.alertQueue.pending[0];
    const reads = 'query ($ids: [ID!]!, $handle: String!) { nodes(ids: $ids) { ... on Alert { message tip { message } } ... on Tip { message } } creator(handle: $handle) { tips { nodes { message } } } }';
    const seen = async (token?: string) => {
      const { data } = await server.current.graphql(reads, { ids: [id, tip.id], handle: all.page.handle }, token);
      return JSON.stringify(data).split(held).length - 1;
    };
    const stranger = await server.current.signUp();
    expect(await Promise.all([all.page.token, all.moderator.token, all.fan.token, stranger.token, undefined].map(seen))).toEqual([4, 4, 2, 0, 0]);
    expect((await moderate(id, 'DENY', all.moderator.token)).payload.errors).toEqual([]);
    expect(await Promise.all([all.page.token, all.moderator.token, all.fan.token, stranger.token, undefined].map(seen))).toEqual([4, 4, 2, 0, 0]);
  });

  test('lets a moderator approve a message for everybody', async () => {
    const all = await scene();
    await holdMessages(all);
    await send(server.current, all.fan.token, tipInput(all.page.id, { message: held }));
    const { id } = (await queueOf(all, all.moderator.token)).data.creator.alertQueue.pending[0];
    expect((await moderate(id, 'APPROVE', all.moderator.token)).payload).toMatchObject({ errors: [], queue: { pending: [{ id, state: 'QUEUED', message: held }] } });
    const { data } = await server.current.graphql('query ($handle: String!) { creator(handle: $handle) { tips { nodes { message } } } }', { handle: all.page.handle });
    expect(data.creator.tips.nodes).toEqual([{ message: held }]);
  });

  test('shows moderators no amounts where the creator wishes so, in words neither', async () => {
    const all = await scene();
    await changeSettings({ hideAmountsFromModerators: true }, all.page.token);
    await send(server.current, all.fan.token, tipInput(all.page.id, { displayName: 'Ann', amount: { amount: '2', currency: 'USD' } }));
    const [own, theirs] = await Promise.all([all.page.token, all.moderator.token].map(async (token) => (await queueOf(all, token)).data.creator.alertQueue.pending[0]));
    expect(own).toMatchObject({ headline: 'Ann tipped $2.00', amount: { amount: '2.00' }, tip: { id: expect.any(String) } });
    // The tip would tell its amount.
    expect(theirs).toMatchObject({ headline: 'Ann tipped …', amount: null, tip: null });
  });

  test('names nobody behind an anonymous tip', async () => {
    const all = await scene();
    await send(server.current, all.fan.token, tipInput(all.page.id, { displayName: 'Ann', isAnonymous: true }));
    expect((await queueOf(all, all.page.token)).data.creator.alertQueue.pending).toMatchObject([{ headline: 'Anonymous tipped $0.05' }]);
  });

  test('tells of a goal in words, and is found again by the ids of its alerts', async () => {
    const all = await scene();
    const { payload } = await order('createGoal', 'CreateGoalInput', { title: 'A camera', target: { amount: '1', currency: 'USD' } }, 'goal { id }', all.page.token);
    expect(payload.goal.id.startsWith(GOAL_PREFIX)).toBe(true);
    await send(server.current, all.fan.token, tipInput(all.page.id, { amount: { amount: '1', currency: 'USD' } }));
    const [, goal] = (await queueOf(all, all.page.token)).data.creator.alertQueue.pending;
    expect(goal).toMatchObject({ kind: 'GOAL_REACHED', headline: 'Goal reached: A camera', amount: { amount: '1.00' }, tip: null });
    const node = (token?: string) => server.current.graphql('query ($id: ID!) { node(id: $id) { id __typename } }', { id: goal.id }, token);
    expect((await node(all.moderator.token)).data.node).toEqual({ id: goal.id, __typename: 'Alert' });
    for (const token of [all.fan.token, undefined]) expect((await node(token)).data.node).toBeNull();
  });
});

describe('what owner and moderators may do', () => {
  test('is refused to everybody else, and of what is not there', async () => {
    const all = await scene();
    await send(server.current, all.fan.token, tipInput(all.page.id));
    const { id } = (await queueOf(all, all.page.token)).data.creator.alertQueue.pending[0];
    for (const attempt of [
      (token?: string) => moderate(id, 'SKIP', token),
      (token?: string) => sendTest({ creatorId: all.page.id }, token),
      (token?: string) => setState({ creatorId: all.page.id, state: 'PAUSED' }, token),
    ]) {
      expect((await attempt(all.fan.token)).codes).toEqual(['FORBIDDEN']);
      expect((await attempt()).codes).toEqual(['UNAUTHENTICATED']);
      expect((await attempt(all.moderator.token)).payload.errors).toEqual([]);
    }
    const nowhere = encodeId('alr', '01900000-0000-7000-8000-000000000000');
    expect((await moderate(nowhere, 'SKIP', all.page.token)).payload).toMatchObject({ queue: null, errors: [{ code: 'NOT_FOUND', path: ['input', 'alertId'] }] });
    expect((await moderate('nonsense', 'SKIP', all.page.token)).payload.errors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await setState({ creatorId: 'nonsense', state: 'PAUSED' }, all.page.token)).payload.errors).toMatchObject([{ code: 'NOT_FOUND' }]);
    for (const attempt of [sendTest({}, all.fan.token), setState({ state: 'PAUSED' }, all.fan.token), changeSettings({ speech: true }, all.fan.token)]) {
      expect((await attempt).payload.errors).toMatchObject([{ code: 'NOT_FOUND' }]);
    }
  });

  test('says why an action is not for the state that an alert is in', async () => {
    const all = await scene();
    await send(server.current, all.fan.token, tipInput(all.page.id));
    const { id } = (await queueOf(all, all.page.token)).data.creator.alertQueue.pending[0];
    expect((await moderate(id, 'REPLAY', all.page.token)).payload.errors).toMatchObject([{ code: 'INVALID_STATE', path: ['input', 'action'], message: expect.stringContaining('QUEUED') }]);
    await moderate(id, 'SKIP', all.page.token);
    const { queue } = (await moderate(id, 'REPLAY', all.page.token)).payload;
    expect(queue).toMatchObject({ pending: [{ replayOf: id, state: 'QUEUED' }], recent: [{ id, state: 'SKIPPED' }] });
  });

  test('tries the overlay with a test that is stamped as one', async () => {
    const all = await scene();
    const { queue } = (await sendTest({}, all.page.token)).payload;
    expect(queue.pending).toMatchObject([{ kind: 'TIP', isTest: true, headline: 'Test fan tipped $0.10', message: 'This is what a tip looks like on your stream.', tip: null }]);
    const own = (await sendTest({ creatorId: all.page.id, amount: { amount: '7', currency: 'USD' }, message: '' }, all.moderator.token)).payload;
    expect(own.queue.pending[1]).toMatchObject({ amount: { amount: '7.00' }, message: '' });
    const wrong = async (input: object) => (await sendTest(input, all.page.token)).payload.errors.map(({ code, path }: any) => `${code} ${path.join('.')}`);
    expect(await wrong({ amount: { amount: '1', currency: 'EUR' } })).toEqual(['CURRENCY_MISMATCH input.amount.currency']);
    expect(await wrong({ amount: { amount: '0', currency: 'USD' }, message: 'x'.repeat(1_001) })).toEqual(['INVALID_INPUT input.message', 'AMOUNT_OUT_OF_RANGE input.amount.amount']);
  });

  test('changes the settings, which the owner reads in the dashboard', async () => {
    const all = await scene();
    const input = { kinds: ['TIP'], minimum: { amount: '1', currency: 'USD' }, variants: [{ name: 'a', from: { amount: '1', currency: 'USD' }, headline: '{name}!', durationMs: 2_000 }], blockedWords: ['x'], maxAgeSeconds: 60, speech: true };
    const settings = { ...input, minimum: { amount: '1.00' }, variants: [{ name: 'a', from: { amount: '1.00' }, headline: '{name}!', durationMs: 2_000 }] };
    expect((await changeSettings(input, all.page.token)).payload).toEqual({ settings, errors: [] });
    const read = '{ viewer { creator { dashboard { alertSettings { kinds minimum { amount } variants { name from { amount } headline durationMs } blockedWords maxAgeSeconds speech } } } } }';
    expect((await server.current.graphql(read, {}, all.page.token)).data.viewer.creator.dashboard.alertSettings).toEqual(settings);
    expect((await changeSettings({ variants: [] }, all.page.token)).payload).toMatchObject({ settings: null, errors: [{ code: 'INVALID_INPUT', path: ['input', 'variants'] }] });
  });

  test('shows a membership to its owner with the subscription, and to moderators without', async () => {
    const all = await scene();
    const { payload } = await order('createTier', 'CreateTierInput', { name: 'Gold', price: { amount: '3', currency: 'USD' } }, 'tier { id }', all.page.token);
    const joined = await order('subscribe', 'SubscribeInput', { tierId: payload.tier.id, idempotencyKey: randomUUID() }, 'subscription { id }', all.fan.token);
    const [own, theirs] = await Promise.all([all.page.token, all.moderator.token].map(async (token) => (await queueOf(all, token)).data.creator.alertQueue.pending[0]));
    expect(own).toMatchObject({ kind: 'SUBSCRIPTION_STARTED', headline: 'Fan joined Gold', subscription: { id: joined.payload.subscription.id } });
    expect(theirs).toMatchObject({ headline: 'Fan joined Gold', subscription: null });
  });
});
