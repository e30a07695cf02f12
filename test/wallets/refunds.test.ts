import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { reconcile } from '../../src/payments/room.ts';
import { eachTestServer } from '../support/server.ts';
import { micros } from '../support/world.ts';
import { newPage, sent, tipInput } from '../tips/http.ts';
import { answerWith, control, kindSums, refundedAtProvider, refundTopUp, refundTopUpOperation, tellOfRefund, usd } from '../tips/refunds-support.ts';
import { expectCleanWallets, topUp } from './support.ts';

const server = eachTestServer();

/** Somebody with one top-up of so many dollars. */
async function fanWith(amount: string) {
  const { token, personId } = await server.current.signUp();
  const { topUp: made } = await topUp(server.current, token, { amount });
  return { token, personId, topUpId: made.id as string };
}

async function spend(token: string, amount: string): Promise<void> {
  const page = await newPage(server.current);
  await sent(server.current, token, tipInput(page.id, { amount: usd(amount) }));
}

const later = () => server.another({ clock: { now: () => new Date(Date.now() + 120_000) } });
const muchLater = () => server.another({ clock: { now: () => new Date(Date.now() + 3 * 3_600_000) } });

describe('what is left of a top-up', () => {
  test('goes back to its card, and the fee of the card does not', async () => {
    const { token, personId, topUpId } = await fanWith('10.00');
    const { refund, topUp: now, tip, errors } = await refundTopUp(server.current, token, topUpId);
    expect([refund.status, refund.amount, refund.reason, now, tip, errors]).toEqual([
      'SUCCEEDED', { amount: '10.00', currency: 'USD' }, null, { id: topUpId, status: 'REFUNDED', amount: { amount: '10.00' } }, null, [],
    ]);
    expect(await micros(server.current.db, personId, 'wallet')).toBe(0n);
    // The card was charged 10.61, of which the provider keeps its fee.
    expect(await kindSums(server.current.db)).toEqual({ clearing: -610_000n, processor_fee: 610_000n });
    expect(await refundedAtProvider(server.current.db)).toEqual({ refunds: 1, micros: 10_000_000n });
    await expectCleanWallets(server.current.db);
  });

  test.each([
    // top-up, spent, goes back, then the wallet has, the top-up is
    ['10.00', '3', '7.00', 0n, 'PARTIALLY_REFUNDED'],
    ['10.00', '3.005', '6.99', 5_000n, 'PARTIALLY_REFUNDED'],
    ['10.00', '9.99', '0.01', 0n, 'PARTIALLY_REFUNDED'],
  ])('of %s, when %s was spent, is %s in whole cents', async (amount, spent, goesBack, left, status) => {
    const { token, personId, topUpId } = await fanWith(amount);
    await spend(token, spent);
    const { refund, topUp: now, errors } = await refundTopUp(server.current, token, topUpId);
    expect([refund.amount.amount, now.status, errors]).toEqual([goesBack, status, []]);
    expect(await micros(server.current.db, personId, 'wallet')).toBe(left);
    await expectCleanWallets(server.current.db);
  });

  test('is at most the top-up, however much the wallet has, and nothing once all of it went back', async () => {
    const { token, personId, topUpId } = await fanWith('10.00');
    await topUp(server.current, token, { amount: '20.00' });
    expect((await refundTopUp(server.current, token, topUpId)).refund.amount.amount).toBe('10.00');
    expect(await micros(server.current.db, personId, 'wallet')).toBe(20_000_000n);
    const { refund, errors } = await refundTopUp(server.current, token, topUpId);
    expect([refund, errors]).toEqual([null, [expect.objectContaining({ code: 'REFUND_EXCEEDS_CHARGE', path: ['input', 'topUpId'] })]]);
    await expectCleanWallets(server.current.db);
  });

  test('that was short may go back later, when the wallet has it', async () => {
    const { token, personId, topUpId } = await fanWith('10.00');
    await spend(token, '9.995');
    const { refund, errors } = await refundTopUp(server.current, token, topUpId);
    expect([refund, errors]).toEqual([null, [expect.objectContaining({
      __typename: 'InsufficientFunds', code: 'INSUFFICIENT_FUNDS', balance: { amount: '0.005' }, shortfall: { amount: '0.005' },
    })]]);
    await topUp(server.current, token, { amount: '4.00' });
    expect((await refundTopUp(server.current, token, topUpId)).refund.amount.amount).toBe('4.00');
    expect(await micros(server.current.db, personId, 'wallet')).toBe(5_000n);
    await expectCleanWallets(server.current.db);
  });

  test('stands in the wallet\'s statement and leads to the refund', async () => {
    const { token, topUpId } = await fanWith('10.00');
    const { refund } = await refundTopUp(server.current, token, topUpId);
    const { data } = await server.current.graphql('{ viewer { wallets { entries(first: 1) { nodes { kind description amount { amount } cause { __typename id } } } } } }', {}, token);
    expect(data.viewer.wallets[0].entries.nodes).toEqual([
      { kind: 'TOP_UP_REFUND', description: 'Top-up refunded', amount: { amount: '-10.00' }, cause: { __typename: 'Refund', id: refund.id } },
    ]);
  });
});

describe('a refund of a top-up is refused', () => {
  test('of somebody else\'s, of none, and to nobody', async () => {
    const { topUpId } = await fanWith('10.00');
    const stranger = await server.current.signUp();
    const codes = async (id: string) => (await refundTopUp(server.current, stranger.token, id)).errors.map((error: any) => error.code);
    expect([await codes(topUpId), await codes('top_01h455vb4pex5vsknk084sn02q'), await codes('tip_01h455vb4pex5vsknk084sn02q')]).toEqual([['NOT_FOUND'], ['NOT_FOUND'], ['NOT_FOUND']]);
    const { errors } = await server.current.graphql(refundTopUpOperation, { input: { topUpId, idempotencyKey: randomUUID() } });
    expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    await expectCleanWallets(server.current.db);
  });

  test('of one that failed', async () => {
    const { token } = await server.current.signUp();
    const { topUp: failed } = await topUp(server.current, token, { paymentMethodId: 'pm_sandbox_declined' });
    expect((await refundTopUp(server.current, token, failed.id)).errors).toEqual([expect.objectContaining({ code: 'INVALID_STATE' })]);
    await expectCleanWallets(server.current.db);
  });

  test('of a frozen account', async () => {
    const { token, personId, topUpId } = await fanWith('10.00');
    await server.current.db.query('UPDATE person SET frozen_at = now() WHERE id = $1', [personId]);
    expect((await refundTopUp(server.current, token, topUpId)).errors).toEqual([expect.objectContaining({ code: 'ACCOUNT_FROZEN' })]);
    await expectCleanWallets(server.current.db);
  });
});

describe('a refund of a top-up that races', () => {
  test('with itself under one key is one refund', async () => {
    const other = await server.another();
    const { token, topUpId } = await fanWith('10.00');
    const payloads = await Promise.all(Array.from({ length: 30 }, (_, index) => refundTopUp(index % 2 ? server.current : other, token, topUpId, 'k')));
    expect(new Set(payloads.map((payload) => JSON.stringify([payload.refund.id, payload.errors]))).size).toBe(1);
    expect((await refundTopUp(server.current, token, topUpId, 'k')).refund.status).toBe('SUCCEEDED');
    expect(await refundedAtProvider(server.current.db)).toEqual({ refunds: 1, micros: 10_000_000n });
    await expectCleanWallets(server.current.db);
  });

  test('with others and with tips takes each cent once', async () => {
    const other = await server.another();
    const { token, personId, topUpId } = await fanWith('10.00');
    const page = await newPage(server.current);
    const work = Array.from({ length: 24 }, (_, index) => (index % 3 === 0
      ? refundTopUp(index % 2 ? server.current : other, token, topUpId)
      : server.current.graphql('mutation ($input: SendTipInput!) { sendTip(input: $input) { tip { id } errors { code } } }', { input: tipInput(page.id, { amount: usd('1') }) }, token)));
    const answers = await Promise.all(work);
    const tipped = answers.filter((answer: any) => answer.data?.sendTip?.tip).length;
    const wallet = await micros(server.current.db, personId, 'wallet');
    expect((await refundedAtProvider(server.current.db)).micros + wallet + BigInt(tipped) * 1_000_000n).toBe(10_000_000n);
    await expectCleanWallets(server.current.db);
  });
});

describe('a provider', () => {
  test('that declines a refund leaves the money in the wallet, and the key answers that', async () => {
    answerWith(server.current, () => ({ createRefund: async () => ({ status: 'DECLINED', code: 'expired_or_canceled_card', message: 'The card is closed.', retryable: false }) }));
    const { token, personId, topUpId } = await fanWith('10.00');
    for (const _ of [1, 2]) {
      const { refund, topUp: now, errors } = await refundTopUp(server.current, token, topUpId, 'k');
      expect([refund.status, now.status, errors]).toEqual(['FAILED', 'SUCCEEDED', [expect.objectContaining({ __typename: 'PaymentDeclined', declineCode: 'expired_or_canceled_card', retryable: false })]]);
    }
    expect(await micros(server.current.db, personId, 'wallet')).toBe(10_000_000n);
    const { data } = await server.current.graphql('{ viewer { wallets { entries { nodes { kind amount { amount } } } } } }', {}, token);
    expect(data.viewer.wallets[0].entries.nodes.map((entry: any) => [entry.kind, entry.amount.amount])).toEqual([
      ['TOP_UP_REFUND_RETURN', '10.00'], ['TOP_UP_REFUND', '-10.00'], ['TOP_UP', '10.00'],
    ]);
    await expectCleanWallets(server.current.db);
  });

  test('that refunds and never answers leaves it pending, and the reconciler finishes it once', async () => {
    answerWith(server.current, (sandbox) => ({
      createRefund: async (request) => (await sandbox.createRefund(request), Promise.reject(new Error('the line went dead'))),
      readRefund: async () => ({ status: 'PENDING' }),
    }));
    const { token, personId, topUpId } = await fanWith('10.00');
    const { refund, topUp: pending, errors } = await refundTopUp(server.current, token, topUpId, 'k');
    expect([refund.status, pending.status, errors]).toEqual(['PENDING', 'SUCCEEDED', []]);
    expect(await kindSums(server.current.db)).toMatchObject({ reserved: 10_000_000n });
    expect(await micros(server.current.db, personId, 'wallet')).toBe(0n);
    await expectCleanWallets(server.current.db);
    const [one, two] = [await later(), await later()];
    await Promise.all([reconcile(one.services), reconcile(two.services)]);
    expect((await refundTopUp(one, token, topUpId, 'k'))).toMatchObject({ refund: { status: 'SUCCEEDED' }, topUp: { status: 'REFUNDED' } });
    expect(await refundedAtProvider(server.current.db)).toEqual({ refunds: 1, micros: 10_000_000n });
    await expectCleanWallets(server.current.db);
  });

  test('that never heard of a refund gets no second try, and the money is in the wallet again', async () => {
    answerWith(server.current, () => ({ createRefund: async () => Promise.reject(new Error('no route')), readRefund: async () => Promise.reject(new Error('no route')) }));
    const { token, personId, topUpId } = await fanWith('10.00');
    expect((await refundTopUp(server.current, token, topUpId, 'k')).refund.status).toBe('PENDING');
    await reconcile((await later()).services);
    expect(await micros(server.current.db, personId, 'wallet')).toBe(0n);
    const last = await muchLater();
    await reconcile(last.services);
    expect((await refundTopUp(last, token, topUpId, 'k'))).toMatchObject({ refund: { status: 'FAILED' }, errors: [{ declineCode: 'not_attempted' }] });
    expect(await micros(server.current.db, personId, 'wallet')).toBe(10_000_000n);
    expect((await refundedAtProvider(server.current.db)).refunds).toBe(0);
    await expectCleanWallets(server.current.db);
  });

  test('whose refund the bank sends back later gives it to the wallet again', async () => {
    const { token, personId, topUpId } = await fanWith('10.00');
    const { refund } = await refundTopUp(server.current, token, topUpId, 'k');
    await control(server.current, 'return-refund', { key: refund.id });
    await tellOfRefund(server.current, refund.id);
    expect((await refundTopUp(server.current, token, topUpId, 'k'))).toMatchObject({ refund: { status: 'FAILED' }, topUp: { status: 'SUCCEEDED' } });
    expect(await micros(server.current.db, personId, 'wallet')).toBe(10_000_000n);
    expect(await kindSums(server.current.db)).toEqual({ clearing: -10_610_000n, processor_fee: 610_000n, wallet: 10_000_000n });
    await expectCleanWallets(server.current.db);
  });
});
