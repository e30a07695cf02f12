import { describe, expect, test } from '@jest/globals';
import { eachTestServer } from '../support/server.ts';
import { act } from '../wallets/support.ts';
import { cardInput, newGuest, newPage, send, sendTipOperation, tipInput } from './http.ts';
import { expectCleanTips, stored } from './support.ts';

const server = eachTestServer();

const ownTip = 'query ($id: ID!) { node(id: $id) { ... on Tip { id status displayName action { redirectUrl } } } viewer { id } }';

test('a guest tips by card without an account, and a receipt\'s address is kept with the tip', async () => {
  const page = await newPage(server.current);
  const { tip, errors } = await send(server.current, await newGuest(server.current), cardInput(page.id, { receiptEmail: 'guest@example.com', message: 'Hi' }));
  expect([tip, errors]).toEqual([expect.objectContaining({ status: 'SUCCEEDED', displayName: 'Guest', message: 'Hi' }), []]);
  expect(await server.current.db.query('SELECT sender_id, receipt_email FROM tip')).toEqual([{ sender_id: null, receipt_email: 'guest@example.com' }]);
  const { data } = await server.current.graphql('query ($handle: String!) { creator(handle: $handle) { tips { nodes { displayName } } topTippers { displayName } } }', { handle: page.handle });
  expect(data.creator).toEqual({ tips: { nodes: [{ displayName: 'Guest' }] }, topTippers: [] });
  await expectCleanTips(server.current.db);
});

test('a guest reads their own tip while it waits, and finds it paid afterwards; nobody else does', async () => {
  const page = await newPage(server.current);
  const [guest, other] = [await newGuest(server.current), await newGuest(server.current)];
  const { tip } = await send(server.current, guest, cardInput(page.id, { paymentMethodId: 'pm_sandbox_action', isAnonymous: true, displayName: 'Zoe', idempotencyKey: 'k' }));
  const seenBy = async (token?: string) => (await server.current.graphql(ownTip, { id: tip.id }, token)).data;
  expect(await seenBy(guest)).toEqual({ node: { id: tip.id, status: 'ACTION_REQUIRED', displayName: 'Zoe', action: { redirectUrl: expect.any(String) } }, viewer: null });
  for (const token of [other, page.token, undefined]) expect((await seenBy(token)).node).toBeNull();
  await act(server.current, (await seenBy(guest)).node.action.redirectUrl, 'CONFIRMED');
  await send(server.current, guest, cardInput(page.id, { paymentMethodId: 'pm_sandbox_action', isAnonymous: true, displayName: 'Zoe', idempotencyKey: 'k' }));
  expect((await seenBy(guest)).node).toEqual({ id: tip.id, status: 'SUCCEEDED', displayName: 'Zoe', action: null });
  expect((await seenBy(other)).node).toEqual({ id: tip.id, status: 'SUCCEEDED', displayName: 'Anonymous', action: null });
  await expectCleanTips(server.current.db);
});

describe('a guest may do nothing else', () => {
  test('not tip from a wallet', async () => {
    const page = await newPage(server.current);
    const { errors } = await server.current.graphql(sendTipOperation, { input: tipInput(page.id) }, await newGuest(server.current));
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  test.each([
    ['mutation { topUpWallet(input: { amount: { amount: "10", currency: "USD" }, idempotencyKey: "k" }) { errors { code } } }'],
    ['mutation { addPaymentMethod(input: { provider: SANDBOX, token: "pm_sandbox_ok" }) { errors { code } } }'],
    ['mutation { updateViewer(input: { displayName: "Guest" }) { errors { code } } }'],
    ['mutation { createCreator(input: { handle: "guest", displayName: "Guest", currency: "USD" }) { errors { code } } }'],
  ])('not %s', async (operation) => {
    const { errors } = await server.current.graphql(operation, {}, await newGuest(server.current));
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  test('not pay with somebody\'s saved card', async () => {
    const page = await newPage(server.current);
    const { errors } = await send(server.current, await newGuest(server.current), cardInput(page.id, { paymentMethodId: 'pmt_01h45ytscbebyvny4gc8cr8ma2' }));
    expect(errors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });
});

test('a key belongs to its guest', async () => {
  const page = await newPage(server.current);
  const [one, other] = [await newGuest(server.current), await newGuest(server.current)];
  const input = cardInput(page.id, { idempotencyKey: 'k' });
  const first = await Promise.all(Array.from({ length: 10 }, () => send(server.current, one, input)));
  expect(new Set(first.map(({ tip }) => tip.id)).size).toBe(1);
  const second = await send(server.current, other, input);
  expect(second.tip.id).not.toBe(first[0].tip.id);
  expect((await send(server.current, one, { ...input, message: 'Hi' })).errors).toMatchObject([{ code: 'IDEMPOTENCY_MISMATCH' }]);
  expect(await stored(server.current.db)).toEqual({ tips: 2, postings: 2, events: 2 });
  await expectCleanTips(server.current.db);
});

test.each(['guest_', 'guest_nobody', `guest_${'x'.repeat(300)}`])('the token %p is no guest\'s', async (token) => {
  const { status, errors } = await server.current.graphql('{ viewer { id } }', {}, token);
  expect([status, errors?.[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
});

test('a session is over after a day', async () => {
  const guest = await newGuest(server.current);
  const tomorrow = await server.another({ clock: { now: () => new Date(Date.now() + 25 * 3_600_000) } });
  expect((await tomorrow.graphql('{ viewer { id } }', {}, guest)).status).toBe(401);
});

test('guests of one address are no more than the limit, however many come at once, and their tries are counted together', async () => {
  const strict = await server.another({ environment: { LIMIT_GUEST_SESSIONS_PER_ADDRESS: '4', LIMIT_CARD_ATTEMPTS_PER_ADDRESS: '3' } });
  const operation = 'mutation { createGuestSession { token expiresAt errors { code } } }';
  const payloads = (await Promise.all(Array.from({ length: 10 }, () => strict.graphql(operation)))).map(({ data }) => data.createGuestSession);
  const guests = payloads.filter(({ token }) => token !== null);
  expect(guests).toHaveLength(4);
  expect(payloads.filter(({ errors }) => errors[0]?.code === 'TOO_MANY_ATTEMPTS')).toHaveLength(6);
  const page = await newPage(strict);
  const tips = await Promise.all(guests.map(({ token }) => send(strict, token, cardInput(page.id, { paymentMethodId: 'pm_sandbox_declined' }))));
  expect(tips.filter(({ errors }) => errors[0]?.code === 'TOO_MANY_ATTEMPTS')).toHaveLength(1);
  await expectCleanTips(strict.db);
});

test('nobody reads a token or an address from the database', async () => {
  const guest = await newGuest(server.current);
  const [row] = await server.current.db.query<{ text: string }>('SELECT guest_session::text AS text FROM guest_session');
  expect(row!.text).not.toContain(guest.slice(6));
  expect(row!.text).not.toContain('127.0.0.1');
});

test('nobody tips without a token', async () => {
  const page = await newPage(server.current);
  const { errors } = await server.current.graphql(sendTipOperation, { input: cardInput(page.id) });
  expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
});
