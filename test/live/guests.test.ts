import { afterEach, describe, expect, test } from '@jest/globals';
import { tipsRoom } from '../../src/tips/room.ts';
import { eachTestServer } from '../support/server.ts';
import { cardInput, newFan, newGuest, newPage, send, sendTipOperation, tipInput } from '../tips/http.ts';
import { control, dispute, refundTip, tell } from '../tips/refunds-support.ts';
import { expectCleanTips } from '../tips/support.ts';
import { act } from '../wallets/support.ts';
import { connect, disconnectAll, settled, until, watch } from './support.ts';

const server = eachTestServer({ runsJobs: true, socketTimings: { recheckMs: 100 } });
afterEach(disconnectAll);

const paymentUpdated = 'subscription { paymentUpdated { __typename id ... on Refund { status } ... on Tip { status displayName action { redirectUrl } } } }';

/** What a page is told from here on; `pages` is how many of them watch then. */
async function watching(token: string, pages = 1) {
  const watched = watch(connect(server.current, { token }), paymentUpdated, {});
  await settled(server.current, pages);
  return watched;
}

const states = (seen: readonly any[]) => [...new Set(seen.map(({ __typename, status }) => `${__typename} ${status}`))];

/** Sends one operation over a socket, as a client does that has no use for HTTP. */
async function ask(token: string, query: string, variables: Record<string, unknown>): Promise<any> {
  for await (const result of connect(server.current, { token }).iterate({ query, variables })) return result;
}

test('a guest sees their tip wait and go on without a reload, and nobody else does', async () => {
  const page = await newPage(server.current);
  const [guest, other] = [await newGuest(server.current), await newGuest(server.current)];
  const [own, others] = [await watching(guest), await watching(other, 2)];
  const { tip, errors } = await send(server.current, guest, cardInput(page.id, { paymentMethodId: 'pm_sandbox_action', displayName: 'Zoe', isAnonymous: true }));
  const { action } = errors[0];
  await until(() => own.seen.length === 1);
  expect(own.seen[0]).toEqual({ __typename: 'Tip', id: tip.id, status: 'ACTION_REQUIRED', displayName: 'Zoe', action });
  await act(server.current, action.redirectUrl, 'CONFIRMED');
  await until(() => own.seen.length === 2, 20_000);
  expect(own.seen[1]).toEqual({ __typename: 'Tip', id: tip.id, status: 'SUCCEEDED', displayName: 'Zoe', action: null });
  await send(server.current, other, cardInput(page.id, { paymentMethodId: 'pm_sandbox_declined' }));
  await until(() => others.seen.length === 1);
  expect([states(own.seen), states(others.seen)]).toEqual([['Tip ACTION_REQUIRED', 'Tip SUCCEEDED'], ['Tip FAILED']]);
  await expectCleanTips(server.current.db);
});

test('a guest sees a refund, and a dispute', async () => {
  const page = await newPage(server.current);
  const guest = await newGuest(server.current);
  const [first, second] = [await send(server.current, guest, cardInput(page.id)), await send(server.current, guest, cardInput(page.id))];
  const { seen } = await watching(guest);
  await refundTip(server.current, page.token, first.tip.id, '5');
  await until(() => states(seen).includes('Tip REFUNDED'));
  expect(states(seen)).toContain('Refund SUCCEEDED');
  const disputed = await dispute(server.current, second.tip.id);
  await tell(server.current, disputed);
  await until(() => states(seen).includes('Tip DISPUTED'));
  await control(server.current, 'close-dispute', { disputeId: disputed, status: 'WON' });
  await tell(server.current, disputed);
  await until(() => states(seen).includes('Tip SUCCEEDED'));
  await expectCleanTips(server.current.db);
});

test('among those who watch a page, a guest alone is told the name of their anonymous tip', async () => {
  const page = await newPage(server.current);
  const [guest, other] = [await newGuest(server.current), await newGuest(server.current)];
  const fan = await newFan(server.current);
  const tipReceived = 'subscription ($creatorId: ID!) { tipReceived(creatorId: $creatorId) { tip { displayName } } }';
  const watched = [guest, other, fan.token, page.token].map((token) => watch(connect(server.current, { token }), tipReceived, { creatorId: page.id }));
  await settled(server.current, 4, 1);
  await send(server.current, guest, cardInput(page.id, { displayName: 'Zoe', isAnonymous: true }));
  await until(() => watched.every(({ seen }) => seen.length === 1));
  expect(watched.map(({ seen }) => seen[0].tip.displayName)).toEqual(['Zoe', 'Anonymous', 'Anonymous', 'Anonymous']);
});

describe('over a socket', () => {
  test('a guest tips by card, and reads the tip, and has no wallet', async () => {
    const page = await newPage(server.current);
    const guest = await newGuest(server.current);
    const { data } = await ask(guest, sendTipOperation, { input: cardInput(page.id) });
    expect(data.sendTip).toMatchObject({ tip: { status: 'SUCCEEDED' }, errors: [] });
    expect(await ask(guest, 'query ($id: ID!) { node(id: $id) { id } viewer { id } }', { id: data.sendTip.tip.id })).toEqual({ data: { node: { id: data.sendTip.tip.id }, viewer: null } });
    const refused = await ask(guest, sendTipOperation, { input: tipInput(page.id) });
    expect(refused.errors[0].extensions.code).toBe('UNAUTHENTICATED');
    await expectCleanTips(server.current.db);
  });

  test.each([
    ['membershipEvents(creatorId: $id) { cursor }', 'FORBIDDEN'],
    ['alertQueueChanged(creatorId: $id) { state }', 'FORBIDDEN'],
  ])('a guest may not watch %s', async (field, code) => {
    const page = await newPage(server.current);
    const { failure } = await refusal(await newGuest(server.current), `subscription ($id: ID!) { ${field} }`, { id: page.id });
    expect(failure[0].extensions.code).toBe(code);
  });

  async function refusal(token: string, query: string, variables: Record<string, unknown>) {
    const watched = watch(connect(server.current, { token }), query, variables);
    await until(() => watched.failure !== undefined);
    return watched;
  }
});

test('a session that is over ends its sockets, and opens none', async () => {
  const [guest, other] = [await newGuest(server.current), await newGuest(server.current)];
  const closed: number[] = [];
  const open = (token: string) => watch(connect(server.current, { token, onClose: (code) => closed.push(code) }), paymentUpdated, {});
  const [first, stays] = [open(guest), open(other)];
  await settled(server.current, 2);
  await server.current.db.query('UPDATE guest_session SET expires_at = now() WHERE id = (SELECT min(id::text)::uuid FROM guest_session)');
  await until(() => first.failure !== undefined);
  expect(closed).toEqual([4401]);
  expect(stays.failure).toBeUndefined();
  const again = open(guest);
  await until(() => again.failure !== undefined);
  expect(closed).toEqual([4401, 4401]);
});

test('who watched and never tipped is forgotten with all that was kept for them; who tipped is not', async () => {
  const page = await newPage(server.current);
  const [guest, other] = [await newGuest(server.current), await newGuest(server.current)];
  await watching(guest);
  await send(server.current, other, cardInput(page.id));
  await disconnectAll();
  const left = async () => {
    const [row] = await server.current.db.query<{ guests: bigint; streams: bigint }>(
      `SELECT (SELECT count(*) FROM guest_session) AS guests, (SELECT count(*) FROM stream WHERE topic = 'payments') AS streams`);
    return [Number(row!.guests), Number(row!.streams)];
  };
  expect(await left()).toEqual([2, 2]);
  const later = await server.another({ runsJobs: false, clock: { now: () => new Date(Date.now() + 25.5 * 3_600_000) } });
  for (const job of tipsRoom.jobs ?? []) await job.run(later.services, new AbortController().signal);
  expect(await left()).toEqual([1, 1]);
  await expectCleanTips(server.current.db);
});
