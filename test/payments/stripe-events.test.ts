import { afterAll, expect, test } from '@jest/globals';
import Stripe from 'stripe';
import { compareTotals, differencesOf, webhookTakerService } from '../../src/payments/room.ts';
import { eachTestServer } from '../support/server.ts';
import { micros } from '../support/world.ts';
import { balanceOf, earn, makePage, requestPayout } from '../payouts/support.ts';
import { refundTopUp } from '../tips/refunds-support.ts';
import { expectCleanWallets, topUp } from '../wallets/support.ts';
import { StripeDouble } from './stripe-double.ts';

const double = await new StripeDouble().start();
afterAll(() => double.close());
const lines: string[] = [];
const server = eachTestServer({
  environment: { STRIPE_SECRET_KEY: 'sk_test_1', STRIPE_WEBHOOK_SECRET: 'whsec_1', STRIPE_API_URL: double.url, PLATFORM_FEE_BPS: '0' },
  onLog: (line) => void lines.push(line),
});

/** Sends a webhook and has it taken; answers whether nothing waits to be tried again. */
async function tell(payload: string): Promise<boolean> {
  const { current } = server;
  const headers = { 'content-type': 'application/json', 'stripe-signature': Stripe.webhooks.generateTestHeaderString({ payload, secret: 'whsec_1' }) };
  expect((await fetch(`${current.url}/webhooks/stripe`, { method: 'POST', body: payload, headers })).status).toBe(200);
  await current.services.get(webhookTakerService).takeDue();
  await current.services.get(webhookTakerService).close();
  return (await current.db.query('SELECT id FROM webhook_event WHERE taken_at IS NULL')).length === 0;
}

/** Somebody with 10.00 from Stripe, and the charge there. */
async function fanWithTen() {
  const { token, personId } = await server.current.signUp();
  const { topUp: made } = await topUp(server.current, token, { provider: 'STRIPE', paymentMethodId: 'pm_ok' });
  expect(made.status).toBe('SUCCEEDED');
  const intent = double.all('payment_intent')[0]!;
  return { token, personId, intent, charge: double.thing(intent.latest_charge) };
}

async function standing(personId: string): Promise<{ wallet: bigint; isFrozen: boolean; disputes: number }> {
  const { db } = server.current;
  const [row] = await db.query<{ isFrozen: boolean; disputes: number }>(
    'SELECT frozen_at IS NOT NULL AS "isFrozen", (SELECT count(*)::int FROM dispute) AS disputes FROM person WHERE id = $1', [personId]);
  return { wallet: await micros(db, personId, 'wallet'), ...row! };
}

test.each(['warning_needs_response', 'warning_under_review', 'warning_closed', 'prevented'])('a dispute that is %s moved no money, and freezes nobody', async (status) => {
  const { personId, intent, charge } = await fanWithTen();
  const id = double.dispute(intent.id);
  const dispute = Object.assign(double.thing(id), { status, balance_transactions: [] });
  expect(await tell(double.event('charge.updated', charge))).toBe(true);
  expect(await tell(double.event('charge.dispute.updated', dispute))).toBe(true);
  // The news was of a dispute, and when Stripe is asked it is none.
  expect(await tell(double.event('charge.dispute.created', { ...dispute, status: 'needs_response' }))).toBe(true);
  expect(await standing(personId)).toEqual({ wallet: 10_000_000n, isFrozen: false, disputes: 0 });
  await expectCleanWallets(server.current.db);
});

test('an inquiry that becomes a dispute is taken as one then', async () => {
  const { personId, intent, charge } = await fanWithTen();
  const dispute = double.thing(double.dispute(intent.id));
  const booked = dispute.balance_transactions;
  Object.assign(dispute, { status: 'warning_needs_response', balance_transactions: [] });
  await tell(double.event('charge.updated', charge));
  Object.assign(dispute, { status: 'needs_response', balance_transactions: booked });
  expect(await tell(double.event('charge.dispute.funds_withdrawn', dispute))).toBe(true);
  expect(await standing(personId)).toEqual({ wallet: 0n, isFrozen: true, disputes: 1 });
  await expectCleanWallets(server.current.db);
});

/** The figures of today on which Stripe and the ledger do not agree, as theirs and ours. */
async function differences(): Promise<unknown[]> {
  const { compared } = await compareTotals(server.current.services, [new Date().toISOString().slice(0, 10)]);
  return differencesOf(compared).filter(({ provider }) => provider === 'STRIPE').map(({ figure, theirsMicros, oursMicros }) => [figure, theirsMicros, oursMicros]);
}

test('a refund of our own raises no alarm, one from Stripe\'s own pages does, and the totals show it', async () => {
  double.forget();
  const { token, intent, charge } = await fanWithTen();
  const alarm = 'More of a charge was refunded than was asked for here';
  const { data } = await server.current.graphql('{ viewer { wallets { entries { nodes { cause { ... on TopUp { id } } } } } } }', {}, token);
  expect((await refundTopUp(server.current, token, data.viewer.wallets[0].entries.nodes[0].cause.id)).errors).toEqual([]);
  expect(await tell(double.event('charge.refunded', charge))).toBe(true);
  expect([lines.some((line) => line.includes(alarm)), await differences()]).toEqual([false, []]);
  charge.amount_refunded = charge.amount;
  double.put('refund', 're', { payment_intent: intent.id, charge: charge.id, amount: 61, currency: 'usd', status: 'succeeded', metadata: {} });
  expect(await tell(double.event('charge.refunded', charge))).toBe(true);
  expect([lines.some((line) => line.includes(alarm)), await differences()]).toEqual([true, [['refundedMicros', 10_610_000n, 10_000_000n]]]);
  await expectCleanWallets(server.current.db);
});

test('a transfer that is reversed in part is told of, and the totals show it; reversed whole, the page has it again', async () => {
  double.forget();
  const { current } = server;
  double.put('account', 'acct', { id: 'acct_page', payouts_enabled: true, capabilities: { transfers: 'active' }, external_accounts: { object: 'list', data: [] } });
  const page = await makePage(current, { destination: null });
  await current.graphql('mutation { addPayoutDestination(input: { provider: STRIPE, token: "acct_page" }) { errors { code } } }', {}, page.token);
  await earn(current, page, 10_000_000n);
  await current.db.query(`UPDATE earnings_hold SET amount = 0`);
  expect((await requestPayout(current, page, '10')).payout.status).toBe('SUCCEEDED');
  const transfer = double.all('transfer')[0]!;
  Object.assign(transfer, { amount_reversed: 600 });
  expect(await tell(double.event('transfer.reversed', transfer))).toBe(true);
  expect([lines.some((line) => line.includes('A part of a payout came back')), await differences()]).toEqual([true, [['paidOutMicros', 4_000_000n, 10_000_000n]]]);
  Object.assign(transfer, { amount_reversed: 1_000, reversed: true });
  expect(await tell(double.event('transfer.reversed', transfer))).toBe(true);
  expect([(await balanceOf(current, page)).paidOut, await differences()]).toEqual(['0.00', []]);
  await expectCleanWallets(current.db);
});
