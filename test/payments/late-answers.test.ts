import { expect, test } from '@jest/globals';
import { intentKindsService, sandboxService, type IntentKind, type PaymentProvider, type ReportedOutcome } from '../../src/payments/room.ts';
import { eachTestServer } from '../support/server.ts';
import { newFan, newPage, sent, tipInput } from '../tips/http.ts';
import { cardTip, refundTip, refundTopUp, usd } from '../tips/refunds-support.ts';
import { addMethod, expectCleanWallets, provideSandbox, topUp } from '../wallets/support.ts';

const server = eachTestServer();
const late = ['createCharge', 'createRefund', 'saveMethod'] as const;

/** Has the outcome of everything arrive by a webhook, while the provider's own answer never says it. */
function settleMeanwhile(): void {
  const { services, db } = server.current;
  provideSandbox(server.current, (sandbox) => Object.fromEntries(late.map((operation) => [operation, async (request: { key: string }) => {
    const outcome = await (sandbox[operation] as (request: object) => Promise<ReportedOutcome>).call(sandbox, request);
    for (const kind of services.get(intentKindsService)) {
      const intent = await kind.findByKey(db, 'SANDBOX', request.key);
      if (intent) await (kind as IntentKind).settle(services, intent.id, outcome);
    }
    return { status: 'PENDING' };
  }])) as Partial<PaymentProvider>);
}

test.each<[what: string, now: string, act: () => Promise<unknown>]>([
  ['a top-up', 'SUCCEEDED', async () => {
    const fan = await server.current.signUp();
    settleMeanwhile();
    const { topUp: made, wallet } = await topUp(server.current, fan.token);
    expect(wallet.balance.amount).toBe('10.00');
    return made.status;
  }],
  ['a tip by card', 'SUCCEEDED', async () => {
    const [page, fan] = [await newPage(server.current), await newFan(server.current)];
    settleMeanwhile();
    return (await sent(server.current, fan.token, tipInput(page.id, { amount: usd('5'), funding: 'CARD', paymentMethodId: 'pm_sandbox_ok' }))).status;
  }],
  ['a refund of a tip', 'SUCCEEDED', async () => {
    const [page, fan] = [await newPage(server.current), await newFan(server.current)];
    await sent(server.current, fan.token, tipInput(page.id, { amount: usd('10') }));
    const tip = await cardTip(server.current, fan, page, '5');
    settleMeanwhile();
    return (await refundTip(server.current, page.token, tip.id)).refund.status;
  }],
  ['a refund of a top-up', 'SUCCEEDED', async () => {
    const fan = await server.current.signUp();
    const { topUp: made } = await topUp(server.current, fan.token);
    settleMeanwhile();
    return (await refundTopUp(server.current, fan.token, made.id)).refund.status;
  }],
  ['a card that is to be kept', 'Visa ending in 4242', async () => {
    const fan = await server.current.signUp();
    settleMeanwhile();
    return (await addMethod(server.current, fan.token)).paymentMethod?.label;
  }],
])('%s that a webhook settled while its provider was waited for is answered as it is by then', async (_, now, act) => {
  expect(await act()).toBe(now);
  await expectCleanWallets(server.current.db);
});

test('whoever waits for a provider that never answers has the answer as soon as a webhook brings it', async () => {
  const { current } = server;
  const fan = await current.signUp();
  await current.services.get(sandboxService)!.deliverTo(current.url);
  const began = Date.now();
  const { topUp: made } = await topUp(current, fan.token, { paymentMethodId: 'pm_sandbox_silent' });
  expect(made.status).toBe('SUCCEEDED');
  expect(Date.now() - began).toBeLessThan(15_000);
  await expectCleanWallets(current.db);
});
