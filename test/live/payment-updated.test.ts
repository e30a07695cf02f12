import { afterEach, expect, test } from '@jest/globals';
import { renew } from '../../src/billing/room.ts';
import { reconcile, sandboxService } from '../../src/payments/room.ts';
import { dayMs } from '../support/clock.ts';
import { eachTestServer } from '../support/server.ts';
import { cardInput, newFan, newPage, send, tipInput } from '../tips/http.ts';
import { act, addMethod, expectCleanWallets, topUp } from '../wallets/support.ts';
import { connect, disconnectAll, settled, until, watch } from './support.ts';

const server = eachTestServer({ runsJobs: true });
afterEach(disconnectAll);

const paymentUpdated = `subscription { paymentUpdated {
  __typename id ... on TopUp { status action { redirectUrl } } ... on Tip { status displayName action { redirectUrl } } ... on Charge { status amount { amount } } ... on PaymentMethod { label }
} }`;

/** What a page is told from here on; `pages` is how many of them watch then. */
async function watching(token: string, pages = 1) {
  const watched = watch(connect(server.current, { token }), paymentUpdated, {});
  await settled(server.current, pages);
  return watched;
}

const states = (seen: readonly any[]) => seen.map(({ __typename, status }) => `${__typename} ${status}`);

test('a top-up that waited is seen to go on without a reload, by its webhook', async () => {
  const { token } = await server.current.signUp();
  const { seen } = await watching(token);
  const { topUp: waiting } = await topUp(server.current, token, { paymentMethodId: 'pm_sandbox_action' });
  await until(() => seen.length === 1);
  expect(seen[0]).toEqual({ __typename: 'TopUp', id: waiting.id, status: 'ACTION_REQUIRED', action: waiting.action });
  await act(server.current, waiting.action.redirectUrl, 'CONFIRMED');
  await until(() => seen.length === 2, 20_000);
  expect(seen[1]).toEqual({ __typename: 'TopUp', id: waiting.id, status: 'SUCCEEDED', action: null });
  await expectCleanWallets(server.current.db);
});

test('a tip that waited is seen to go on by the reconciler of another process', async () => {
  await server.current.services.get(sandboxService)!.control('settings', { webhookDelayMs: 3_600_000 });
  const page = await newPage(server.current);
  const fan = await newFan(server.current, { micros: 0n, name: 'Ada' });
  const { seen } = await watching(fan.token);
  const { tip, errors } = await send(server.current, fan.token, cardInput(page.id, { paymentMethodId: 'pm_sandbox_action', isAnonymous: true }));
  await until(() => seen.length === 1);
  await act(server.current, errors[0].action.redirectUrl, 'CONFIRMED');
  const later = await server.another({ runsJobs: false, clock: { now: () => new Date(Date.now() + 120_000) } });
  await reconcile(later.services);
  await until(() => seen.length === 2);
  expect(seen).toEqual([
    { __typename: 'Tip', id: tip.id, status: 'ACTION_REQUIRED', displayName: 'Ada', action: errors[0].action },
    { __typename: 'Tip', id: tip.id, status: 'SUCCEEDED', displayName: 'Ada', action: null },
  ]);
  await expectCleanWallets(server.current.db);
});

test('what fails is told too, and a tip from the wallet is not', async () => {
  const page = await newPage(server.current);
  const fan = await newFan(server.current);
  const { seen } = await watching(fan.token);
  await send(server.current, fan.token, tipInput(page.id));
  await topUp(server.current, fan.token, { paymentMethodId: 'pm_sandbox_declined' });
  await send(server.current, fan.token, cardInput(page.id, { paymentMethodId: 'pm_sandbox_declined' }));
  await until(() => seen.length === 2);
  expect(states(seen)).toEqual(['TopUp FAILED', 'Tip FAILED']);
});

test('charges of micro-subscriptions are told as they are made', async () => {
  const page = await newPage(server.current);
  const fan = await newFan(server.current, { micros: 1_500_000n });
  const { seen } = await watching(fan.token);
  const operation = 'mutation ($input: SubscribeInput!) { subscribe(input: $input) { subscription { id } errors { code message } } }';
  const input = { creatorId: page.id, amount: { amount: '1', currency: 'USD' }, interval: 'WEEK', idempotencyKey: 'k' };
  const { data } = await server.current.graphql(operation, { input }, fan.token);
  expect(data.subscribe.errors).toEqual([]);
  await until(() => seen.length === 1);
  const renewed = (days: number) => renew(server.current.services, { asOf: new Date(Date.now() + days * dayMs) });
  expect(await renewed(7.5)).toMatchObject({ pastDue: 1 });
  // Tried again in vain, the charge stands where it stood.
  expect(await renewed(9)).toMatchObject({ stillPastDue: 1 });
  await topUp(server.current, fan.token, { paymentMethodId: 'pm_sandbox_declined' });
  await until(() => seen.length === 3);
  expect(states(seen)).toEqual(['Charge SUCCEEDED', 'Charge FAILED', 'TopUp FAILED']);
});

test('a card that is kept is told', async () => {
  const { token } = await server.current.signUp();
  const { seen } = await watching(token);
  const { paymentMethod } = await addMethod(server.current, token);
  await until(() => seen.length === 1);
  expect(seen[0]).toEqual({ __typename: 'PaymentMethod', id: paymentMethod.id, label: paymentMethod.label });
});

test('nobody sees another\'s payments, and who did not sign in sees none', async () => {
  const [one, other] = [await server.current.signUp(), await server.current.signUp()];
  const others = await watching(other.token);
  const own = await watching(one.token, 2);
  await topUp(server.current, one.token);
  await until(() => own.seen.length === 1);
  await topUp(server.current, other.token, { paymentMethodId: 'pm_sandbox_declined' });
  await until(() => others.seen.length === 1);
  expect([states(own.seen), states(others.seen)]).toEqual([['TopUp SUCCEEDED'], ['TopUp FAILED']]);
  const refused = watch(connect(server.current), paymentUpdated, {});
  await until(() => refused.failure !== undefined);
  expect(refused.failure[0].extensions.code).toBe('UNAUTHENTICATED');
});
