import { expect, test } from '@jest/globals';
import { eachTestServer } from '../support/server.ts';
import { expectCleanWallets, provideSandbox, stored, topUp } from './support.ts';

const server = eachTestServer();

test('100 top-ups with one key through two processes are one charge, one posting and one answer', async () => {
  const other = await server.another();
  const { token } = await server.current.signUp();
  const racers = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? server.current : other));
  const payloads = await Promise.all(racers.map((one) => topUp(one, token, { idempotencyKey: 'k' })));
  expect(payloads[0]).toMatchObject({ topUp: { status: 'SUCCEEDED' }, wallet: { balance: { amount: '10.00' } }, errors: [] });
  expect(new Set(payloads.map((payload) => JSON.stringify(payload))).size).toBe(1);
  expect(await stored(server.current.db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
  await expectCleanWallets(server.current.db);
});

test('one process asks the provider once, however many wait for the answer', async () => {
  let asked = 0;
  provideSandbox(server.current, (sandbox) => ({
    createCharge: async (request) => {
      asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return sandbox.createCharge(request);
    },
  }));
  const { token } = await server.current.signUp();
  const payloads = await Promise.all(Array.from({ length: 20 }, () => topUp(server.current, token, { idempotencyKey: 'k' })));
  expect(payloads.every((payload) => payload.topUp.status === 'SUCCEEDED')).toBe(true);
  expect(asked).toBe(1);
  await expectCleanWallets(server.current.db);
});

test('one key raced with two inputs, each valid alone, is one top-up; the others are mismatches', async () => {
  const { token } = await server.current.signUp();
  const wishes = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? { amount: '10.00' } : { amount: '500', currency: 'JPY' }));
  const payloads = await Promise.all(wishes.map((wish) => topUp(server.current, token, { idempotencyKey: 'k', ...wish })));
  const won = payloads.filter((payload) => payload.topUp !== null);
  const lost = payloads.filter((payload) => payload.topUp === null);
  expect([won.length, lost.length]).toEqual([20, 20]);
  expect(new Set(won.map((payload) => payload.topUp.id)).size).toBe(1);
  expect(new Set(lost.map((payload) => payload.errors[0].code))).toEqual(new Set(['IDEMPOTENCY_MISMATCH']));
  expect(await stored(server.current.db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
  await expectCleanWallets(server.current.db);
});

test('top-ups of one wallet and of many at a time all arrive', async () => {
  const other = await server.another();
  const people = [await server.current.signUp(), await server.current.signUp(), await server.current.signUp()];
  const racers = people.flatMap(({ token }) => Array.from({ length: 15 }, (_, index) => topUp(index % 2 === 0 ? server.current : other, token, { amount: '1.00' })));
  const payloads = await Promise.all(racers);
  expect(payloads.every((payload) => payload.topUp.status === 'SUCCEEDED')).toBe(true);
  for (const { token } of people) {
    const { data } = await server.current.graphql('{ viewer { wallets { balance { amount } } topUps(first: 1) { totalCount } } }', {}, token);
    expect(data.viewer).toEqual({ wallets: [{ balance: { amount: '15.00' } }], topUps: { totalCount: 15 } });
  }
  await expectCleanWallets(server.current.db);
});
