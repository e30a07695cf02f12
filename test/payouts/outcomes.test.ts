import { describe, expect, test } from '@jest/globals';
import { newId, transaction, type Database } from '../../src/database/room.ts';
import { openAccounts, PLATFORM_OWNER_ID, post, transferEntries } from '../../src/ledger/room.ts';
import { intentKindsService, paymentProvidersService, reconcile, type PayoutOutcome } from '../../src/payments/room.ts';
import { dayMs, TestClock } from '../support/clock.ts';
import { eachTestServer } from '../support/server.ts';
import { balanceOf, earn, entriesOf, expectCleanPayouts, makePage, openBank, requestPayout, type Page } from './support.ts';

const clock = new TestClock('2026-03-01T12:00:00Z');
const server = eachTestServer({ clock, environment: { PLATFORM_FEE_BPS: '0' } });

const declined: PayoutOutcome = { status: 'DECLINED', code: 'account_closed', message: 'The bank account is closed.', retryable: false };
const pending: PayoutOutcome = { status: 'PENDING' };

async function scene() {
  const bank = openBank(server.current.services);
  const page = await makePage(server.current);
  await earn(server.current, page, 10_000_000n);
  clock.pass(9 * dayMs);
  return { bank, page };
}

/** Hands an outcome to the payouts' kind of intent, as a webhook or the reconciler does. */
async function tell(key: string, outcome: Exclude<PayoutOutcome, { status: 'PENDING' }>): Promise<void> {
  const { services, db } = server.current;
  const kind = services.get(intentKindsService).find(({ name }) => name === 'payout')!;
  const intent = await kind.findByKey(db, 'SANDBOX', key);
  await kind.settle(services, intent!.id, outcome);
}

async function owe({ creatorId }: Page, micros: bigint): Promise<void> {
  const { db } = server.current;
  const names = [{ ownerId: creatorId, kind: 'debt' as const, currency: 'USD' }, { ownerId: PLATFORM_OWNER_ID, kind: 'platform_loss' as const, currency: 'USD' }];
  const [debt, loss] = (await transaction(db, (tx) => openAccounts(tx, names, clock.now()))) as [string, string];
  await transaction(db, (tx) => post(tx, [
    { id: newId(), kind: 'ADJUSTMENT', causeId: newId(), currency: 'USD', entries: transferEntries(debt, loss, micros), createdAt: clock.now() }]));
}

test('a payout that fails returns the money, which may be paid out again at once, since it never left', async () => {
  const { bank, page } = await scene();
  bank.answer = () => declined;
  const { payout, errors } = await requestPayout(server.current, page, '10.00', { idempotencyKey: 'k' });
  expect([payout.status, payout.failureReason, errors]).toEqual(['FAILED', 'The bank account is closed.', []]);
  expect(await balanceOf(server.current, page)).toEqual(
    { available: '10.00', payable: '10.00', held: '0.00', debt: '0.00', inTransit: '0.00', paidOut: '0.00' });
  expect((await entriesOf(server.current, page)).slice(0, 2)).toEqual(['PAYOUT_RETURN 10.00 → 10.00 (Payout)', 'PAYOUT -10.00 → 0.00 (Payout)']);
  bank.answer = ({ key }) => ({ status: 'SUCCEEDED', payoutId: key });
  expect((await requestPayout(server.current, page, '10.00', { idempotencyKey: 'k' })).payout).toEqual(payout);
  expect((await requestPayout(server.current, page, '10.00')).payout.status).toBe('SUCCEEDED');
  await expectCleanPayouts(server.current.db);
});

test.each([
  ['a part of what comes back', 4_000_000n, { debt: '0.00', available: '6.00' }, 'PAYOUT_RETURN 6.00 → 6.00 (Payout)'],
  ['all that comes back', 25_000_000n, { debt: '15.00', available: '0.00' }, 'PAYOUT -10.00 → 0.00 (Payout)'],
])('a debt is repaid first, with %s', async (_, owed, balance, newest) => {
  const { bank, page } = await scene();
  bank.answer = () => pending;
  const { payout } = await requestPayout(server.current, page, '10.00');
  expect(await balanceOf(server.current, page)).toMatchObject({ inTransit: '10.00', available: '0.00' });
  await owe(page, owed);
  await tell(payout.id, declined);
  expect(await balanceOf(server.current, page)).toMatchObject({ ...balance, inTransit: '0.00', held: '0.00' });
  expect((await entriesOf(server.current, page))[0]).toBe(newest);
  await expectCleanPayouts(server.current.db);
});

test('what a bank returns after it had arrived is the creator\'s again', async () => {
  const { page } = await scene();
  const { payout } = await requestPayout(server.current, page, '10.00');
  expect(await balanceOf(server.current, page)).toMatchObject({ paidOut: '10.00' });
  await tell(payout.id, declined);
  await tell(payout.id, declined);
  expect(await balanceOf(server.current, page)).toMatchObject({ paidOut: '0.00', held: '10.00', inTransit: '0.00' });
  await expectCleanPayouts(server.current.db);
});

test('whatever order news come in, and however often, the end is what the provider said last of all', async () => {
  const paid = (id: string): PayoutOutcome & { status: 'SUCCEEDED' } => ({ status: 'SUCCEEDED', payoutId: `po_${id}` });
  for (const order of [['paid', 'declined'], ['declined', 'paid'], ['paid', 'paid', 'declined', 'paid'], ['declined', 'paid', 'declined']]) {
    const { bank, page } = await scene();
    bank.answer = () => pending;
    const { payout } = await requestPayout(server.current, page, '10.00');
    for (const news of order) await tell(payout.id, news === 'paid' ? paid(payout.id) : (declined as never));
    await Promise.all(Array.from({ length: 10 }, () => tell(payout.id, declined as never)));
    // Only what had arrived is held again.
    const [held, available] = order[0] === 'paid' ? ['10.00', '0.00'] : ['0.00', '10.00'];
    expect(await balanceOf(server.current, page)).toMatchObject({ paidOut: '0.00', held, available, inTransit: '0.00' });
  }
  await expectCleanPayouts(server.current.db);
});

test('a provider that does not answer leaves the payout pending, and the reconciler finds out', async () => {
  const { bank, page } = await scene();
  bank.answer = ({ key }) => {
    bank.payouts.set(key, { status: 'SUCCEEDED', payoutId: `po_${key}` });
    throw new Error('The line is dead.');
  };
  const { payout, errors } = await requestPayout(server.current, page, '10.00', { idempotencyKey: 'k' });
  expect([payout.status, errors]).toEqual(['PENDING', []]);
  expect(await balanceOf(server.current, page)).toMatchObject({ inTransit: '10.00' });
  await expectCleanPayouts(server.current.db);
  clock.pass(60_000);
  await Promise.all([reconcile(server.current.services), reconcile(server.current.services)]);
  expect(await balanceOf(server.current, page)).toMatchObject({ inTransit: '0.00', paidOut: '10.00' });
  expect((await requestPayout(server.current, page, '10.00', { idempotencyKey: 'k' })).payout.status).toBe('SUCCEEDED');
  expect(bank.asked).toHaveLength(1);
  await expectCleanPayouts(server.current.db);
});

test('one that the provider never heard of comes back when its time is over', async () => {
  const { bank, page } = await scene();
  bank.answer = () => {
    throw new Error('The line is dead.');
  };
  await requestPayout(server.current, page, '10.00');
  clock.pass(2 * 3_600_000);
  await reconcile(server.current.services);
  expect(await balanceOf(server.current, page)).toMatchObject({ inTransit: '0.00', held: '0.00', available: '10.00' });
  expect(bank.payouts.size).toBe(0);
  await expectCleanPayouts(server.current.db);
});

describe('a payout that is cut off', () => {
  /** Ends the work at the n-th time it passes a failpoint, as a killed process would. */
  function crashAt(db: Database, name: string, nth: number): () => boolean {
    let passed = 0;
    db.failpoint = (reached) => {
      if (reached === name && ++passed === nth) throw new Error(`crashed at ${name}`);
    };
    return () => passed >= nth;
  }

  // Its transactions: the creator's accounts, the reservation, the creator's accounts and the provider's, the outcome.
  test.each([
    ['before its accounts are stored',    'before-commit', 1, 0],
    ['before its reservation is stored',  'before-commit', 2, 0],
    ['after its reservation is stored',   'after-commit',  2, 1],
    ['before the provider is asked',      'payout-stored', 1, 1],
    ['after the provider answered',       'payout-asked',  1, 1],
    ['before its outcome is stored',      'before-commit', 5, 1],
    ['after its outcome is stored',       'after-commit',  5, 1],
  ])('%s is finished by its key, and by the reconciler, once', async (_, failpoint, nth, made) => {
    for (const isSentAgain of [true, false]) {
      const { bank, page } = await scene();
      const { db } = server.current;
      const crashed = crashAt(db, failpoint, nth);
      await requestPayout(server.current, page, '10.00', { idempotencyKey: 'k' }).catch(() => {});
      expect(crashed()).toBe(true);
      db.failpoint = () => {};
      await expectCleanPayouts(db);
      if (isSentAgain) await requestPayout(server.current, page, '10.00', { idempotencyKey: 'k' });
      clock.pass(3 * 3_600_000);
      await reconcile(server.current.services);
      const isPaid = isSentAgain || (bank.payouts.size === 1);
      expect(await balanceOf(server.current, page)).toMatchObject({ inTransit: '0.00', paidOut: isPaid ? '10.00' : '0.00' });
      const payouts = await db.query<{ status: string }>('SELECT status FROM payout WHERE creator_id = $1', [page.creatorId]);
      expect(payouts.map(({ status }) => status)).toEqual(isPaid ? ['SUCCEEDED'] : made === 1 ? ['FAILED'] : []);
      await expectCleanPayouts(db);
    }
  });
});

test('a provider that is no longer set up leaves payouts pending, and refuses new ones', async () => {
  const { bank, page } = await scene();
  bank.answer = () => pending;
  await requestPayout(server.current, page, '4.00');
  const other = await server.another();
  other.services.provide(paymentProvidersService, new Map());
  clock.pass(60_000);
  await reconcile(other.services);
  expect(await balanceOf(server.current, page)).toMatchObject({ inTransit: '4.00' });
  expect((await requestPayout(other, page, '4.00')).errors).toEqual([expect.objectContaining({ code: 'PROVIDER_UNAVAILABLE' })]);
  await expectCleanPayouts(server.current.db);
});
