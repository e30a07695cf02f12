import { beforeEach, expect, test } from '@jest/globals';
import { compareTotals, differencesOf, intentKindsService, lastDays, outcomesService, sandboxService, type IntentKind } from '../../src/payments/room.ts';
import { dayMs, TestClock } from '../support/clock.ts';
import { eachTestServer } from '../support/server.ts';
import { newFan, newPage } from '../tips/http.ts';
import { answerWith, cardTip, control, refundTip, refundTopUp, tellOfRefund } from '../tips/refunds-support.ts';
import { topUp } from '../wallets/support.ts';
import { balanceOf, earn, expectCleanPayouts, makePage, openBank, requestPayout, type Page } from './support.ts';

const clock = new TestClock(new Date().toISOString());
const server = eachTestServer({ clock, environment: { PLATFORM_FEE_BPS: '0' } });

beforeEach(() => clock.moveTo(new Date().toISOString()));

/** Tells of a payout as its provider knows it now, as a webhook does. */
async function tellOfPayout(key: string): Promise<void> {
  const { services, db } = server.current;
  const kind = services.get(intentKindsService).find(({ operation }) => operation === 'PAYOUT') as IntentKind<'PAYOUT'>;
  const intent = (await kind.findByKey(db, 'SANDBOX', key))!;
  const outcome = await services.get(outcomesService).read(intent);
  if (outcome.status === 'PENDING') throw new Error(`The sandbox has not decided ${key} yet.`);
  await kind.settle(services, intent.id, outcome);
}

test('what a provider declines to pay out was payable, and is again', async () => {
  const bank = openBank(server.current.services);
  const page = await makePage(server.current);
  await earn(server.current, page, 10_000_000n);
  clock.pass(9 * dayMs);
  await earn(server.current, page, 1_000_000n);
  const before = await balanceOf(server.current, page);
  expect([before.payable, before.held]).toEqual(['10.00', '1.00']);
  bank.answer = () => ({ status: 'DECLINED', code: 'balance_insufficient', message: 'The platform has too little.', retryable: true });
  expect((await requestPayout(server.current, page, '10')).payout.status).toBe('FAILED');
  expect(await balanceOf(server.current, page)).toEqual(before);
  await expectCleanPayouts(server.current.db);
});

test('what a bank sends back after it was paid out is held anew, and counts on the day of the payout', async () => {
  const { current } = server;
  const page = await makePage(current, { destination: null });
  await current.graphql('mutation { addPayoutDestination(input: { provider: SANDBOX, token: "ba_sandbox_slow" }) { errors { code } } }', {}, page.token);
  await earn(current, page, 10_000_000n);
  clock.pass(9 * dayMs);
  const { payout } = await requestPayout(current, page, '10');
  for (const status of ['SUCCEEDED', 'DECLINED']) {
    await current.services.get(sandboxService)!.control('decide-payout', { key: payout.id, status });
    await tellOfPayout(payout.id);
    clock.pass(3 * dayMs);
  }
  const balance = await balanceOf(current, page);
  expect([balance.payable, balance.held]).toEqual(['0.00', '10.00']);
  await expectAgreement(16);
  await expectCleanPayouts(current.db);
});

/** A page with a tip of 5.00 by card from so many days ago. */
async function tipOf(daysAgo: number) {
  const { current } = server;
  const [page, fan] = [await newPage(current), await newFan(current)];
  const tip = await cardTip(current, fan, page, '5');
  clock.pass(daysAgo * dayMs);
  const balance = () => balanceOf(current, { token: page.token } as Page);
  return { page, tip, balance };
}

test.each([[20, 'payable'], [3, 'held']] as const)('what a provider declines to refund of a tip %s days old is %s as before', async (days, figure) => {
  const { current } = server;
  const { page, tip, balance } = await tipOf(days);
  const before = await balance();
  expect(before[figure]).toBe('4.55');
  answerWith(current, () => ({ createRefund: async () => ({ status: 'DECLINED', code: 'expired_card', message: 'Closed.', retryable: false }) }));
  expect((await refundTip(current, page.token, tip.id, '3')).refund.status).toBe('FAILED');
  expect(await balance()).toEqual(before);
  clock.pass(5 * dayMs);
  expect((await balance()).payable).toBe('4.55');
  await expectCleanPayouts(current.db);
});

test('a refund of a tip that a bank sends back is held anew', async () => {
  const { current } = server;
  const { page, tip, balance } = await tipOf(20);
  const { refund } = await refundTip(current, page.token, tip.id, '3');
  await control(current, 'return-refund', { key: refund.id });
  await tellOfRefund(current, refund.id);
  const { payable, held } = await balance();
  expect([payable, held]).toEqual(['1.55', '3.00']);
  await expectCleanPayouts(current.db);
});

/** Provider and ledger agree on each of the last days, not in sum only. */
async function expectAgreement(days: number): Promise<void> {
  const { compared } = await compareTotals(server.current.services, lastDays(clock.now(), days));
  expect(differencesOf(compared)).toEqual([]);
}

test('a refund that a bank sends back days later counts on the day of the refund on both sides', async () => {
  const { current } = server;
  const { token } = await current.signUp();
  const { topUp: made } = await topUp(current, token);
  const { refund } = await refundTopUp(current, token, made.id);
  await expectAgreement(1);
  clock.pass(3 * dayMs);
  await control(current, 'return-refund', { key: refund.id });
  await tellOfRefund(current, refund.id);
  await expectAgreement(5);
  await expectCleanPayouts(current.db);
});
