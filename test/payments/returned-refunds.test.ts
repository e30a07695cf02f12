import { describe, expect, test } from '@jest/globals';
import type { DisputeState } from '../../src/payments/room.ts';
import { eachTestServer } from '../support/server.ts';
import { micros } from '../support/world.ts';
import { newFan, newPage, sent, tipInput } from '../tips/http.ts';
import { answerWith, cardTip, carryOut, control, dispute, kindSums, refundTip, refundTopUp, standing, tell, tellOfRefund, usd } from '../tips/refunds-support.ts';
import { expectCleanWallets, topUp } from '../wallets/support.ts';

const server = eachTestServer();
const fee = 15_000_000n;

async function close(id: string, status: 'WON' | 'LOST'): Promise<void> {
  await control(server.current, 'close-dispute', { disputeId: id, status });
  await tell(server.current, id);
}

async function totals(): Promise<bigint> {
  const [row] = await server.current.db.query<{ micros: bigint }>('SELECT sum(tips_total_micros)::bigint AS micros FROM creator_day');
  return row!.micros;
}

async function isFrozen(personId: string): Promise<boolean> {
  const [person] = await server.current.db.query<{ frozen: boolean }>('SELECT frozen_at IS NOT NULL AS frozen FROM person WHERE id = $1', [personId]);
  return person!.frozen;
}

/** Has refunds wait for an answer that does not come, as while a provider is slow. */
function providerIsSlow(): void {
  answerWith(server.current, () => ({ createRefund: async () => ({ status: 'PENDING' }) }));
}

describe('a refund of a tip that was on its way when all of it was disputed, and then failed', () => {
  /** A page that earned 47.50 besides, and a tip of 5.00 by card, of which 3.00 are on their way back. */
  async function disputedTip() {
    const { current } = server;
    const [page, fan] = [await newPage(current), await newFan(current)];
    await sent(current, fan.token, tipInput(page.id, { amount: usd('50') }));
    const before = await standing(current.db, page);
    const tip = await cardTip(current, fan, page, '5');
    const paid = await standing(current.db, page);
    providerIsSlow();
    const { refund } = await refundTip(current, page.token, tip.id, '3');
    const id = await dispute(current, tip.id);
    await tell(current, id);
    await carryOut(await server.another(), refund.id);
    return { page, id, before, paid };
  }

  test('leaves the dispute with the whole fee and the whole tip', async () => {
    const { page, id, before, paid } = await disputedTip();
    const disputed = await standing(server.current.db, page);
    expect([disputed.platformFee, disputed.debt, paid.earnings - disputed.earnings]).toEqual([before.platformFee, 0n, 4_750_000n]);
    expect(await totals()).toBe(50_000_000n);
    await expectCleanWallets(server.current.db);
    await close(id, 'LOST');
    expect([await standing(server.current.db, page), await totals()]).toEqual([disputed, 50_000_000n]);
    await expectCleanWallets(server.current.db);
  });

  test('comes back whole when the dispute is won', async () => {
    const { page, id, paid } = await disputedTip();
    await close(id, 'WON');
    expect([await standing(server.current.db, page), await totals()]).toEqual([paid, 55_000_000n]);
    await expectCleanWallets(server.current.db);
  });
});

test('a refund of a tip that a bank sends back after the rest was disputed leaves that dispute as it was', async () => {
  const { current } = server;
  const [page, fan] = [await newPage(current), await newFan(current)];
  await sent(current, fan.token, tipInput(page.id, { amount: usd('50') }));
  const before = await standing(current.db, page);
  const tip = await cardTip(current, fan, page, '5');
  const { refund } = await refundTip(current, page.token, tip.id, '3');
  const id = await dispute(current, tip.id);
  await tell(current, id);
  await control(current, 'return-refund', { key: refund.id });
  await tellOfRefund(current, refund.id);
  await close(id, 'LOST');
  // 3.00 of the tip stand, with the fee of those.
  expect([(await standing(current.db, page)).platformFee - before.platformFee, await totals()]).toEqual([150_000n, 53_000_000n]);
  await expectCleanWallets(current.db);
});

describe('a refund of a top-up that was on its way when it was disputed, and then failed', () => {
  async function disputedTopUp() {
    const { current } = server;
    const { token, personId } = await current.signUp();
    const { topUp: made } = await topUp(current, token, { amount: '10.00' });
    providerIsSlow();
    const { refund } = await refundTopUp(current, token, made.id);
    const id = await dispute(current, made.id);
    await tell(current, id);
    expect((await kindSums(current.db)).platform_loss).toBe(-10_610_000n - fee);
    return { personId, id, refund, fails: async () => carryOut(await server.another(), refund.id) };
  }

  test.each([['before', false], ['after', true]])('makes good what the platform lost, %s the dispute was lost', async (_, isLate) => {
    const { current } = server;
    const { personId, id, fails } = await disputedTopUp();
    if (isLate) await close(id, 'LOST');
    await fails();
    if (!isLate) await close(id, 'LOST');
    expect([await micros(current.db, personId, 'wallet'), (await kindSums(current.db)).platform_loss]).toEqual([0n, -610_000n - fee]);
    // The fee of the charge is lost still.
    expect(await isFrozen(personId)).toBe(true);
    await expectCleanWallets(current.db);
  });

  test('is in the wallet once the dispute is won', async () => {
    const { current } = server;
    const { personId, id, fails } = await disputedTopUp();
    await fails();
    await close(id, 'WON');
    expect([await micros(current.db, personId, 'wallet'), (await kindSums(current.db)).platform_loss]).toEqual([10_000_000n, -fee]);
    expect(await isFrozen(personId)).toBe(false);
    await expectCleanWallets(current.db);
  });
});

test('a dispute that is won frees no account that was frozen by hand after an earlier one', async () => {
  const { current } = server;
  const { token, personId } = await current.signUp();
  const [one, two] = [(await topUp(current, token)).topUp, (await topUp(current, token)).topUp];
  const first = await dispute(current, one.id);
  await tell(current, first);
  await close(first, 'WON');
  expect(await isFrozen(personId)).toBe(false);
  await current.db.query('UPDATE person SET frozen_at = now() WHERE id = $1', [personId]);
  const second = await dispute(current, two.id);
  await tell(current, second);
  await close(second, 'WON');
  expect(await isFrozen(personId)).toBe(true);
  await expectCleanWallets(current.db);
});

test.each(['tip', 'top-up'])('a dispute in another currency than its %s is not booked, but told again', async (kind) => {
  const { current } = server;
  const [page, fan] = [await newPage(current), await newFan(current)];
  const paid = kind === 'tip' ? await cardTip(current, fan, page, '5') : (await topUp(current, fan.token)).topUp;
  const before = await kindSums(current.db);
  const id = await dispute(current, paid.id);
  answerWith(current, (sandbox) => ({
    readDispute: async (one) => ({ ...((await sandbox.readDispute(one)) as DisputeState), amountMicros: 780_000_000n, currency: 'JPY' }),
  }));
  await expect(tell(current, id)).rejects.toThrow('in JPY');
  expect([await kindSums(current.db), await current.db.query('SELECT id FROM dispute')]).toEqual([before, []]);
  await expectCleanWallets(current.db);
});
