import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { compareTotals, differencesOf, lastDays, reconcile, sandboxService } from '../../src/payments/room.ts';
import { providerOwnerId } from '../../src/ledger/room.ts';
import { builtMain } from '../support/child-server.ts';
import { dayMs, hourMs, TestClock } from '../support/clock.ts';
import { eachTestServer } from '../support/server.ts';
import { expectCleanWallets, provideSandbox, stored, topUp } from '../wallets/support.ts';
import { StripeDouble } from './stripe-double.ts';

const clock = new TestClock(new Date().toISOString());
const server = eachTestServer({ clock });
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'farthing-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function command(args: readonly string[] = [], environment: Record<string, string> = {}): Promise<{ code: number; out: string; err: string }> {
  const env = {
    PATH: process.env.PATH, NODE_ENV: 'test', DATABASE_URL: server.database.url, AUTH_SECRET: 'a secret of the tests, long enough', LOG_LEVEL: 'fatal', DATA_DIR: folder, ...environment,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [builtMain, 'reconcile', ...args], { env, cwd: folder }, (error, out, err) => resolve({ code: error ? Number(error.code) : 0, out, err }));
  });
}

/** A top-up that the sandbox charged, of which nobody here heard. */
async function unheardTopUp(token: string) {
  provideSandbox(server.current, (sandbox) => ({
    createCharge: async (request) => {
      await sandbox.createCharge(request);
      return { status: 'PENDING' };
    },
  }));
  return topUp(server.current, token);
}

test('farthing reconcile settles what the provider did unheard, and finds the totals the same then', async () => {
  const fan = await server.current.signUp();
  await unheardTopUp(fan.token);
  await server.current.db.query(`UPDATE top_up SET created_at = created_at - interval '1 minute'`);
  expect(await command(['--days', '1'])).toEqual({
    code: 0, err: '', out: 'top-up: 1 settled, 0 without an outcome yet, 0 failed to be settled\n2 totals compared, 0 figures differ.\n',
  });
  expect(await stored(server.current.db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
  expect((await command()).out).toBe('No payment is open.\n8 totals compared, 0 figures differ.\n');
  await expectCleanWallets(server.current.db);
});

test('farthing reconcile names each figure that differs, and ends with 1', async () => {
  const fan = await server.current.signUp();
  await topUp(server.current, fan.token);
  // Somebody charges at the provider, past our books.
  await server.current.db.query(
    `INSERT INTO sandbox_charge (id, idempotency_key, amount_micros, fee_micros, currency, status, created_at, charged_at)
     SELECT 'ch_shadow', 'shadow', 2000000, 360000, 'USD', 'SUCCEEDED', now(), now()`);
  const { code, out } = await command(['--days', '0']);
  const today = new Date().toISOString().slice(0, 10);
  expect(out.split('\n')).toEqual([
    'No payment is open.',
    `DIFFERS ${today} SANDBOX USD charged: provider 12.61, ledger 10.61, difference 2.00`,
    `DIFFERS ${today} SANDBOX USD fees: provider 0.97, ledger 0.61, difference 0.36`,
    '1 totals compared, 2 figures differ.',
    '',
  ]);
  expect(code).toBe(1);
});

test('the reconciler charges nothing: what never reached the provider is given up when nobody can charge it any more', async () => {
  const { current } = server;
  const fan = await current.signUp();
  provideSandbox(current, () => ({ createCharge: async () => { throw new Error('unreachable'); } }));
  await topUp(current, fan.token);
  const run = async (afterMs: number) => {
    clock.pass(afterMs);
    return (await reconcile(current.services)).kinds.find(({ name }) => name === 'top-up');
  };
  expect(await run(hourMs)).toEqual({ name: 'top-up', settled: 0, waiting: 1, failed: 0 });
  expect(await run(hourMs)).toEqual({ name: 'top-up', settled: 1, waiting: 0, failed: 0 });
  expect(await stored(current.db)).toEqual({ topUps: ['FAILED'], charges: 0, postings: 0 });
  await expectCleanWallets(current.db);
});

test('a payer who never acts is called off by the provider\'s own time, and the books are the same as the provider\'s', async () => {
  const { current } = server;
  const fan = await current.signUp();
  await topUp(current, fan.token, { paymentMethodId: 'pm_sandbox_action' });
  clock.pass(dayMs);
  await reconcile(current.services);
  expect(await stored(current.db)).toEqual({ topUps: ['FAILED'], charges: 1, postings: 0 });
  expect(differencesOf((await compareTotals(current.services, lastDays(clock.now(), 3))).compared)).toEqual([]);
});

test('a payment in a card\'s stall is found by the reconciler, once', async () => {
  const { current } = server;
  const fan = await current.signUp();
  await current.services.get(sandboxService)!.control('settings', { stallMs: 0 });
  const { topUp: made } = await topUp(current, fan.token, { paymentMethodId: 'pm_sandbox_stall' });
  expect(made.status).toBe('SUCCEEDED');
  await unheardTopUp(fan.token);
  clock.pass(hourMs);
  await Promise.all([reconcile(current.services), reconcile(current.services), reconcile(current.services)]);
  expect(await stored(current.db)).toEqual({ topUps: ['SUCCEEDED', 'SUCCEEDED'], charges: 2, postings: 2 });
  await expectCleanWallets(current.db);
});

test('farthing reconcile says which provider gives no totals, compares the others still, and ends with 1', async () => {
  const fan = await server.current.signUp();
  await topUp(server.current, fan.token);
  const double = await new StripeDouble().start();
  try {
    double.isKeyRevoked = true;
    await server.current.db.query(
      `INSERT INTO account (id, owner_id, kind, currency, created_at) SELECT gen_random_uuid(), $1, 'clearing', 'USD', now()`, [providerOwnerId('STRIPE')]);
    const stripe = { STRIPE_SECRET_KEY: 'sk_live_revoked', STRIPE_WEBHOOK_SECRET: 'whsec_1', STRIPE_API_URL: double.url };
    const { code, out } = await command(['--days', '0'], stripe);
    expect([code, out.split('\n')]).toEqual([1, [
      'No payment is open.',
      'disputes: 0 open, 0 found that no webhook had told of, 1 failed to be read',
      'STRIPE\'s totals cannot be read: Stripe does not accept STRIPE_SECRET_KEY: Invalid API Key provided: sk_test_*',
      '1 totals compared, 0 figures differ.',
      '',
    ]]);
  } finally {
    await double.close();
  }
});

test('farthing reconcile names the provider that open payments wait for when it is set up no more, and ends with 1', async () => {
  const fan = await server.current.signUp();
  await unheardTopUp(fan.token);
  await server.current.db.query(`UPDATE top_up SET created_at = now() - interval '1 minute', provider = 'STRIPE'`);
  const { code, out } = await command(['--days', '0']);
  expect([code, out.split('\n').slice(0, 2)]).toEqual([1, [
    'top-up: 0 settled, 1 without an outcome yet, 0 failed to be settled', '1 of these wait for STRIPE, which is not set up here.',
  ]]);
});
