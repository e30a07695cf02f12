import { describe, expect, test } from '@jest/globals';
import { reconcile } from '../../src/payments/room.ts';
import { eachTestServer } from '../support/server.ts';
import { newFan, newPage, sent, tipInput } from './http.ts';
import { expectCleanTips } from './support.ts';
import {
  answerWith, cardTip, carryOut, control, dispute, kindSums, refundedAtProvider, refundTip, spendEarnings, standing, tell, tellOfRefund, usd,
} from './refunds-support.ts';

const server = eachTestServer();

/** A page with 9.50 earned from a wallet, and a tip of 5.00 by card: 0.25 to the platform, 0.45 to the processor, 4.30 to the page. */
async function scene() {
  const { current } = server;
  const [page, fan] = [await newPage(current), await newFan(current)];
  await sent(current, fan.token, tipInput(page.id, { amount: usd('10') }));
  const tip = await cardTip(current, fan, page, '5');
  expect([tip.status, await standing(current.db, page)]).toEqual(['SUCCEEDED', { earnings: 13_800_000n, debt: 0n, platformFee: 750_000n }]);
  return { current, page, fan, tip };
}

async function shown(tipId: string, token: string): Promise<any> {
  const { data } = await server.current.graphql('query ($id: ID!) { node(id: $id) { ... on Tip { status refunds { status amount { amount } } } } }', { id: tipId }, token);
  return [data.node.status, data.node.refunds.map((refund: any) => [refund.status, refund.amount.amount])];
}

const later = () => server.another({ clock: { now: () => new Date(Date.now() + 120_000) } });

describe('a tip by card', () => {
  test('goes back to the card in parts; the platform returns its fee, the processor keeps its own', async () => {
    const { current, page, tip } = await scene();
    const rows = [];
    for (const amount of ['1.23', '0.01', null]) {
      const { refund, tip: now, errors } = await refundTip(current, page.token, tip.id, amount);
      expect(errors).toEqual([]);
      const { earnings, platformFee } = await standing(current.db, page);
      rows.push([refund.amount.amount, refund.status, now.status, earnings, platformFee]);
    }
    expect(rows).toEqual([
      // 1.23 less its fee of 0.0615 leaves the page; at the end it gave 5.00 − 0.25 for the 4.30 that it got.
      ['1.23', 'SUCCEEDED', 'PARTIALLY_REFUNDED', 12_631_500n, 688_500n],
      ['0.01', 'SUCCEEDED', 'PARTIALLY_REFUNDED', 12_622_000n, 688_000n],
      ['3.76', 'SUCCEEDED', 'REFUNDED', 9_050_000n, 500_000n],
    ]);
    expect(await refundedAtProvider(current.db)).toEqual({ refunds: 3, micros: 5_000_000n });
    const sums = await kindSums(current.db);
    // The whole charge is back with the card, and the provider keeps its fee of it all the same.
    expect([sums.clearing, sums.processor_fee, sums.reserved]).toEqual([undefined, 450_000n, undefined]);
    await expectCleanTips(current.db);
  });

  test.each([
    ['a part of a cent', '1.005', 'INVALID_INPUT'],
    ['more than was paid', '5.01', 'REFUND_EXCEEDS_CHARGE'],
  ])('does not give back %s', async (_, amount, code) => {
    const { current, page, tip } = await scene();
    expect((await refundTip(current, page.token, tip.id, amount)).errors).toEqual([expect.objectContaining({ code, path: ['input', 'amount', 'amount'] })]);
    expect((await refundedAtProvider(current.db)).refunds).toBe(0);
    await expectCleanTips(current.db);
  });

  test('that is not paid yet cannot be refunded', async () => {
    const { current, page, fan } = await scene();
    const waiting = await cardTip(current, fan, page, '5', { paymentMethodId: 'pm_sandbox_action' });
    expect(waiting.status).toBe('ACTION_REQUIRED');
    expect((await refundTip(current, page.token, waiting.id)).errors).toEqual([expect.objectContaining({ code: 'INVALID_STATE' })]);
    await expectCleanTips(current.db);
  });

  test('leaves the totals only when the money has left', async () => {
    const { current, page, tip } = await scene();
    const total = async () => (await current.db.query<{ micros: bigint; tips: bigint }>('SELECT tips_total_micros AS micros, tip_count AS tips FROM creator_day'))[0];
    answerWith(current, () => ({ createRefund: async () => ({ status: 'PENDING' }) }));
    const { refund, tip: pending } = await refundTip(current, page.token, tip.id, '2');
    expect([refund.status, pending.status, await total()]).toEqual(['PENDING', 'SUCCEEDED', { micros: 15_000_000n, tips: 2n }]);
    // What waits for the provider cannot be promised again.
    expect((await refundTip(current, page.token, tip.id, '3.01')).errors).toEqual([expect.objectContaining({ code: 'REFUND_EXCEEDS_CHARGE' })]);
    await expectCleanTips(current.db);
    const other = await server.another();
    await carryOut(other, refund.id);
    expect(await shown(tip.id, page.token)).toEqual(['PARTIALLY_REFUNDED', [['SUCCEEDED', '2.00']]]);
    expect(await total()).toEqual({ micros: 13_000_000n, tips: 2n });
    await expectCleanTips(current.db);
  });
});

describe('a provider', () => {
  test('that declines a refund gives the page its money again, debt first', async () => {
    const { current, page, fan, tip } = await scene();
    await spendEarnings(current.db, page, 4_750_000n);
    answerWith(current, () => ({ createRefund: async () => ({ status: 'PENDING' }) }));
    const { refund } = await refundTip(current, page.token, tip.id);
    expect((await standing(current.db, page)).earnings).toBe(0n);
    // While the refund waits, another tip is disputed: the page has nothing, so it owes.
    const lost = await newFan(current);
    const disputed = await cardTip(current, lost, page, '5');
    await spendEarnings(current.db, page, 0n);
    expect(await tell(current, await dispute(current, disputed.id))).toBe(1);
    expect(await standing(current.db, page)).toMatchObject({ earnings: 0n, debt: -4_750_000n });

    await tellOfRefund(current, refund.id, { status: 'DECLINED', code: 'card_closed', message: 'The card is closed.', retryable: false });
    expect(await standing(current.db, page)).toMatchObject({ earnings: 0n, debt: 0n });
    expect(await shown(tip.id, fan.token)).toEqual(['SUCCEEDED', [['FAILED', '5.00']]]);
    await expectCleanTips(current.db);
  });

  test('that refunds and never answers leaves it pending, and the reconciler finishes it once', async () => {
    const { current, page, fan, tip } = await scene();
    answerWith(current, (sandbox) => ({
      createRefund: async (request) => (await sandbox.createRefund(request), Promise.reject(new Error('the line went dead'))),
    }));
    expect((await refundTip(current, page.token, tip.id, '2', { idempotencyKey: 'k' })).refund.status).toBe('PENDING');
    expect(await shown(tip.id, fan.token)).toEqual(['SUCCEEDED', [['PENDING', '2.00']]]);
    const [one, two] = [await later(), await later()];
    await Promise.all([reconcile(one.services), reconcile(two.services), refundTip(one, page.token, tip.id, '2', { idempotencyKey: 'k' })]);
    expect(await shown(tip.id, fan.token)).toEqual(['PARTIALLY_REFUNDED', [['SUCCEEDED', '2.00']]]);
    expect(await refundedAtProvider(current.db)).toEqual({ refunds: 1, micros: 2_000_000n });
    await expectCleanTips(current.db);
  });

  test('whose refund the bank sends back later gives it to the page again, and to the totals', async () => {
    const { current, page, fan, tip } = await scene();
    const { refund } = await refundTip(current, page.token, tip.id);
    await control(current, 'return-refund', { key: refund.id });
    await tellOfRefund(current, refund.id);
    expect(await shown(tip.id, fan.token)).toEqual(['SUCCEEDED', [['FAILED', '5.00']]]);
    expect(await standing(current.db, page)).toEqual({ earnings: 13_800_000n, debt: 0n, platformFee: 750_000n });
    const days = await current.db.query('SELECT tips_total_micros AS micros, tip_count AS tips FROM creator_day');
    expect(days).toEqual([{ micros: 15_000_000n, tips: 2n }]);
    // It may be tried again, under another key.
    expect((await refundTip(current, page.token, tip.id)).refund.status).toBe('SUCCEEDED');
    await expectCleanTips(current.db);
  });
});

test('refunds of one card that race, with one key and with many, never send back more than was paid', async () => {
  const { current, page, fan, tip } = await scene();
  const other = await server.another();
  const payloads = await Promise.all(Array.from({ length: 24 }, (_, index) =>
    refundTip(index % 2 ? current : other, page.token, tip.id, '0.80', index % 3 === 0 ? { idempotencyKey: 'k' } : {})));
  const refunds = new Set(payloads.filter((payload) => payload.refund !== null).map((payload) => payload.refund.id));
  expect(refunds.size).toBe(6);
  expect((await shown(tip.id, fan.token))[0]).toBe('PARTIALLY_REFUNDED');
  expect(await refundedAtProvider(current.db)).toEqual({ refunds: 6, micros: 4_800_000n });
  await expectCleanTips(current.db);
});
