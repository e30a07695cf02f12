import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { compareTotals, differencesOf, lastDays } from '../../src/payments/room.ts';
import { eachTestServer } from '../support/server.ts';
import { micros } from '../support/world.ts';
import { newFan, newPage, sent, tipInput, type HttpPage } from './http.ts';
import { expectCleanTips } from './support.ts';
import { cardTip, control, kindSums, refundTip, tell, usd } from './refunds-support.ts';

const server = eachTestServer({ environment: { PAYOUT_HOLD_DAYS: '0' } });

/** Gives a page a place to be paid to that needs no proof. */
async function addDestination(page: HttpPage, token: string): Promise<void> {
  const operation = 'mutation ($input: AddPayoutDestinationInput!) { addPayoutDestination(input: $input) { destination { isVerified } errors { message } } }';
  const { data } = await server.current.graphql(operation, { input: { provider: 'SANDBOX', token } }, page.token);
  expect(data.addPayoutDestination).toEqual({ destination: { isVerified: true }, errors: [] });
}

async function requestPayout(page: HttpPage, amount: string): Promise<string> {
  const operation = 'mutation ($input: RequestPayoutInput!) { requestPayout(input: $input) { payout { status } errors { code } } }';
  const { data, errors } = await server.current.graphql(operation, { input: { amount: usd(amount), idempotencyKey: randomUUID() } }, page.token);
  if (errors) throw new Error(`requestPayout failed: ${JSON.stringify(errors)}`);
  return data.requestPayout.payout?.status ?? data.requestPayout.errors[0].code;
}

async function expectAgreement(): Promise<void> {
  expect(differencesOf((await compareTotals(server.current.services, lastDays(new Date(), 1))).compared)).toEqual([]);
}

test('refunds and payouts that race for the same earnings take them once', async () => {
  const { current } = server;
  const [page, fan] = [await newPage(current), await newFan(current)];
  await addDestination(page, 'ba_sandbox_slow');
  const tips: string[] = [];
  for (let index = 0; index < 8; index++) tips.push((await sent(current, fan.token, tipInput(page.id, { amount: usd('1') }))).id);
  // 7.60 earned: each refund costs 0.95, each payout 2.00.
  const answers = await Promise.all([
    ...tips.map(async (id) => (await refundTip(current, page.token, id)).refund?.status ?? 'SHORT'),
    ...Array.from({ length: 6 }, () => requestPayout(page, '2')),
  ]);
  const refunds = BigInt(answers.filter((answer) => answer === 'SUCCEEDED').length);
  const payouts = BigInt(answers.filter((answer) => answer === 'PENDING').length);
  const earned = await micros(current.db, page.uuid, 'earnings');
  expect(earned).toBe(7_600_000n - refunds * 950_000n - payouts * 2_000_000n);
  // Nothing was refused that would still have fitted.
  expect(earned < 2_000_000n).toBe(true);
  expect(await micros(current.db, fan.personId, 'wallet')).toBe(92_000_000n + refunds * 1_000_000n);
  await expectCleanTips(current.db);
  await expectAgreement();
});

test('a refund, a dispute and a payout of one tip race, and somebody bears every cent', async () => {
  const { current } = server;
  const other = await server.another({ environment: { PAYOUT_HOLD_DAYS: '0' } });
  const [page, fan] = [await newPage(current), await newFan(current)];
  await addDestination(page, 'ba_sandbox_slow');
  const tips = [];
  for (let index = 0; index < 5; index++) tips.push(await cardTip(current, fan, page, '5'));
  await Promise.all(tips.flatMap((tip, index) => [
    refundTip(index % 2 ? current : other, page.token, tip.id, '2.50'),
    requestPayout(page, '4.30'),
    control<string | null>(current, 'dispute', { key: tip.id }).then(async (id) => void (id && (await Promise.all([tell(current, id), tell(other, id)])))),
  ]));
  await expectCleanTips(current.db);
  const sums = await kindSums(current.db);
  // All that is left anywhere sums to nothing, and what a page owes it owes since it was paid out before.
  expect(Object.values(sums).reduce((all, one) => all + one, 0n)).toBe(0n);
  expect((await micros(current.db, page.uuid, 'earnings')) === 0n || (await micros(current.db, page.uuid, 'debt')) === 0n).toBe(true);
  const [settled] = await current.db.query<{ open: number }>(`SELECT count(*)::int AS open FROM refund WHERE status = 'PENDING'`);
  expect(settled).toEqual({ open: 0 });
  await expectAgreement();
});
