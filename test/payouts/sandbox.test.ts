import { expect, test } from '@jest/globals';
import { compareTotals, differencesOf, reconcile, sandboxService } from '../../src/payments/room.ts';
import { dayMs, TestClock } from '../support/clock.ts';
import { eachTestServer } from '../support/server.ts';
import { balanceOf, earn, expectCleanPayouts, makePage, requestPayout } from './support.ts';

const clock = new TestClock('2026-03-01T12:00:00Z');
const server = eachTestServer({ clock, environment: { PLATFORM_FEE_BPS: '0' } });

async function paidPage(destination: string) {
  const page = await makePage(server.current, { destination });
  await earn(server.current, page, 10_000_000n);
  clock.pass(9 * dayMs);
  return page;
}

const verify = 'mutation ($input: VerifyPayoutDestinationInput!) { verifyPayoutDestination(input: $input) { destination { isVerified } errors { code } } }';

test('the simulated processor sends two deposits, and pays to whoever knows them', async () => {
  const page = await paidPage('ba_sandbox_ok');
  expect((await requestPayout(server.current, page, '10.00')).errors).toEqual([expect.objectContaining({ code: 'DESTINATION_UNVERIFIED' })]);
  const { data } = await server.current.graphql('{ viewer { creator { dashboard { payoutDestination { id label } } } } }', {}, page.token);
  const destinationId = data.viewer.creator.dashboard.payoutDestination.id;
  const answers = [];
  for (const amounts of [['0.32', '0.46'], ['0.45', '0.32']]) {
    answers.push((await server.current.graphql(verify, { input: { destinationId, amounts } }, page.token)).data.verifyPayoutDestination);
  }
  expect(answers).toEqual([{ destination: null, errors: [{ code: 'INVALID_INPUT' }] }, { destination: { isVerified: true }, errors: [] }]);
  expect((await requestPayout(server.current, page, '10.00')).payout.status).toBe('SUCCEEDED');
  expect(await balanceOf(server.current, page)).toMatchObject({ available: '0.00', paidOut: '10.00' });
  await expectCleanPayouts(server.current.db);
});

test.each([
  ['pays', 'SUCCEEDED', { paidOut: '10.00', available: '0.00' }],
  // It was past its hold, and never left.
  ['refuses', 'DECLINED', { paidOut: '0.00', available: '10.00' }],
])('a payout that the processor %s later is settled by the reconciler', async (_, status, balance) => {
  const page = await paidPage('ba_sandbox_slow');
  const { payout } = await requestPayout(server.current, page, '10.00');
  expect(payout.status).toBe('PENDING');
  await server.current.services.get(sandboxService)!.control('decide-payout', { key: payout.id, status });
  clock.pass(60_000);
  await reconcile(server.current.services);
  expect(await balanceOf(server.current, page)).toMatchObject({ ...balance, inTransit: '0.00', held: '0.00' });
  await expectCleanPayouts(server.current.db);
});

test('a payout to an account that turns out to be closed comes back', async () => {
  const page = await paidPage('ba_sandbox_closed');
  expect((await requestPayout(server.current, page, '10.00', { idempotencyKey: 'k' })).payout.status).toBe('PENDING');
  clock.pass(60_000);
  await reconcile(server.current.services);
  const { payout } = await requestPayout(server.current, page, '10.00', { idempotencyKey: 'k' });
  expect(payout).toMatchObject({ status: 'FAILED', failureReason: expect.stringContaining('closed') });
  expect(await balanceOf(server.current, page)).toMatchObject({ available: '10.00', held: '0.00', inTransit: '0.00' });
  await expectCleanPayouts(server.current.db);
});

test('what arrived and is sent back by the bank reaches us as a webhook, and the ledger agrees with the processor again', async () => {
  const working = await server.another({ runsJobs: true });
  const page = await makePage(working, { destination: 'ba_sandbox_slow' });
  await earn(working, page, 10_000_000n);
  clock.pass(9 * dayMs);
  const { payout } = await requestPayout(working, page, '10.00');
  const sandbox = working.services.get(sandboxService)!;
  for (const [status, balance] of [['SUCCEEDED', { paidOut: '10.00', held: '0.00' }], ['DECLINED', { paidOut: '0.00', held: '10.00' }]] as const) {
    await sandbox.control('decide-payout', { key: payout.id, status });
    await sandbox.control('deliver');
    const giveUp = Date.now() + 60_000;
    while (Date.now() < giveUp && (await balanceOf(working, page)).paidOut !== balance.paidOut) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await balanceOf(working, page)).toMatchObject({ ...balance, inTransit: '0.00' });
  }
  const today = clock.now().toISOString().slice(0, 10);
  const { compared } = await compareTotals(working.services, [today]);
  expect([compared.length, differencesOf(compared)]).toEqual([1, []]);
  await expectCleanPayouts(working.db);
});
