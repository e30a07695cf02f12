import { expect, test } from '@jest/globals';
import { eachTestServer } from '../support/server.ts';
import { micros } from '../support/world.ts';
import { newPage, sent, tipInput } from '../tips/http.ts';
import { answerWith, control, dispute, kindSums, refundedAtProvider, refundTopUp, tell, tellOfRefund, usd } from '../tips/refunds-support.ts';
import { expectCleanWallets, topUp } from './support.ts';

const server = eachTestServer({ environment: { TOP_UP_FEE: 'platform' } });

async function fanWith(amount: string) {
  const { token, personId } = await server.current.signUp();
  const { topUp: made } = await topUp(server.current, token, { amount });
  return { token, personId, topUpId: made.id as string };
}

test('a platform that bears the fee of top-ups loses nothing by any number of refunds', async () => {
  const { current } = server;
  const { token, personId, topUpId } = await fanWith('10000.00');
  const { refund, topUp: made } = await refundTopUp(current, token, topUpId);
  // 2.9 % and 0.30 stay with the provider.
  expect([refund.status, refund.amount.amount, made.status]).toEqual(['SUCCEEDED', '9709.70', 'REFUNDED']);
  for (const _ of [1, 2, 3]) {
    const { topUp: again } = await topUp(current, token, { amount: '10000.00' });
    expect((await refundTopUp(current, token, again.id)).errors).toEqual([]);
  }
  expect(await micros(current.db, personId, 'wallet')).toBe(0n);
  expect(await kindSums(current.db)).toEqual({ clearing: -1_161_200_000n, processor_fee: 1_161_200_000n });
  expect((await refundedAtProvider(current.db)).micros).toBe(38_838_800_000n);
  await expectCleanWallets(current.db);
});

test('parts of a top-up that go back one after the other withhold what the whole would', async () => {
  const { current } = server;
  const { token, personId, topUpId } = await fanWith('10.00');
  const page = await newPage(current);
  await sent(current, token, tipInput(page.id, { amount: usd('6.67') }));
  // 0.59 was borne: 0.19 of it for 3.33, then 0.40.
  expect((await refundTopUp(current, token, topUpId)).refund.amount.amount).toBe('3.14');
  await topUp(current, token, { amount: '20.00' });
  const { refund, topUp: made } = await refundTopUp(current, token, topUpId);
  expect([refund.amount.amount, made.status]).toEqual(['6.27', 'REFUNDED']);
  expect(await micros(current.db, personId, 'wallet')).toBe(13_330_000n);
  // That of the second top-up is borne still.
  expect((await kindSums(current.db)).platform_loss).toBe(-880_000n);
  await expectCleanWallets(current.db);
});

test('too little to send anything once the fee is withheld is refused, with what is short', async () => {
  const { current } = server;
  const { token, topUpId } = await fanWith('0.50');
  const page = await newPage(current);
  await sent(current, token, tipInput(page.id, { amount: usd('0.49') }));
  // 0.32 of the 0.50 was borne: of 0.01 nothing is withheld, of 0.50 all of that.
  expect((await refundTopUp(current, token, topUpId)).refund.amount.amount).toBe('0.01');
  const { refund, errors } = await refundTopUp(current, token, topUpId);
  expect([refund, errors[0].code, errors[0].balance.amount, errors[0].shortfall.amount]).toEqual([null, 'INSUFFICIENT_FUNDS', '0.00', '0.02']);
  await expectCleanWallets(current.db);
});

test.each(['declines', 'sends back'])('what a provider %s is in the wallet again whole', async (way) => {
  const { current } = server;
  const { token, personId, topUpId } = await fanWith('10.00');
  if (way === 'declines') answerWith(current, () => ({ createRefund: async () => ({ status: 'DECLINED', code: 'expired_card', message: 'Closed.', retryable: false }) }));
  const { refund } = await refundTopUp(current, token, topUpId);
  if (way === 'sends back') {
    expect((await kindSums(current.db)).platform_loss).toBeUndefined();
    await control(current, 'return-refund', { key: refund.id });
    await tellOfRefund(current, refund.id);
  }
  expect([await micros(current.db, personId, 'wallet'), (await kindSums(current.db)).platform_loss]).toEqual([10_000_000n, -590_000n]);
  await expectCleanWallets(current.db);
});

test('a refund that a bank sends back after the rest was disputed makes good the loss, and what was withheld is borne again', async () => {
  const { current } = server;
  const { token, personId, topUpId } = await fanWith('10.00');
  const { refund } = await refundTopUp(current, token, topUpId);
  expect(refund.amount.amount).toBe('9.41');
  // The bank disputes the 0.59 that did not go back.
  await tell(current, await dispute(current, topUpId));
  await control(current, 'return-refund', { key: refund.id });
  await tellOfRefund(current, refund.id);
  expect(await micros(current.db, personId, 'wallet')).toBe(9_410_000n);
  expect((await kindSums(current.db)).platform_loss).toBe(-590_000n - 15_000_000n);
  await expectCleanWallets(current.db);
});
