import { expect, test } from '@jest/globals';
import { reconcile, sandboxService } from '../../src/payments/room.ts';
import { eachTestServer, type TestServer } from '../support/server.ts';
import { act, balancesByKind, expectCleanWallets, stored, topUp } from './support.ts';

const server = eachTestServer();

/** A top-up that waits for its fan to confirm it. */
async function waiting(given: TestServer = server.current, paymentMethodId: string | null = 'pm_sandbox_action') {
  const person = await given.signUp();
  const payload = await topUp(given, person.token, { paymentMethodId, idempotencyKey: 'k' });
  return { ...person, payload, redirectUrl: payload.topUp.action.redirectUrl as string };
}

const minutesLater = { clock: { now: () => new Date(Date.now() + 120_000) } };

test.each([
  ['a card that asks for it', 'pm_sandbox_action'],
  ['no card named, and none saved', null],
])('%s makes the top-up wait for its fan, and nothing moves', async (_, paymentMethodId) => {
  const { payload } = await waiting(server.current, paymentMethodId);
  expect(payload).toMatchObject({
    topUp: { status: 'ACTION_REQUIRED', failureReason: null, action: { redirectUrl: expect.stringContaining('/sandbox/pages/') } },
    wallet: { balance: { amount: '0.00' } },
    errors: [{ __typename: 'ActionRequired', code: 'ACTION_REQUIRED', action: { redirectUrl: payload.topUp.action.redirectUrl, expiresAt: expect.any(String) } }],
  });
  expect(await stored(server.current.db)).toMatchObject({ topUps: ['ACTION_REQUIRED'], postings: 0 });
  await expectCleanWallets(server.current.db);
});

test.each([
  ['CONFIRMED', { status: 'SUCCEEDED', action: null }, '10.00', []],
  ['REFUSED', { status: 'FAILED', action: null }, '0.00', [expect.objectContaining({ __typename: 'PaymentDeclined', declineCode: 'action_refused', retryable: true })]],
] as const)('what was %s is found by its key', async (decision, expected, balance, errors) => {
  const { token, redirectUrl } = await waiting();
  await act(server.current, redirectUrl, decision);
  const again = await topUp(server.current, token, { paymentMethodId: 'pm_sandbox_action', idempotencyKey: 'k' });
  expect([again.topUp, again.wallet.balance.amount, again.errors]).toEqual([expect.objectContaining(expected), balance, errors]);
  await expectCleanWallets(server.current.db);
});

test('what was confirmed is found by the reconciler, once, however often it runs', async () => {
  const { token, redirectUrl } = await waiting();
  await act(server.current, redirectUrl, 'CONFIRMED');
  const later = await server.another(minutesLater);
  await Promise.all([reconcile(later.services), reconcile(later.services), topUp(server.current, token, { paymentMethodId: 'pm_sandbox_action', idempotencyKey: 'k' })]);
  expect(await stored(server.current.db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
  expect(await balancesByKind(server.current.db, 'USD')).toMatchObject({ wallet: 10_000_000n });
  await expectCleanWallets(server.current.db);
});

test('what nobody confirmed waits on', async () => {
  const { token } = await waiting();
  await reconcile((await server.another(minutesLater)).services);
  const again = await topUp(server.current, token, { paymentMethodId: 'pm_sandbox_action', idempotencyKey: 'k' });
  expect(again.topUp.status).toBe('ACTION_REQUIRED');
  await expectCleanWallets(server.current.db);
});

test('webhooks bring what was confirmed, each twice and in any order', async () => {
  const live = await server.another({ runsJobs: true });
  await live.services.get(sandboxService)!.control('settings', { webhookCopies: 2, isShuffled: true });
  const { token, redirectUrl } = await waiting(live);
  await act(live, redirectUrl, 'CONFIRMED');
  const balance = async () => (await live.graphql('{ viewer { wallets { balance { amount } } } }', {}, token)).data.viewer.wallets[0].balance.amount;
  for (const deadline = Date.now() + 90_000; (await balance()) !== '10.00' && Date.now() < deadline; ) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await balance()).toBe('10.00');
  expect(await stored(server.current.db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
  await expectCleanWallets(server.current.db);
});

test('one that was cut off before its provider was asked goes on to wait for its fan', async () => {
  const { token } = await server.current.signUp();
  const { db } = server.current;
  db.failpoint = (name) => {
    if (name === 'top-up-stored') throw new Error('the process died');
  };
  await expect(topUp(server.current, token, { paymentMethodId: 'pm_sandbox_action', idempotencyKey: 'k' })).rejects.toThrow();
  db.failpoint = () => {};
  expect((await stored(db)).topUps).toEqual(['PENDING']);
  const again = await topUp(server.current, token, { paymentMethodId: 'pm_sandbox_action', idempotencyKey: 'k' });
  expect(again.topUp.status).toBe('ACTION_REQUIRED');
  await act(server.current, again.topUp.action.redirectUrl, 'CONFIRMED');
  await reconcile((await server.another(minutesLater)).services);
  expect(await stored(db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
  await expectCleanWallets(db);
});
