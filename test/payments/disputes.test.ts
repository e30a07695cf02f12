import { describe, expect, test } from '@jest/globals';
import type { DisputeState } from '../../src/payments/room.ts';
import { eachTestServer } from '../support/server.ts';
import { micros } from '../support/world.ts';
import { newFan, newPage, send, sent, tipInput } from '../tips/http.ts';
import {
  answerWith, cardTip, carryOut, control, dispute, kindSums, refundedAtProvider, refundTip, refundTopUp, spendEarnings, standing, tell, usd,
} from '../tips/refunds-support.ts';
import { expectCleanWallets, topUp } from '../wallets/support.ts';

const server = eachTestServer();
const fee = 15_000_000n;

async function fanWith(amount: string) {
  const { token, personId } = await server.current.signUp();
  const { topUp: made } = await topUp(server.current, token, { amount });
  return { token, personId, topUpId: made.id as string };
}

async function statusOf(id: string, token: string): Promise<string> {
  const { data } = await server.current.graphql('query ($id: ID!) { node(id: $id) { ... on TopUp { status } ... on Tip { status } } }', { id }, token);
  return data.node.status;
}

async function isFrozen(personId: string): Promise<boolean> {
  const [person] = await server.current.db.query<{ frozen: boolean }>('SELECT frozen_at IS NOT NULL AS frozen FROM person WHERE id = $1', [personId]);
  return person!.frozen;
}

async function close(id: string, status: 'WON' | 'LOST'): Promise<void> {
  await control(server.current, 'close-dispute', { disputeId: id, status });
}

describe('a disputed top-up', () => {
  test.each([
    // spent before, the wallet then gives, the platform loses besides the fee
    ['0', 10_000_000n, 610_000n],
    ['4', 6_000_000n, 4_610_000n],
    ['10', 0n, 10_610_000n],
  ])('of which %s was spent takes %s from the wallet and %s from the platform', async (spent, taken, lost) => {
    const { current } = server;
    const { token, personId, topUpId } = await fanWith('10.00');
    const page = await newPage(current);
    if (spent !== '0') await sent(current, token, tipInput(page.id, { amount: usd(spent) }));
    const earned = (await standing(current.db, page)).earnings;
    expect(await tell(current, await dispute(current, topUpId))).toBe(1);
    expect([await micros(current.db, personId, 'wallet'), await statusOf(topUpId, token), await isFrozen(personId)]).toEqual([10_000_000n - BigInt(Number(spent)) * 1_000_000n - taken, 'DISPUTED', true]);
    const sums = await kindSums(current.db);
    // The provider has its charge back; what it keeps is the fee of the charge and that of the dispute.
    expect([sums.clearing, sums.processor_fee, sums.platform_loss]).toEqual([undefined, 610_000n + fee, -lost - fee]);
    // Whom the fan tipped has lost nothing.
    expect((await standing(current.db, page)).earnings).toBe(earned);
    await expectCleanWallets(current.db);
  });

  test('that is won comes back the way it went, and the account is free again', async () => {
    const { current } = server;
    const { token, personId, topUpId } = await fanWith('10.00');
    const page = await newPage(current);
    await sent(current, token, tipInput(page.id, { amount: usd('4') }));
    const before = await kindSums(current.db);
    const id = await dispute(current, topUpId);
    await tell(current, id);
    await close(id, 'WON');
    for (const _ of [1, 2, 3]) await tell(current, id);
    expect([await micros(current.db, personId, 'wallet'), await statusOf(topUpId, token), await isFrozen(personId)]).toEqual([6_000_000n, 'SUCCEEDED', false]);
    // All but the provider's fee for the dispute.
    expect(await kindSums(current.db)).toEqual({ ...before, processor_fee: before.processor_fee! + fee, platform_loss: (before.platform_loss ?? 0n) - fee });
    const { data } = await current.graphql('{ viewer { wallets { entries { nodes { kind amount { amount } } } } } }', {}, token);
    expect(data.viewer.wallets[0].entries.nodes.map((entry: any) => [entry.kind, entry.amount.amount]).slice(0, 2)).toEqual([['DISPUTE_RETURN', '6.00'], ['DISPUTE', '-6.00']]);
    expect((await send(current, token, tipInput(page.id, { amount: usd('1') }))).errors).toEqual([]);
    await expectCleanWallets(current.db);
  });

  test.each([
    ['the wallet covered all of it', '10.00', true],
    ['the platform lost something', '0', false],
  ])('that is lost after %s frees the account: %s left in other top-ups, %s', async (_, others, frees) => {
    const { current } = server;
    const { token, personId, topUpId } = await fanWith('10.00');
    if (others !== '0') await topUp(current, token, { amount: others });
    const id = await dispute(current, topUpId);
    await tell(current, id);
    await close(id, 'LOST');
    await tell(current, id);
    expect([await statusOf(topUpId, token), await isFrozen(personId)]).toEqual(['DISPUTED', !frees]);
    await expectCleanWallets(current.db);
  });

  test('keeps the account frozen while another one is open', async () => {
    const { current } = server;
    const { token, personId, topUpId } = await fanWith('10.00');
    const { topUp: second } = await topUp(current, token, { amount: '5.00' });
    const [first, other] = [await dispute(current, topUpId), await dispute(current, second.id)];
    await tell(current, first);
    await tell(current, other);
    await close(first, 'WON');
    await tell(current, first);
    expect(await isFrozen(personId)).toBe(true);
    await close(other, 'WON');
    await tell(current, other);
    expect(await isFrozen(personId)).toBe(false);
    await expectCleanWallets(current.db);
  });

  test('does not free an account that was frozen by hand before', async () => {
    const { current } = server;
    const { personId, topUpId } = await fanWith('10.00');
    await current.db.query('UPDATE person SET frozen_at = now() WHERE id = $1', [personId]);
    const id = await dispute(current, topUpId);
    await tell(current, id);
    await close(id, 'WON');
    await tell(current, id);
    expect(await isFrozen(personId)).toBe(true);
    await expectCleanWallets(current.db);
  });

  test('leaves nothing that moves money open to the account', async () => {
    const { current } = server;
    const { token, topUpId } = await fanWith('10.00');
    await topUp(current, token, { amount: '20.00' });
    const { topUp: third } = await topUp(current, token, { amount: '5.00' });
    const page = await newPage(current);
    await tell(current, await dispute(current, topUpId));
    const codes = [
      (await send(current, token, tipInput(page.id, { amount: usd('1') }))).errors,
      (await send(current, token, tipInput(page.id, { amount: usd('5'), funding: 'CARD', paymentMethodId: 'pm_sandbox_ok' }))).errors,
      (await topUp(current, token, { amount: '5.00' })).errors,
      (await refundTopUp(current, token, third.id)).errors,
    ].map((errors) => errors.map((error: any) => error.code));
    expect(codes).toEqual([['ACCOUNT_FROZEN'], ['ACCOUNT_FROZEN'], ['ACCOUNT_FROZEN'], ['ACCOUNT_FROZEN']]);
    await expectCleanWallets(current.db);
  });

  test('that was refunded in part is disputed for the rest', async () => {
    const { current } = server;
    const { token, personId, topUpId } = await fanWith('10.00');
    const page = await newPage(current);
    await sent(current, token, tipInput(page.id, { amount: usd('4') }));
    expect((await refundTopUp(current, token, topUpId)).refund.amount.amount).toBe('6.00');
    await tell(current, await dispute(current, topUpId));
    expect([await micros(current.db, personId, 'wallet'), await statusOf(topUpId, token)]).toEqual([0n, 'DISPUTED']);
    expect((await kindSums(current.db)).platform_loss).toBe(-4_610_000n - fee);
    expect((await refundTopUp(current, token, topUpId)).errors).toEqual([expect.objectContaining({ code: 'ACCOUNT_FROZEN' })]);
    await expectCleanWallets(current.db);
  });
});

describe('a disputed tip by card', () => {
  /** A page with a tip of 5.00 by card, of which it got 4.30. */
  async function scene() {
    const { current } = server;
    const [page, fan] = [await newPage(current), await newFan(current)];
    const tip = await cardTip(current, fan, page, '5');
    return { current, page, fan, tip };
  }

  test.each([
    // earned besides, left before the dispute; then earnings, debt
    ['covers it', 4_750_000n, 0n, 0n],
    ['is short', 1_000_000n, 0n, -3_750_000n],
    ['is empty', 0n, 0n, -4_750_000n],
  ])('is the creator\'s to bear: when what was earned %s', async (_, left, earnings, debt) => {
    const { current, page, fan, tip } = await scene();
    await sent(current, fan.token, tipInput(page.id, { amount: usd('10') }));
    await spendEarnings(current.db, page, left);
    expect(await tell(current, await dispute(current, tip.id))).toBe(1);
    // The platform gives its 0.25 of the 5.00, and bears the provider's fee.
    expect(await standing(current.db, page)).toEqual({ earnings, debt, platformFee: 500_000n });
    const sums = await kindSums(current.db);
    expect([sums.clearing, sums.processor_fee]).toEqual([undefined, 450_000n + fee]);
    expect([await statusOf(tip.id, fan.token), await isFrozen(fan.personId), await isFrozen(page.ownerId)]).toEqual(['DISPUTED', false, false]);
    expect((await refundTip(current, page.token, tip.id)).errors).toEqual([expect.objectContaining({ code: 'INVALID_STATE' })]);
    await expectCleanWallets(current.db);
  });

  test('lowers goals and totals, and raises them again when it is won; it was one tip all along', async () => {
    const { current, fan, tip } = await scene();
    const days = () => current.db.query('SELECT tips_total_micros AS micros, tip_count AS tips FROM creator_day');
    const id = await dispute(current, tip.id);
    await tell(current, id);
    expect(await days()).toEqual([{ micros: 0n, tips: 1n }]);
    await close(id, 'WON');
    for (const _ of [1, 2]) await tell(current, id);
    expect([await days(), await statusOf(tip.id, fan.token)]).toEqual([[{ micros: 5_000_000n, tips: 1n }], 'SUCCEEDED']);
    await expectCleanWallets(current.db);
  });

  test('that is won repays what the page came to owe, and the rest is earned again', async () => {
    const { current, page, tip } = await scene();
    await spendEarnings(current.db, page, 1_000_000n);
    const id = await dispute(current, tip.id);
    await tell(current, id);
    expect(await standing(current.db, page)).toEqual({ earnings: 0n, debt: -3_750_000n, platformFee: 0n });
    await close(id, 'WON');
    await tell(current, id);
    expect(await standing(current.db, page)).toEqual({ earnings: 1_000_000n, debt: 0n, platformFee: 250_000n });
    const entries = '{ nodes { kind amount { amount } } }';
    const { data } = await current.graphql(`query ($handle: String!) { creator(handle: $handle) { dashboard { entries(first: 2) ${entries} } } }`, { handle: page.handle }, page.token);
    expect(data.creator.dashboard.entries.nodes).toEqual([{ kind: 'DISPUTE_RETURN', amount: { amount: '1.00' } }, { kind: 'DISPUTE', amount: { amount: '-1.00' } }]);
    await expectCleanWallets(current.db);
  });

  test('that is lost leaves a debt, which later tips repay first', async () => {
    const { current, page, fan, tip } = await scene();
    await spendEarnings(current.db, page, 0n);
    const id = await dispute(current, tip.id);
    await close(id, 'LOST');
    await tell(current, id);
    await sent(current, fan.token, tipInput(page.id, { amount: usd('4') }));
    expect(await standing(current.db, page)).toMatchObject({ earnings: 0n, debt: -950_000n });
    await sent(current, fan.token, tipInput(page.id, { amount: usd('4') }));
    expect(await standing(current.db, page)).toMatchObject({ earnings: 2_850_000n, debt: 0n });
    await expectCleanWallets(current.db);
  });
});

describe('a dispute', () => {
  test('of a charge that nobody knows is taken by nobody', async () => {
    const { current } = server;
    const state = { id: 'dp_1', chargeId: 'ch_1', key: 'top_1', amountMicros: 1_000_000n, currency: 'USD', feeMicros: 0n, status: 'OPEN' as const, reason: 'fraudulent', createdAt: new Date() };
    answerWith(current, () => ({ readDispute: async () => state }));
    expect(await tell(current, 'dp_1')).toBe(0);
    await expectCleanWallets(current.db);
  });

  test.each([
    ['first heard of when it was lost', ['LOST'], ['DISPUTE']],
    ['first heard of when it was won', ['WON'], ['DISPUTE', 'DISPUTE_RETURN']],
    ['told of out of order', ['WON', 'OPEN', 'LOST', 'WON'], ['DISPUTE', 'DISPUTE_RETURN']],
    ['told of many times', ['OPEN', 'OPEN', 'OPEN', 'LOST', 'LOST', 'OPEN'], ['DISPUTE']],
  ] as const)('that is %s moves its money once', async (_, told, kinds) => {
    const { current } = server;
    const { topUpId } = await fanWith('10.00');
    const id = await dispute(current, topUpId);
    answerWith(current, (sandbox) => {
      const states = [...told];
      return { readDispute: async (disputeId) => ({ ...((await sandbox.readDispute(disputeId)) as DisputeState), status: states.shift()! }) };
    });
    for (const _status of told) await tell(current, id);
    const postings = await current.db.query<{ kind: string }>(`SELECT kind FROM posting WHERE kind LIKE 'DISPUTE%' ORDER BY created_at, kind`);
    expect(postings.map(({ kind }) => kind)).toEqual(kinds);
    await expectCleanWallets(current.db);
  });

  test('told by two processes at the same moment moves its money once', async () => {
    const { current } = server;
    const other = await server.another();
    const { topUpId } = await fanWith('10.00');
    const id = await dispute(current, topUpId);
    await Promise.all(Array.from({ length: 16 }, (_, index) => tell(index % 2 ? current : other, id)));
    expect((await current.db.query(`SELECT id FROM posting WHERE kind = 'DISPUTE'`)).length).toBe(1);
    await expectCleanWallets(current.db);
  });
});

describe('races with disputes', () => {
  test('a refund that is on its way when the dispute opens is declined, and every sum holds', async () => {
    const { current } = server;
    const { token, personId, topUpId } = await fanWith('10.00');
    answerWith(current, () => ({ createRefund: async () => ({ status: 'PENDING' }) }));
    const { refund } = await refundTopUp(current, token, topUpId);
    await tell(current, await dispute(current, topUpId));
    const other = await server.another();
    await carryOut(other, refund.id);
    const [row] = await current.db.query<{ status: string; code: string }>('SELECT status, failure_code AS code FROM refund');
    expect(row).toEqual({ status: 'FAILED', code: 'charge_disputed' });
    // What came back makes good what the platform had lost, all but the fee of the charge.
    expect([await micros(current.db, personId, 'wallet'), await statusOf(topUpId, token), (await kindSums(current.db)).platform_loss]).toEqual([0n, 'DISPUTED', -610_000n - fee]);
    await expectCleanWallets(current.db);
  });

  test('refunds, disputes, tips and what is earned meanwhile leave every sum right', async () => {
    const { current } = server;
    const other = await server.another();
    const [page, fan] = [await newPage(current), await newFan(current)];
    const tips = [];
    for (let index = 0; index < 6; index++) tips.push(await cardTip(current, fan, page, '5'));
    const disputes: string[] = [];
    const work = tips.flatMap((tip, index) => {
      const [here, there] = index % 2 ? [current, other] : [other, current];
      return [
        ...['1', '2', '3'].map((amount) => refundTip(here, page.token, tip.id, amount)),
        sent(there, fan.token, tipInput(page.id, { amount: usd('0.5') })),
        ...(index < 4 ? [control<string | null>(there, 'dispute', { key: tip.id }).then(async (id) => {
          if (id === null) return;
          disputes.push(id);
          await Promise.all([tell(here, id), tell(there, id)]);
        })] : []),
      ];
    });
    await Promise.all(work);
    for (const [index, id] of disputes.entries()) {
      await close(id, index % 2 ? 'WON' : 'LOST');
      await Promise.all([tell(current, id), tell(other, id)]);
    }
    await expectCleanWallets(current.db);
    const sums = await kindSums(current.db);
    const [lost] = await current.db.query<{ micros: bigint }>(`SELECT coalesce(sum(amount_micros), 0)::bigint AS micros FROM dispute WHERE status = 'LOST'`);
    // What the provider holds for us is what it charged less what it sent back, by refunds and by disputes that were lost.
    expect(-(sums.clearing ?? 0n)).toBe(30_000_000n - (await refundedAtProvider(current.db)).micros - lost!.micros);
    expect(sums.reserved).toBeUndefined();
  });
});
