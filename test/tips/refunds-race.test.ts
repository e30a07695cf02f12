import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { feeOf } from '../../src/money/room.ts';
import { eachTestServer } from '../support/server.ts';
import { micros } from '../support/world.ts';
import { newFan, newPage, sent, tipInput } from './http.ts';
import { expectCleanTips } from './support.ts';
import { refundTip, spendEarnings, standing, usd } from './refunds-support.ts';

const server = eachTestServer();

test('one key raced through two processes is one refund and one answer', async () => {
  const { current } = server;
  const other = await server.another();
  const [page, fan] = [await newPage(current), await newFan(current)];
  const { id } = await sent(current, fan.token, tipInput(page.id, { amount: usd('1') }));
  const payloads = await Promise.all(Array.from({ length: 40 }, (_, index) => refundTip(index % 2 ? current : other, page.token, id, '0.3', { idempotencyKey: 'k' })));
  expect(new Set(payloads.map((payload) => JSON.stringify(payload))).size).toBe(1);
  expect(payloads[0]).toMatchObject({ refund: { status: 'SUCCEEDED', amount: { amount: '0.30' } }, tip: { status: 'PARTIALLY_REFUNDED' }, errors: [] });
  const mismatch = await refundTip(current, page.token, id, '0.4', { idempotencyKey: 'k' });
  expect([mismatch.refund, mismatch.errors[0].code]).toEqual([null, 'IDEMPOTENCY_MISMATCH']);
  expect(await micros(current.db, fan.personId, 'wallet')).toBe(99_300_000n);
  await expectCleanTips(current.db);
});

test('refunds of one tip that race never give back more than was paid', async () => {
  const { current } = server;
  const other = await server.another();
  const [page, fan] = [await newPage(current), await newFan(current)];
  await sent(current, fan.token, tipInput(page.id, { amount: usd('9') }));
  const { id } = await sent(current, fan.token, tipInput(page.id, { amount: usd('1') }));
  const payloads = await Promise.all(Array.from({ length: 30 }, (_, index) => refundTip(index % 2 ? current : other, page.token, id, '0.15')));
  const refused = payloads.filter((payload) => payload.refund === null).map((payload) => payload.errors[0].code);
  expect([payloads.length - refused.length, new Set(refused)]).toEqual([6, new Set(['REFUND_EXCEEDS_CHARGE'])]);
  expect(await micros(current.db, fan.personId, 'wallet')).toBe(90_900_000n);
  await expectCleanTips(current.db);
});

test('refunds of many tips that race for short earnings take no more than there is', async () => {
  const { current } = server;
  const other = await server.another();
  const [page, fan] = [await newPage(current), await newFan(current)];
  const tips: string[] = [];
  for (let index = 0; index < 12; index++) tips.push((await sent(current, fan.token, tipInput(page.id, { amount: usd('1') }))).id);
  await spendEarnings(current.db, page, 4_000_000n);

  const payloads = await Promise.all(tips.map((id, index) => refundTip(index % 2 ? current : other, page.token, id)));
  expect(payloads.filter((payload) => payload.refund !== null).length).toBe(4);
  expect(new Set(payloads.flatMap((payload) => payload.errors.map((error: any) => error.code)))).toEqual(new Set(['INSUFFICIENT_FUNDS']));
  expect((await standing(current.db, page)).earnings).toBe(200_000n);
  await expectCleanTips(current.db);
});

test('tips and refunds in any order leave what a simple model says', async () => {
  const { current } = server;
  const amounts = fc.bigInt({ min: 1n, max: 3_000_000n });
  const steps = fc.array(fc.oneof(
    fc.record({ does: fc.constant('TIP' as const), amount: amounts }),
    fc.record({ does: fc.constant('REFUND' as const), of: fc.nat({ max: 20 }), amount: fc.option(amounts) }),
  ), { minLength: 4, maxLength: 14 });
  const text = (value: bigint) => `${value / 1_000_000n}.${String(value % 1_000_000n).padStart(6, '0')}`;
  await fc.assert(fc.asyncProperty(steps, async (wishes) => {
    const [page, fan] = [await newPage(current), await newFan(current)];
    const tips: { id: string; paid: bigint; left: bigint }[] = [];
    let [wallet, earnings] = [100_000_000n, 0n];
    for (const wish of wishes) {
      if (wish.does === 'TIP') {
        const { id } = await sent(current, fan.token, tipInput(page.id, { amount: usd(text(wish.amount)) }));
        tips.push({ id, paid: wish.amount, left: wish.amount });
        wallet -= wish.amount;
        earnings += wish.amount - feeOf(wish.amount, 500);
      } else if (tips.length > 0) {
        const tip = tips[wish.of % tips.length]!;
        const amount = wish.amount ?? tip.left;
        const given = amount - (feeOf(tip.left, 500) - feeOf(tip.left > amount ? tip.left - amount : 0n, 500));
        const expected = amount === 0n || amount > tip.left ? 'REFUND_EXCEEDS_CHARGE' : given > earnings ? 'INSUFFICIENT_FUNDS' : 'SUCCEEDED';
        const { refund, errors } = await refundTip(current, page.token, tip.id, wish.amount === null ? null : text(wish.amount));
        expect(refund?.status ?? errors[0].code).toBe(expected);
        if (expected !== 'SUCCEEDED') continue;
        tip.left -= amount;
        wallet += amount;
        earnings -= given;
      }
    }
    expect([await micros(current.db, fan.personId, 'wallet'), (await standing(current.db, page)).earnings]).toEqual([wallet, earnings]);
  }), { numRuns: 12 });
  await expectCleanTips(current.db);
});
