import { expect, test } from '@jest/globals';
import { createTier } from '../../src/creators/room.ts';
import { encodeId } from '../../src/api/room.ts';
import { TestClock, dayMs } from '../support/clock.ts';
import { eachTestServer, type TestServer } from '../support/server.ts';
import { fundWallet } from '../support/world.ts';
import { makePage } from '../payouts/support.ts';
import { readPdf, valueAfter } from './pdf.ts';
import { ask, bytesOf, expectCleanReceipts, open } from './support.ts';

const clock = new TestClock('2026-03-01T12:34:56Z');
const server = eachTestServer({ clock });

async function fanOf({ db, signUp }: TestServer, name = 'Ada') {
  const fan = await signUp({ name });
  await fundWallet(db, fan.personId, 100_000_000n);
  return fan;
}

const sendTip = `mutation ($input: SendTipInput!) { sendTip(input: $input) { tip { id receiptUrl } errors { message } } }`;

async function tipBy(token: string, creatorId: string, amount: string, more: object = {}) {
  const input = { creatorId: encodeId('cre', creatorId), amount: { amount, currency: 'USD' }, idempotencyKey: `k ${amount}`, ...more };
  return (await ask(server.current, sendTip, { input }, token)).sendTip.tip;
}

test('a tip\'s receipt holds the exact amount, whom it went to, and by whom', async () => {
  const { current } = server;
  const page = await makePage(current, { destination: null });
  const { token } = await fanOf(current);
  const tip = await tipBy(token, page.creatorId, '0.050001', { displayName: '=Zoë <b>(x)</b>' });
  expect(tip.receiptUrl).toMatch(new RegExp(`^http://[^/]+/receipts/${tip.id}\\.pdf\\?expires=\\d+&signature=[\\w-]+$`));
  const response = await open(current, tip.receiptUrl);
  expect([response.status, response.headers.get('content-type'), response.headers.get('content-disposition'), response.headers.get('cache-control')]).toEqual(
    [200, 'application/pdf', `attachment; filename="receipt-${tip.id}.pdf"`, 'private, no-store']);
  const pdf = readPdf(Buffer.from(await response.arrayBuffer()));
  expect(pdf.pages).toBe(1);
  expect(Object.fromEntries(['Receipt', 'Date', 'From', 'Paid from', 'Tip', 'Total'].map((label) => [label, valueAfter(pdf, label)]))).toEqual({
    Receipt: tip.id, Date: '2026-03-01 12:34:56 UTC', From: '=Zoë <b>(x)</b>', 'Paid from': 'Wallet', Tip: '0.050001 USD', Total: '0.050001 USD',
  });
  expect(valueAfter(pdf, 'To')).toMatch(/^A page \(@paid_\d+_\d+\)$/);
  expect(pdf.texts).not.toContain('Refunded since');
  await expectCleanReceipts(current.db);
});

test('a top-up\'s receipt shows what the card paid, and a subscription\'s its period', async () => {
  const { current } = server;
  const page = await makePage(current, { destination: null });
  const { token } = await current.signUp({ name: 'Ada' });
  const { topUpWallet } = await ask(current, `mutation ($input: TopUpWalletInput!) { topUpWallet(input: $input) { topUp { id receiptUrl } errors { message } } }`,
    { input: { amount: { amount: '10.00', currency: 'USD' }, paymentMethodId: 'pm_sandbox_ok', idempotencyKey: 'k' } }, token);
  const paid = readPdf(await bytesOf(current, topUpWallet.topUp.receiptUrl));
  expect(['Account of', 'Charged by', 'Added to the wallet', 'Card fee', 'Total'].map((label) => valueAfter(paid, label))).toEqual(['Ada', 'SANDBOX', '10.00 USD', '0.61 USD', '10.61 USD']);

  const { tier } = await createTier(current.services, page.personId, { name: 'Gold', price: { amount: '3.00', currency: 'USD' }, interval: 'MONTH' as never });
  const { subscribe } = await ask(current, `mutation ($input: SubscribeInput!) { subscribe(input: $input) { subscription { charges { nodes { id receiptUrl } } } errors { message } } }`,
    { input: { tierId: encodeId('tie', tier!.id), idempotencyKey: 'k' } }, token);
  expect(subscribe.errors).toEqual([]);
  const [charge] = subscribe.subscription.charges.nodes;
  const period = readPdf(await bytesOf(current, charge.receiptUrl));
  expect(['Receipt', 'From', 'Period', 'Total'].map((label) => valueAfter(period, label))).toEqual([charge.id, 'Ada', '2026-03-01 to 2026-04-01', '3.00 USD']);
  const seen = await ask(current, 'query ($id: ID!) { node(id: $id) { ... on Charge { amount { amount } receiptUrl } } }', { id: charge.id }, page.token);
  expect(seen.node).toEqual({ amount: { amount: '3.00' }, receiptUrl: null });
  await expectCleanReceipts(current.db);
});

test('only the sender is given the link to a tip\'s receipt', async () => {
  const { current } = server;
  const page = await makePage(current, { destination: null });
  const { token } = await fanOf(current);
  const tip = await tipBy(token, page.creatorId, '5.00');
  const read = 'query ($id: ID!) { node(id: $id) { ... on Tip { receiptUrl } } }';
  const stranger = await current.signUp();
  for (const other of [page.token, stranger.token, undefined]) {
    expect((await ask(current, read, { id: tip.id }, other)).node).toEqual({ receiptUrl: null });
  }
  expect((await ask(current, read, { id: tip.id }, token)).node.receiptUrl).toBe(tip.receiptUrl);
});

test('there is no receipt of what was not paid', async () => {
  const { current } = server;
  const { token } = await current.signUp();
  const { topUpWallet } = await ask(current, `mutation ($input: TopUpWalletInput!) { topUpWallet(input: $input) { topUp { status receiptUrl } } }`,
    { input: { amount: { amount: '10.00', currency: 'USD' }, paymentMethodId: 'pm_sandbox_declined', idempotencyKey: 'k' } }, token);
  expect(topUpWallet.topUp).toEqual({ status: 'FAILED', receiptUrl: null });
});

test('what went back since is on the receipt, exactly', async () => {
  const { current } = server;
  const page = await makePage(current, { destination: null });
  const { token } = await fanOf(current);
  const tip = await tipBy(token, page.creatorId, '5.00');
  const refund = `mutation ($input: RefundTipInput!) { refundTip(input: $input) { refund { status } errors { message } } }`;
  const input = { tipId: tip.id, amount: { amount: '1.234567', currency: 'USD' }, idempotencyKey: 'k' };
  expect((await ask(current, refund, { input }, page.token)).refundTip).toEqual({ refund: { status: 'SUCCEEDED' }, errors: [] });
  const pdf = readPdf(await bytesOf(current, tip.receiptUrl));
  expect([valueAfter(pdf, 'Total'), valueAfter(pdf, 'Refunded since')]).toEqual(['5.00 USD', '1.234567 USD']);
  await expectCleanReceipts(current.db);
});

test('a link that was changed or is too old, and one to nothing, are refused', async () => {
  const { current } = server;
  const page = await makePage(current, { destination: null });
  const { token } = await fanOf(current);
  const { receiptUrl } = await tipBy(token, page.creatorId, '5.00');
  const another = await tipBy(token, page.creatorId, '6.00');
  const changed = receiptUrl.replace(/tip_\w+/, another.id);
  expect([(await open(current, changed)).status, (await open(current, receiptUrl.replace(/\?.*/, ''))).status]).toEqual([403, 403]);
  expect((await open(current, `${receiptUrl}&signature=x`)).status).toBe(403);
  clock.pass(2 * dayMs);
  const late = await open(current, receiptUrl);
  expect([late.status, ((await late.json()) as any).errors[0].extensions.code]).toEqual([410, 'FORBIDDEN']);
  clock.pass(-2 * dayMs);
  expect((await open(current, receiptUrl)).status).toBe(200);
});
