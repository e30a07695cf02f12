import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eachTestServer } from '../../support/server.ts';
import { fundWallet } from '../../support/world.ts';
import { expectCleanTips } from '../../tips/support.ts';
import { tipSenderService } from '../../../src/tips/room.ts';
import { connect, cursorAt, disconnectAll, tip, until, watch } from '../support.ts';
import { alertsOf, ask, makeOverlay, makePage, overlayClient, reportAlert, reportOverlay, sendTip, watchOverlay } from './support.ts';

afterEach(disconnectAll);
const server = eachTestServer({ runsJobs: true });

async function scene() {
  const page = await makePage(server.current);
  const overlay = await makeOverlay(server.current, page);
  return { page, overlay, client: overlayClient(server.current, overlay.token) };
}

describe('an overlay', () => {
  test('may read what is public, and nothing that is its owner\'s', async () => {
    const { page, overlay, client } = await scene();
    const read = async (fields: string) => {
      const { data, errors } = await ask(client, `query ($id: ID!, $overlay: ID!) { node(id: $id) { ... on Creator { ${fields} } } other: node(id: $overlay) { id } viewer { email } }`, { id: page.creatorId, overlay: overlay.id });
      return { ...data, code: errors?.[0]?.extensions?.code };
    };
    expect(await read('displayName viewerRole')).toEqual({ node: { displayName: 'A page', viewerRole: 'NONE' }, other: null, viewer: null, code: undefined });
    expect(await read('alertQueue { state }')).toEqual({ node: { alertQueue: null }, other: null, viewer: null, code: 'FORBIDDEN' });
    expect(await read('dashboard { overlays { name } }')).toEqual({ node: { dashboard: null }, other: null, viewer: null, code: 'FORBIDDEN' });
  });

  test('may change nothing but what it reports of itself', async () => {
    const { page, client } = await scene();
    const codeOf = async (mutation: string) => (await ask(client, `mutation { ${mutation} { __typename } }`)).errors?.[0]?.extensions?.code;
    expect(await codeOf('createOverlay(input: { name: "Mine" })')).toBe('UNAUTHENTICATED');
    expect(await codeOf(`updateCreator(input: { displayName: "Mine" })`)).toBe('UNAUTHENTICATED');
    expect(await codeOf(`sendTestAlert(input: { creatorId: "${page.creatorId}" })`)).toMatch(/^(UNAUTHENTICATED|FORBIDDEN)$/);
    expect(await codeOf(`setAlertQueueState(input: { creatorId: "${page.creatorId}", state: PAUSED })`)).toMatch(/^(UNAUTHENTICATED|FORBIDDEN)$/);
    expect((await ask(client, reportOverlay, { visible: true })).data?.reportOverlay).toEqual({ queue: null, errors: [] });
  });

  test('is nobody, whatever other credential came with it', async () => {
    const { page, overlay } = await scene();
    const both = connect(server.current, { token: page.token, overlayToken: overlay.token });
    expect((await ask(both, '{ viewer { email } }')).data).toEqual({ viewer: null });
  });

  test('may not follow the queue or the members', async () => {
    const { page, client } = await scene();
    for (const field of ['alertQueueChanged(creatorId: $id) { state }', 'membershipEvents(creatorId: $id) { cursor }']) {
      const watched = watch(client, `subscription ($id: ID!) { ${field} }`, { id: page.creatorId });
      await until(() => watched.failure !== undefined);
      expect(watched.failure[0].extensions.code).toBe('FORBIDDEN');
    }
  });

  test('is the only one who reports: neither the owner nor anybody over HTTP does', async () => {
    const { page } = await scene();
    const input = { alertId: 'alr_1', lease: 'x', state: 'SHOWN' };
    const overHttp = await server.current.graphql(reportAlert, { input }, page.token);
    expect(overHttp.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    const owner = connect(server.current, { token: page.token });
    expect((await ask(owner, reportOverlay, { visible: true })).errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  });

  test('never learns the name behind an anonymous tip, nor a text that is held or denied', async () => {
    const { page, client } = await scene();
    await server.current.graphql('mutation { updateCreator(input: { holdTipsForApproval: true }) { errors { message } } }', {}, page.token);
    const watched = watchOverlay(client);
    const fan = await server.current.signUp({ name: 'Real Name' });
    await fundWallet(server.current.db, fan.personId, 100_000_000n);
    const everything = `subscription { overlayEvents { cursor payload { ... on Alert {
      id headline message subscription { id subscriber { displayName } } tip { displayName message fee { amount } net { amount } creator { viewerRole } } } } } }`;
    const deep = watch<any>(overlayClient(server.current, (await makeOverlay(server.current, page, 'Second')).token), everything, {});
    await until(() => watched.seen.length > 0 && deep.seen.length > 0);
    const send = (message: string | null) => tip(server.current.services.get(tipSenderService), {
      senderId: fan.personId, creatorId: page.creatorUuid, amountMicros: 5_000_000n, displayName: 'Real Name', isAnonymous: true, message,
    });
    await send(null);
    await send('a held text');
    await until(() => alertsOf(watched).length === 1 && deep.seen.length === 2);
    expect(alertsOf(watched)[0]).toMatchObject({ headline: expect.stringContaining('Anonymous'), tip: { displayName: 'Anonymous', message: null } });
    expect(deep.seen[1].payload).toMatchObject({ subscription: null, tip: { displayName: 'Anonymous', fee: null, net: null, creator: { viewerRole: 'NONE' } } });
    const tipReceived = 'subscription ($id: ID!, $after: String) { tipReceived(creatorId: $id, after: $after) { cursor sequence tip { displayName message } } }';
    const tips = watch<any>(client, tipReceived, { id: page.creatorId, after: cursorAt(page.creatorUuid, 1n) });
    await send('another held text');
    await until(() => tips.seen.length === 2);
    await wait(300);
    const seen = JSON.stringify([watched.seen, deep.seen, tips.seen]);
    for (const secret of ['Real Name', 'held text', fan.email, page.email]) expect(seen).not.toContain(secret);
    expect(deep.results.every(({ errors }) => errors === undefined)).toBe(true);
    await expectCleanTips(server.current.db);
  });
});

describe('who follows the queue', () => {
  const following = 'subscription ($id: ID!) { alertQueueChanged(creatorId: $id) { state pending { id headline message amount { amount } } } }';

  async function moderated() {
    const { page } = await scene();
    const moderator = await server.current.signUp({ name: 'Mod' });
    const { data } = await server.current.graphql('mutation ($email: String!) { addModerator(input: { email: $email }) { errors { message } } }', { email: moderator.email }, page.token);
    expect(data.addModerator.errors).toEqual([]);
    return { page, moderator };
  }

  test('is the owner or a moderator, each with the amounts that are for them', async () => {
    const { page, moderator } = await moderated();
    await server.current.graphql('mutation { updateAlertSettings(input: { hideAmountsFromModerators: true }) { errors { message } } }', {}, page.token);
    const [own, moderators, stranger, nobody] = [page.token, moderator.token, (await server.current.signUp()).token, undefined].map((token) =>
      watch<any>(connect(server.current, { ...(token !== undefined && { token }) }), following, { id: page.creatorId }));
    await until(() => own!.seen.length > 0 && moderators!.seen.length > 0 && stranger!.failure !== undefined && nobody!.failure !== undefined);
    expect([stranger!.failure[0].extensions.code, nobody!.failure[0].extensions.code]).toEqual(['FORBIDDEN', 'FORBIDDEN']);
    await sendTip(server.current, page, { displayName: 'Grace', message: 'Hello' });
    await until(() => own!.seen.at(-1).pending.length === 1 && moderators!.seen.at(-1).pending.length === 1);
    expect(own!.seen.at(-1).pending[0]).toMatchObject({ headline: expect.stringContaining('Grace'), message: 'Hello', amount: { amount: '5.00' } });
    expect(own!.seen.at(-1).pending[0].headline).toContain('5');
    expect(moderators!.seen.at(-1).pending[0]).toMatchObject({ headline: expect.stringContaining('Grace'), message: 'Hello', amount: null });
    expect(moderators!.seen.at(-1).pending[0].headline).not.toContain('5');
    await expectCleanTips(server.current.db);
  });

  test('hears nothing more once they moderate no longer', async () => {
    const { page, moderator } = await moderated();
    const watched = watch<any>(connect(server.current, { token: moderator.token }), following.replace('pending { id headline message amount { amount } }', ''), { id: page.creatorId });
    await until(() => watched.seen.length === 1);
    const { data } = await server.current.graphql('{ viewer { creator { dashboard { moderators { id } } } } }', {}, page.token);
    await server.current.graphql('mutation ($id: ID!) { removeModerator(input: { profileId: $id }) { errors { message } } }', { id: data.viewer.creator.dashboard.moderators[0].id }, page.token);
    await server.current.graphql('mutation { setAlertQueueState(input: { state: PAUSED }) { errors { message } } }', {}, page.token);
    await until(() => watched.failure !== undefined);
    expect(watched.failure[0].extensions.code).toBe('FORBIDDEN');
    expect(watched.seen).toEqual([{ state: 'PLAYING' }]);
  });
});
