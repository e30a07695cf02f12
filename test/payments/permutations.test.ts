import { expect, test } from '@jest/globals';
import { compareTotals, lastDays, reconcile, sandboxService, webhookTakerService, type ChargeOutcome, type ReportedOutcome } from '../../src/payments/room.ts';
import { isOpen, stepOf } from '../../src/wallets/charge-step.ts';
import { topUpIntents } from '../../src/wallets/top-up-kind.ts';
import { dayMs, hourMs, TestClock } from '../support/clock.ts';
import { eachTestServer } from '../support/server.ts';
import { act, balancesByKind, expectCleanWallets, provideSandbox, topUp } from '../wallets/support.ts';

/** Numbers from 0 to 1 that look random and are the same in every run (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const left = [...items];
  for (let index = left.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    [left[index], left[other]] = [left[other]!, left[index]!];
  }
  return left;
}

const waits: ReportedOutcome<'CHARGE'> = { status: 'ACTION_REQUIRED', action: { redirectUrl: 'https://bank.example', clientSecret: null, expiresAt: null } };
const paid: ReportedOutcome<'CHARGE'> = { status: 'SUCCEEDED', chargeId: 'ch_1', feeMicros: 610_000n };
const refused: ReportedOutcome<'CHARGE'> = { status: 'DECLINED', code: 'card_declined', message: 'Declined.', retryable: false };

/** What was read of a charge at the moments of its life, each read up to a hundred times, in any order: a slow reader settles old news last. */
function newsOf(end: ReportedOutcome<'CHARGE'>, most: number, random: () => number): ReportedOutcome<'CHARGE'>[] {
  const copies = (outcome: ReportedOutcome<'CHARGE'>, least: number) => Array.from({ length: least + Math.floor(random() * (most - least + 1)) }, () => outcome);
  return shuffled([...copies(waits, 0), ...copies(end, 1)], random);
}

test('ten thousand permutations of what is heard of a charge, each up to a hundred times, book it once or never', () => {
  const random = numbers(1);
  for (let round = 0; round < 10_000; round++) {
    const end = random() < 0.5 ? paid : refused;
    let status = 'PENDING';
    let postings = 0;
    const seen: string[] = [];
    for (const outcome of newsOf(end, 100, random)) {
      const step = stepOf(status, outcome as Exclude<ChargeOutcome, { status: 'PENDING' }>);
      if (!step) continue;
      status = step.status;
      seen.push(status);
      if (status === 'SUCCEEDED') postings += 1;
    }
    expect({ status, postings, isOpen: isOpen(status) }).toEqual({ status: end === paid ? 'SUCCEEDED' : 'FAILED', postings: end === paid ? 1 : 0, isOpen: false });
    expect(seen.length).toBeLessThanOrEqual(2);
  }
});

const clock = new TestClock('2026-03-01T12:00:00Z');
const server = eachTestServer({ clock, environment: { LIMIT_CARD_ATTEMPTS_PER_ACCOUNT: '1000000', LIMIT_CARD_ATTEMPTS_PER_ADDRESS: '1000000' } });

/** Ten thousand with FARTHING_LONG=1, which takes some minutes. */
const settledRounds = process.env.FARTHING_LONG ? 10_000 : 200;

test('many of them settled in PostgreSQL, several at a time, book each charge once or never', async () => {
  const random = numbers(2);
  const { current } = server;
  const fan = await current.signUp();
  // The provider does not answer, so that every top-up waits.
  provideSandbox(current, () => ({ createCharge: async () => ({ status: 'PENDING' }) }));
  let expectedPaid = 0;
  for (let round = 0; round < settledRounds; round++) {
    await topUp(current, fan.token);
    const [pending] = await topUpIntents.readPending(current.db, { madeBefore: new Date(clock.now().getTime() + 1), afterId: null, limit: 1 });
    const end: ReportedOutcome<'CHARGE'> = random() < 0.7 ? { ...paid, chargeId: `ch_${round}` } as ReportedOutcome<'CHARGE'> : refused;
    if (end !== refused) expectedPaid += 1;
    const news = newsOf(end, 6, random);
    await Promise.all([0, 1, 2].map(async (worker) => {
      for (const outcome of news.filter((_, index) => index % 3 === worker)) await topUpIntents.settle(current.services, pending!.id, outcome);
    }));
  }
  expect(await balancesByKind(current.db, 'USD')).toMatchObject({ wallet: BigInt(expectedPaid) * 10_000_000n, clearing: BigInt(expectedPaid) * -10_610_000n });
  expect(await current.db.query('SELECT count(*) FROM top_up WHERE status IN (\'PENDING\', \'ACTION_REQUIRED\')')).toEqual([{ count: 0n }]);
  await expectCleanWallets(current.db);
}, 1_500_000);

test('a hundred and fifty charges whose webhooks come up to a hundred times, shuffled and up to a week late, are booked as the provider has them', async () => {
  const random = numbers(3);
  const { current } = server;
  const fan = await current.signUp();
  const sandbox = current.services.get(sandboxService)!;
  await sandbox.deliverTo(current.url);
  const cards = ['pm_sandbox_ok', 'pm_sandbox_action', 'pm_sandbox_action', 'pm_sandbox_action', 'pm_sandbox_declined'];
  for (let round = 0; round < 30; round++) {
    const copies = round % 10 === 0 ? 100 : 1 + Math.floor(random() * 5);
    await sandbox.control('settings', { webhookCopies: copies, isShuffled: true, webhookDelayMs: Math.floor(random() * 3.5 * dayMs) });
    for (let index = 0; index < 5; index++) {
      const { topUp: made } = await topUp(current, fan.token, { paymentMethodId: cards[Math.floor(random() * cards.length)] });
      if (made.action && random() < 0.8) await act(current, made.action.redirectUrl, random() < 0.7 ? 'CONFIRMED' : 'REFUSED');
    }
    clock.pass(random() * hourMs);
    await sandbox.control('deliver');
  }
  // Payers have a day; the last webhook comes within eight.
  for (let day = 0; day < 9; day++) {
    clock.pass(dayMs);
    await sandbox.control('deliver');
    await current.services.get(webhookTakerService).takeDue();
  }
  expect(await current.db.query('SELECT count(*) FROM sandbox_webhook')).toEqual([{ count: 0n }]);
  // What nobody decided sends no webhook of its own: the reconciler finds that its time is over.
  await reconcile(current.services);
  const differing = await current.db.query(
    `SELECT top_up.status, charge.status AS charge FROM top_up JOIN sandbox_charge charge ON charge.idempotency_key = top_up.provider_key
     WHERE top_up.status <> CASE charge.status WHEN 'SUCCEEDED' THEN 'SUCCEEDED' ELSE 'FAILED' END`);
  expect(differing).toEqual([]);
  expect(await current.db.query('SELECT count(*) FROM top_up')).toEqual([{ count: 150n }]);
  // Late news are booked on the day on which they come: only the sums over all days are the same.
  const { compared: days } = await compareTotals(current.services, lastDays(clock.now(), 14));
  const sum = (side: 'ours' | 'theirs') => days.reduce((total, { [side]: { chargedMicros, feeMicros } }) => [total[0]! + chargedMicros, total[1]! + feeMicros], [0n, 0n]);
  expect(sum('ours')).toEqual(sum('theirs'));
  expect(sum('ours')[0]).toBeGreaterThan(0n);
  await expectCleanWallets(current.db);
});
