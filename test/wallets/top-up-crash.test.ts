import { describe, expect, test } from '@jest/globals';
import type { Database } from '../../src/database/room.ts';
import { reconcile } from '../../src/payments/room.ts';
import { eachTestServer } from '../support/server.ts';
import { expectCleanWallets, provideSandbox, stored, topUp, topUpInput, topUpOperation } from './support.ts';

const server = eachTestServer();

/** Ends the work at the n-th time it passes a failpoint, as a killed process would, and never again. */
function crashAt(db: Database, name: string, nth = 1): () => boolean {
  let passed = 0;
  db.failpoint = (reached) => {
    if (reached === name && ++passed === nth) throw new Error(`crashed at ${name}`);
  };
  return () => passed >= nth;
}

describe('a top-up that is cut off', () => {
  // A top-up makes five transactions, the third of them the provider's: accounts, intent, charge, accounts again, outcome.
  test.each([
    ['before its accounts are stored', 'before-commit', 1],
    ['before its intent is stored', 'before-commit', 2],
    ['after its intent is stored', 'after-commit', 2],
    ['before the provider is asked', 'top-up-stored', 1],
    ['before the provider has stored the charge', 'before-commit', 3],
    ['after the provider has stored the charge', 'after-commit', 3],
    ['after the provider answered', 'top-up-charged', 1],
    ['before its outcome is stored', 'before-commit', 5],
    ['after its outcome is stored', 'after-commit', 5],
  ])('%s is finished by its key, with one charge and one posting', async (_, failpoint, nth) => {
    const { db, graphql, signUp } = server.current;
    const { token } = await signUp();
    const crashed = crashAt(db, failpoint, nth);
    await graphql(topUpOperation, { input: topUpInput({ idempotencyKey: 'k' }) }, token);
    expect(crashed()).toBe(true);
    db.failpoint = () => {};
    await expectCleanWallets(db);

    const { topUp: settled, wallet, errors } = await topUp(server.current, token, { idempotencyKey: 'k' });
    expect([settled.status, wallet.balance.amount, errors]).toEqual(['SUCCEEDED', '10.00', []]);
    expect(await stored(db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
    await expectCleanWallets(db);
  });

  test('when its price has changed since is finished as it was stored', async () => {
    const { db, graphql, signUp } = server.current;
    const { token } = await signUp();
    crashAt(db, 'top-up-stored');
    await graphql(topUpOperation, { input: topUpInput({ idempotencyKey: 'k' }) }, token);

    const dearer = await server.another();
    provideSandbox(dearer, (sandbox) => ({ rail: (currency, operation) => ({ ...sandbox.rail(currency, operation)!, minimumMicros: 50_000_000n, bps: 900 }) }));
    const { topUp: settled } = await topUp(dearer, token, { idempotencyKey: 'k' });
    expect(settled).toMatchObject({ status: 'SUCCEEDED', charged: { amount: '10.61' } });
    await expectCleanWallets(db);
  });

  test.each([
    ['before the provider is asked waits for its key, as the reconciler never charges', 'top-up-stored', { topUps: ['PENDING'], charges: 0, postings: 0 }],
    ['after the provider answered is finished by the reconciler when nobody sends it again', 'top-up-charged', { topUps: ['SUCCEEDED'], charges: 1, postings: 1 }],
  ])('%s', async (_, failpoint, reconciled) => {
    const { db, graphql, signUp, services } = server.current;
    const { token } = await signUp();
    crashAt(db, failpoint);
    await graphql(topUpOperation, { input: topUpInput({ idempotencyKey: 'k' }) }, token);
    await reconcile(services);
    expect((await stored(db)).topUps).toEqual(['PENDING']);

    const minutesLater = await server.another({ clock: { now: () => new Date(Date.now() + 120_000) } });
    await Promise.all([reconcile(minutesLater.services), reconcile(minutesLater.services)]);
    expect(await stored(db)).toEqual(reconciled);
    expect((await topUp(server.current, token, { idempotencyKey: 'k' })).wallet.balance.amount).toBe('10.00');
    expect(await stored(db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
    await expectCleanWallets(db);
  });

  test('and never reached the provider for a day has failed, without a charge', async () => {
    const { db, graphql, signUp } = server.current;
    const { token } = await signUp();
    crashAt(db, 'top-up-stored');
    await graphql(topUpOperation, { input: topUpInput({ idempotencyKey: 'k' }) }, token);
    const dayLater = await server.another({ clock: { now: () => new Date(Date.now() + 25 * 3_600_000) } });
    await reconcile(dayLater.services);
    expect(await stored(db)).toEqual({ topUps: ['FAILED'], charges: 0, postings: 0 });
    const { errors } = await topUp(server.current, token, { idempotencyKey: 'k' });
    expect(errors).toEqual([expect.objectContaining({ declineCode: 'not_attempted', retryable: true })]);
    await expectCleanWallets(db);
  });
});

test('a charge that succeeds while its currency is halted is booked once the halt is lifted', async () => {
  const { db, signUp, graphql } = server.current;
  const { token } = await signUp();
  db.failpoint = async (name) => {
    if (name === 'top-up-charged') await db.query(`INSERT INTO ledger_halt (currency, reason, halted_at) VALUES ('USD', 'a test', now())`);
  };
  const input = topUpInput({ idempotencyKey: 'k' });
  expect((await graphql(topUpOperation, { input }, token)).errors?.[0]?.extensions.code).toBe('LEDGER_HALTED');
  db.failpoint = () => {};
  await db.query('DELETE FROM ledger_halt');
  expect((await topUp(server.current, token, { idempotencyKey: 'k' })).topUp.status).toBe('SUCCEEDED');
  expect(await stored(db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
  await expectCleanWallets(db);
});
