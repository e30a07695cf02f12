import { expect, test } from '@jest/globals';
import { TestClock, dayMs } from '../support/clock.ts';
import { eachTestServer } from '../support/server.ts';
import { balanceOf, earn, entriesOf, expectCleanPayouts, makePage, openBank, requestPayout } from './support.ts';

const clock = new TestClock('2026-03-01T12:00:00Z');
const server = eachTestServer({ clock, environment: { PLATFORM_FEE_BPS: '0' } });

/** A page with so much earned, and so long ago that all of it is available. */
async function paidPage(micros: bigint, currency = 'USD') {
  const { current } = server;
  const bank = openBank(current.services);
  const page = await makePage(current, { currency });
  await earn(current, page, micros, currency);
  clock.pass(9 * dayMs);
  return { bank, page };
}

test('a payout takes what it says, down to the cent, and leaves the dust', async () => {
  const { bank, page } = await paidPage(12_345_678n);
  const before = { available: '12.345678', payable: '12.34', held: '0.00', debt: '0.00', inTransit: '0.00', paidOut: '0.00' };
  expect(await balanceOf(server.current, page)).toEqual(before);
  const { payout, errors } = await requestPayout(server.current, page, '12.34');
  expect({ payout, errors }).toEqual({
    payout: { id: expect.stringMatching(/^pay_/), status: 'SUCCEEDED', amount: { amount: '12.34', currency: 'USD' }, failureReason: null },
    errors: [],
  });
  expect(bank.asked).toEqual([{ key: payout.id, destination: `dest_known of ${page.creatorId}`, amountMicros: 12_340_000n, currency: 'USD' }]);
  expect(await balanceOf(server.current, page)).toEqual({ ...before, available: '0.005678', payable: '0.00', paidOut: '12.34' });
  expect(await entriesOf(server.current, page)).toEqual(['PAYOUT -12.34 → 0.005678 (Payout)', 'TIP 12.345678 → 12.345678 (Tip)']);
  await expectCleanPayouts(server.current.db);
});

test('of yen, the payable part is whole yen', async () => {
  const { page } = await paidPage(1_234_567_890n, 'JPY');
  expect((await balanceOf(server.current, page)).payable).toBe('1234');
  expect((await requestPayout(server.current, page, '1234.5', { currency: 'JPY' })).errors).toEqual([
    expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining('not a whole number of steps of 1 JPY') })]);
  expect((await requestPayout(server.current, page, '1234', { currency: 'JPY' })).payout.status).toBe('SUCCEEDED');
  await expectCleanPayouts(server.current.db);
});

test.each([
  ['more than was earned',  '10.01', 'USD', { code: 'INSUFFICIENT_FUNDS', balance: { amount: '10.00' }, shortfall: { amount: '0.01' } }],
  ['less than the minimum', '0.99',  'USD', { code: 'AMOUNT_OUT_OF_RANGE', minimum: { amount: '1.00' }, maximum: { amount: '10.00' } }],
  ['parts of a cent',       '5.005', 'USD', { code: 'INVALID_INPUT', path: ['input', 'amount', 'amount'] }],
  ['another currency',      '5.00',  'EUR', { code: 'CURRENCY_MISMATCH', expected: 'USD' }],
  ['nothing',               '0',     'USD', { code: 'AMOUNT_OUT_OF_RANGE' }],
  ['too exact an amount',   '5.0000001', 'USD', { code: 'PRECISION' }],
])('%s is refused, and stores nothing', async (_, amount, currency, error) => {
  const { bank, page } = await paidPage(10_000_000n);
  const { payout, errors } = await requestPayout(server.current, page, amount, { currency });
  expect(payout).toBeNull();
  expect(errors).toEqual([expect.objectContaining(error)]);
  expect([bank.asked.length, (await balanceOf(server.current, page)).available]).toEqual([0, '10.00']);
  await expectCleanPayouts(server.current.db);
});

test('without a destination, or before it is verified, nothing is paid out', async () => {
  openBank(server.current.services);
  for (const [destination, message] of [[null, 'no payout destination yet'], ['new', 'not verified yet']] as const) {
    const page = await makePage(server.current, { destination });
    await earn(server.current, page, 5_000_000n);
    clock.pass(9 * dayMs);
    expect((await requestPayout(server.current, page, '5.00')).errors).toEqual([
      expect.objectContaining({ code: 'DESTINATION_UNVERIFIED', message: expect.stringContaining(message) })]);
  }
  await expectCleanPayouts(server.current.db);
});

test('an account without a page, and a frozen one, are paid nothing', async () => {
  const { page } = await paidPage(10_000_000n);
  await server.current.db.query('UPDATE person SET frozen_at = now() WHERE id = $1', [page.personId]);
  expect((await requestPayout(server.current, page, '5.00')).errors).toEqual([expect.objectContaining({ code: 'ACCOUNT_FROZEN' })]);
  const { token } = await server.current.signUp();
  expect((await requestPayout(server.current, { ...page, token }, '5.00')).errors).toEqual([expect.objectContaining({ code: 'NOT_FOUND' })]);
  await expectCleanPayouts(server.current.db);
});

test('the same key answers the same payout, whatever the rules say by then; with another amount it is refused', async () => {
  const { bank, page } = await paidPage(10_000_000n);
  const first = await requestPayout(server.current, page, '10.00', { idempotencyKey: 'k' });
  await server.current.db.query('UPDATE person SET frozen_at = now() WHERE id = $1', [page.personId]);
  expect(await requestPayout(server.current, page, '10.000', { idempotencyKey: 'k' })).toEqual(first);
  expect((await requestPayout(server.current, page, '9.00', { idempotencyKey: 'k' })).errors).toEqual([expect.objectContaining({ code: 'IDEMPOTENCY_MISMATCH' })]);
  expect(bank.asked).toHaveLength(1);
  await expectCleanPayouts(server.current.db);
});

test('payouts are listed newest first, page by page, and are their creator\'s alone', async () => {
  const { page } = await paidPage(10_000_000n);
  const ids: string[] = [];
  for (const amount of ['1.00', '2.00', '3.00']) ids.unshift((await requestPayout(server.current, page, amount)).payout.id);
  const list = 'query ($after: String) { viewer { creator { dashboard { payouts(first: 2, after: $after) { totalCount nodes { id status } pageInfo { endCursor hasNextPage } } payoutDestination { id label isVerified } } } } }';
  const { data } = await server.current.graphql(list, {}, page.token);
  const { payouts, payoutDestination } = data.viewer.creator.dashboard;
  expect(payoutDestination).toEqual({ id: expect.stringMatching(/^dst_/), label: 'Bank of known', isVerified: true });
  const rest = await server.current.graphql(list, { after: payouts.pageInfo.endCursor }, page.token);
  const more = rest.data.viewer.creator.dashboard.payouts;
  expect([...payouts.nodes, ...more.nodes].map((node: any) => node.id)).toEqual(ids);
  expect([payouts.totalCount, payouts.pageInfo.hasNextPage, more.pageInfo.hasNextPage]).toEqual([3, true, false]);
  const stranger = await server.current.signUp();
  const node = 'query ($id: ID!) { node(id: $id) { ... on Payout { amount { amount } } } }';
  expect((await server.current.graphql(node, { id: ids[0] }, page.token)).data.node).toEqual({ amount: { amount: '3.00' } });
  expect((await server.current.graphql(node, { id: ids[0] }, stranger.token)).data.node).toBeNull();
  await expectCleanPayouts(server.current.db);
});

test('a currency that the provider does not pay out is refused', async () => {
  const { page } = await paidPage(10_000_000_000n, 'XOF');
  expect((await balanceOf(server.current, page)).payable).toBe('0');
  expect((await requestPayout(server.current, page, '10', { currency: 'XOF' })).errors).toEqual([
    expect.objectContaining({ code: 'INVALID_INPUT', path: ['input', 'amount', 'currency'] })]);
  await expectCleanPayouts(server.current.db);
});
