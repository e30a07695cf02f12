import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { liveHubService } from '../../../src/live/room.ts';
import { tipSenderService } from '../../../src/tips/room.ts';
import { eachTestServer } from '../../support/server.ts';
import { makeFan } from '../../support/world.ts';
import { expectCleanTips } from '../../tips/support.ts';
import { connect, countTo, cut, disconnectAll, tip, until, watch } from '../support.ts';
import {
  alertsOf, ask, makeOverlay, makePage, overlayClient, reportAlert, reportOverlay, sendTip, showAll, watchOverlay,
} from './support.ts';

afterEach(disconnectAll);
const server = eachTestServer({ runsJobs: true });

async function scene() {
  const page = await makePage(server.current);
  const overlay = await makeOverlay(server.current, page);
  const open = (on = server.current) => overlayClient(on, overlay.token);
  const setQueue = async (state: 'PLAYING' | 'PAUSED') => {
    const { data } = await server.current.graphql('mutation ($state: QueueState!) { setAlertQueueState(input: { state: $state }) { errors { message } } }', { state }, page.token);
    expect(data.setAlertQueueState.errors).toEqual([]);
  };
  const moderate = async (alertId: string, action: string) => {
    const { data } = await server.current.graphql('mutation ($input: ModerateAlertInput!) { moderateAlert(input: $input) { errors { message } } }', { input: { alertId, action } }, page.token);
    expect(data.moderateAlert.errors).toEqual([]);
  };
  return { page, overlay, open, setQueue, moderate };
}

async function shown(watched: ReturnType<typeof watchOverlay>, count: number): Promise<any> {
  await until(() => alertsOf(watched).length >= count);
  expect(alertsOf(watched)).toHaveLength(count);
  return alertsOf(watched)[count - 1];
}

describe('an alert overlay', () => {
  test('sees the state first, then a tip as an alert with a lease, and no second one until it reported the first', async () => {
    const { page, open } = await scene();
    const client = open();
    const watched = watchOverlay(client);
    await until(() => watched.seen.length === 1);
    expect(watched.seen[0]!.payload).toMatchObject({ __typename: 'OverlayState', queueState: 'PLAYING', buildId: expect.any(String), goals: [], topTippers: [] });
    await sendTip(server.current, page, { displayName: 'Grace', message: 'Hello' });
    await sendTip(server.current, page, { displayName: 'Edsger' });
    const first = await shown(watched, 1);
    expect(first).toMatchObject({ kind: 'TIP', state: 'SHOWING', headline: expect.stringContaining('Grace'), message: 'Hello', amount: { amount: '5.00' }, isTest: false, attempt: 1, lease: expect.any(String) });
    await wait(300);
    expect(alertsOf(watched)).toHaveLength(1);
    const input = { alertId: first.id, lease: first.lease, state: 'SHOWN' };
    expect((await ask(client, reportAlert, { input })).data).toEqual({ reportAlert: { alert: { id: first.id, state: 'SHOWN', attempt: 1, lease: first.lease }, errors: [] } });
    const second = await shown(watched, 2);
    expect(second.headline).toContain('Edsger');
    expect(second.lease).not.toBe(first.lease);
    const sequences = watched.seen.map(({ sequence }) => Number(sequence));
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
    await expectCleanTips(server.current.db);
  });

  test('may report the same showing again, which answers the same; another lease, or none of this page\'s alerts, is refused', async () => {
    const { page, open } = await scene();
    const client = open();
    const watched = watchOverlay(client);
    await sendTip(server.current, page);
    const alert = await shown(watched, 1);
    const report = async (change: Record<string, unknown>, by = client) =>
      (await ask(by, reportAlert, { input: { alertId: alert.id, lease: alert.lease, state: 'SHOWN', ...change } })).data.reportAlert;
    const stranger = await makePage(server.current);
    const strange = overlayClient(server.current, (await makeOverlay(server.current, stranger)).token);
    expect(await report({}, strange)).toMatchObject({ alert: null, errors: [{ code: 'NOT_FOUND' }] });
    expect(await report({ lease: '01900000-0000-7000-8000-000000000001' })).toMatchObject({ alert: null, errors: [{ code: 'INVALID_STATE' }] });
    expect(await report({ lease: 'no lease' })).toMatchObject({ alert: null, errors: [{ code: expect.any(String) }] });
    const accepted = await report({});
    expect(accepted).toMatchObject({ alert: { state: 'SHOWN' }, errors: [] });
    expect(await Promise.all([report({}), report({})])).toEqual([accepted, accepted]);
    expect(await report({ state: 'QUEUED' })).toMatchObject({ alert: null, errors: [{ code: 'INVALID_STATE' }] });
    await expectCleanTips(server.current.db);
  });

  test('that is hidden is shown nothing, and what waited comes when it is visible again', async () => {
    const { page, open } = await scene();
    const client = open();
    // Keeps the socket open between the report and the subscription: a source may be hidden from the start.
    const keeper = watchOverlay(client, { widget: 'GOAL' });
    await until(() => keeper.seen.length === 1);
    expect((await ask(client, reportOverlay, { visible: false })).data).toEqual({ reportOverlay: { queue: null, errors: [] } });
    const watched = watchOverlay(client);
    await until(() => watched.seen.length === 1);
    await sendTip(server.current, page);
    await wait(1_500);
    expect(alertsOf(watched)).toEqual([]);
    await ask(client, reportOverlay, { visible: true });
    await shown(watched, 1);
    await expectCleanTips(server.current.db);
  });

  test('that comes in the middle of a showing is told of it, under the same lease as the others', async () => {
    const { page, open } = await scene();
    const first = watchOverlay(open());
    await sendTip(server.current, page);
    const alert = await shown(first, 1);
    const second = watchOverlay(open(await server.another({ runsJobs: true })));
    await until(() => second.seen.length === 2);
    expect(second.seen.map(({ payload }) => payload.__typename)).toEqual(['OverlayState', 'Alert']);
    expect(second.seen[1]!.payload).toEqual(alert);
    expect(second.seen[1]!.sequence).toBe(first.seen.at(-1)!.sequence);
    expect(Number(second.seen[0]!.sequence)).toBeLessThan(Number(second.seen[1]!.sequence));
    await expectCleanTips(server.current.db);
  });

  test('takes away what is skipped or denied while it shows, and hears nothing of what only waited', async () => {
    const { page, open, moderate } = await scene();
    const watched = watchOverlay(open());
    await sendTip(server.current, page);
    await sendTip(server.current, page, { displayName: 'Waits' });
    await sendTip(server.current, page, { displayName: 'Last' });
    const alert = await shown(watched, 1);
    const { data } = await server.current.graphql('query ($id: ID!) { node(id: $id) { ... on Creator { alertQueue { pending { id headline } } } } }', { id: page.creatorId }, page.token);
    const waiting = data.node.alertQueue.pending.find(({ headline }: { headline: string }) => headline.includes('Waits'));
    await moderate(waiting.id, 'SKIP');
    await moderate(alert.id, 'SKIP');
    const next = await shown(watched, 2);
    expect(next.headline).toContain('Last');
    await moderate(next.id, 'DENY');
    const commands = () => watched.seen.map(({ payload }) => payload).filter(({ __typename }) => __typename === 'AlertCommand');
    await until(() => commands().length === 2);
    expect(commands()).toEqual([
      { __typename: 'AlertCommand', alertId: alert.id, action: 'SKIP' },
      { __typename: 'AlertCommand', alertId: next.id, action: 'DENY' },
    ]);
    await expectCleanTips(server.current.db);
  });

  test('hears of every denial of a tip, though nothing of it is showing any more: it may still be read aloud', async () => {
    const { page, open, moderate } = await scene();
    const client = open();
    const watched = watchOverlay(client);
    await sendTip(server.current, page, { message: 'rude' });
    const first = await shown(watched, 1);
    await ask(client, reportAlert, { input: { alertId: first.id, lease: first.lease, state: 'SHOWN' } });
    await moderate(first.id, 'REPLAY');
    const replay = await shown(watched, 2);
    await moderate(first.id, 'DENY');
    const commands = () => watched.seen.map(({ payload }) => payload).filter(({ __typename }) => __typename === 'AlertCommand');
    await until(() => commands().length === 2);
    expect(commands()).toEqual([first.id, replay.id].map((alertId) => ({ __typename: 'AlertCommand', alertId, action: 'DENY' })));
    await expectCleanTips(server.current.db);
  });

  test('hears when the queue is paused, and of new settings', async () => {
    const { page, open, setQueue } = await scene();
    const watched = watchOverlay(open());
    await until(() => watched.seen.length === 1);
    await setQueue('PAUSED');
    await until(() => watched.seen.length === 2);
    await sendTip(server.current, page);
    await wait(1_200);
    expect(alertsOf(watched)).toEqual([]);
    await server.current.graphql('mutation { updateAlertSettings(input: { speech: true }) { errors { message } } }', {}, page.token);
    await until(() => watched.seen.length === 3);
    expect(watched.seen.map(({ payload }) => [payload.queueState, payload.settings.speech])).toEqual([['PLAYING', false], ['PAUSED', false], ['PAUSED', true]]);
    await setQueue('PLAYING');
    await shown(watched, 1);
    await expectCleanTips(server.current.db);
  });
});

describe('alerts of a burst', () => {
  const count = 40;

  async function burst(page: Awaited<ReturnType<typeof makePage>>): Promise<void> {
    const senderId = await makeFan(server.current.db, 1_000_000_000n);
    const sender = server.current.services.get(tipSenderService);
    for (const index of countTo(count)) await tip(sender, { senderId, creatorId: page.creatorUuid, amountMicros: 1_000_000n, displayName: `Fan ${String(index).padStart(2, '0')}` });
  }

  test('are shown once each and in order by one overlay whose socket is cut again and again', async () => {
    const { page, open } = await scene();
    const client = open();
    const { watched, accepted } = showAll(client);
    await until(() => watched.seen.length > 0);
    const sending = burst(page);
    const cutting = (async () => {
      for (let turn = 0; turn < 12; turn++) {
        await wait(60 + Math.random() * 120);
        cut(client);
      }
    })();
    await Promise.all([sending, cutting]);
    const left = async () => (await server.current.db.query<{ left: bigint }>(`SELECT count(*) AS left FROM alert WHERE state <> 'SHOWN'`))[0]!.left;
    const rows = async () => (await server.current.db.query<{ rows: bigint }>('SELECT count(*) AS rows FROM alert'))[0]!.rows;
    for (const deadline = Date.now() + 40_000; ((await left()) > 0n || (await rows()) < BigInt(count)) && Date.now() < deadline; ) await wait(50);
    expect([await rows(), await left()]).toEqual([BigInt(count), 0n]);
    expect(new Set(accepted).size).toBe(accepted.length);
    const order = await server.current.db.query<{ name: string }>(
      'SELECT tip.display_name AS name FROM alert JOIN tip ON tip.id = alert.tip_id ORDER BY alert.shown_at, alert.position',
    );
    expect(order.map(({ name }) => name)).toEqual(countTo(count).map((index) => `Fan ${String(index).padStart(2, '0')}`));
    // Every showing that the socket missed was given out again; none came twice under one lease.
    const leases = alertsOf(watched).map(({ lease }) => lease);
    expect(new Set(leases).size).toBe(leases.length);
    await expectCleanTips(server.current.db);
  });

  test('are shown one at a time by two overlays in two processes, and the control client agrees', async () => {
    const { page, open } = await scene();
    const other = await server.another({ runsJobs: true });
    const [first, second] = [showAll(open()), showAll(open(other))];
    const control = watch<any>(
      connect(server.current, { token: page.token }),
      'subscription ($id: ID!) { alertQueueChanged(creatorId: $id) { state showing { id lease } pending { id } recent(first: 100) { id state } } }',
      { id: page.creatorId },
    );
    await until(() => first.watched.seen.length > 0 && second.watched.seen.length > 0 && control.seen.length > 0);
    await burst(page);
    await until(() => control.seen.at(-1).recent.length === count && control.seen.at(-1).showing === null, 40_000);
    // Whoever reports first moves the queue on: the slower one may miss a showing, and what they saw they saw in one order.
    for (const { watched } of [first, second]) {
      const names = alertsOf(watched).map(({ headline }) => headline);
      expect(names).toEqual([...names].sort());
    }
    const leaseOf = new Map([...alertsOf(first.watched), ...alertsOf(second.watched)].map(({ id, lease }) => [id, lease]));
    expect(leaseOf.size).toBe(count);
    const recent = control.seen.at(-1).recent.map(({ id, state }: { id: string; state: string }) => [id, state]);
    expect(recent.map(([, state]: string[]) => state)).toEqual(countTo(count).map(() => 'SHOWN'));
    expect(recent.map(([id]: string[]) => id).sort()).toEqual([...leaseOf.keys()].sort());
    for (const { showing } of control.seen) if (showing) expect(leaseOf.get(showing.id)).toBe(showing.lease);
    await expectCleanTips(server.current.db);
  });
});

describe('overlays of one page that ask the same', () => {
  test('share one execution an event, also where a field depends on who looks', async () => {
    const { page, open } = await scene();
    const hub = server.current.services.get(liveHubService);
    const watched = countTo(20).map(() => watchOverlay(open()));
    await until(() => watched.every(({ seen }) => seen.length === 1) && hub.status.groups === 1);
    const before = hub.status.executions;
    await sendTip(server.current, page);
    await until(() => watched.every((one) => alertsOf(one).length === 1));
    expect(hub.status.executions).toBe(before + 1);
    for (const one of watched) expect(alertsOf(one)).toEqual(alertsOf(watched[0]!));
    await expectCleanTips(server.current.db);
  });

  test('share nothing with those of another page', async () => {
    const [one, another] = [await scene(), await scene()];
    const [seen, unseen] = [watchOverlay(one.open()), watchOverlay(another.open())];
    await until(() => seen.seen.length === 1 && unseen.seen.length === 1);
    await sendTip(server.current, one.page);
    await shown(seen, 1);
    await wait(200);
    expect(alertsOf(unseen)).toEqual([]);
    await expectCleanTips(server.current.db);
  });
});
