import { expect, test } from '@jest/globals';
import { reconcile } from '../../src/payments/room.ts';
import { autoTopUpsService, watchDeclines } from '../../src/wallets/room.ts';
import { eachTestServer, type TestServer } from '../support/server.ts';
import { newPage, send, tipInput } from '../tips/http.ts';
import { fundWallet, micros } from '../support/world.ts';
import { addMethod, expectCleanWallets, provideSandbox, stored } from './support.ts';

const server = eachTestServer();

const setOperation = `mutation ($input: SetAutoTopUpInput!) {
  setAutoTopUp(input: $input) {
    viewer { autoTopUp { below { amount } amount { amount } paymentMethod { id } stoppedAt stopReason } } errors { __typename code path }
  }
}`;

function usd(amount: string) {
  return { amount, currency: 'USD' };
}

async function set(token: string, input: object = { below: usd('2'), amount: usd('10') }) {
  const { data, errors } = await server.current.graphql(setOperation, { input }, token);
  if (errors) throw new Error(JSON.stringify(errors));
  return data.setAutoTopUp;
}

/** A fan with a card and so much in the wallet, which fills itself below 2 USD. */
async function fan(walletMicros: bigint, card = 'pm_sandbox_ok') {
  const person = await server.current.signUp();
  if (walletMicros > 0n) await fundWallet(server.current.db, person.personId, walletMicros);
  const { paymentMethod } = await addMethod(server.current, person.token, 'pm_sandbox_ok');
  await server.current.db.query('UPDATE sandbox_method SET token = $1', [card]);
  return { ...person, paymentMethod };
}

function run(given: TestServer = server.current): Promise<void> {
  return given.services.get(autoTopUpsService).runAll();
}

test('a wallet that runs low is filled, one that does not is not', async () => {
  const { token, personId, paymentMethod } = await fan(2_000_000n);
  expect(await set(token)).toEqual({
    viewer: { autoTopUp: { below: { amount: '2.00' }, amount: { amount: '10.00' }, paymentMethod: { id: paymentMethod.id }, stoppedAt: null, stopReason: null } }, errors: [],
  });
  await run();
  expect((await stored(server.current.db)).topUps).toEqual([]);
  const page = await newPage(server.current);
  expect((await send(server.current, token, tipInput(page.id))).errors).toEqual([]);
  await server.current.services.get(autoTopUpsService).runHinted();
  expect(await stored(server.current.db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
  expect(await micros(server.current.db, personId, 'wallet')).toBe(11_950_000n);
  await run();
  expect((await stored(server.current.db)).topUps).toEqual(['SUCCEEDED']);
  await expectCleanWallets(server.current.db);
});

test('a wallet that was never used is filled too', async () => {
  const { token, personId } = await fan(0n);
  await set(token);
  await run();
  await run();
  expect(await stored(server.current.db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
  expect(await micros(server.current.db, personId, 'wallet')).toBe(10_000_000n);
  await expectCleanWallets(server.current.db);
});

test('a low wallet is filled once, however many processes look at it at once', async () => {
  const { token, personId } = await fan(1n);
  await set(token);
  const other = await server.another();
  await Promise.all(Array.from({ length: 20 }, (_, index) => run(index % 2 === 0 ? server.current : other)));
  expect(await stored(server.current.db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
  expect(await micros(server.current.db, personId, 'wallet')).toBe(10_000_001n);
  await expectCleanWallets(server.current.db);
});

test('a top-up without an answer keeps the next one waiting, and is settled by the reconciler', async () => {
  const { token } = await fan(1n);
  await set(token);
  server.current.db.failpoint = (name) => {
    if (name === 'top-up-charged') throw new Error('the process died');
  };
  await run();
  server.current.db.failpoint = () => {};
  await run();
  expect((await stored(server.current.db)).topUps).toEqual(['PENDING']);
  await reconcile((await server.another({ clock: { now: () => new Date(Date.now() + 120_000) } })).services);
  expect(await stored(server.current.db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
  await expectCleanWallets(server.current.db);
});

test.each([['pm_sandbox_declined', 'declined'], ['pm_sandbox_action', 'confirm']])('%s stops it until it is set again', async (card, reason) => {
  const { token } = await fan(1n, card);
  await set(token);
  await run();
  await run();
  expect((await stored(server.current.db)).topUps).toEqual(['FAILED']);
  const { data } = await server.current.graphql('{ viewer { autoTopUp { stoppedAt stopReason } } }', {}, token);
  expect(data.viewer.autoTopUp).toEqual({ stoppedAt: expect.any(String), stopReason: expect.stringContaining(reason) });
  await server.current.db.query(`UPDATE sandbox_method SET token = 'pm_sandbox_ok'`);
  expect((await set(token)).viewer.autoTopUp).toMatchObject({ stoppedAt: null, stopReason: null });
  await run();
  expect((await stored(server.current.db)).topUps).toEqual(['FAILED', 'SUCCEEDED']);
  await expectCleanWallets(server.current.db);
});

test('it is turned off by null, and leaves frozen people alone', async () => {
  const { token, personId } = await fan(1n);
  await set(token);
  await server.current.db.query('UPDATE person SET frozen_at = now() WHERE id = $1', [personId]);
  await run();
  await server.current.db.query('UPDATE person SET frozen_at = NULL');
  expect(await set(token, { below: null })).toEqual({ viewer: { autoTopUp: null }, errors: [] });
  await run();
  expect((await stored(server.current.db)).topUps).toEqual([]);
});

test.each([
  ['no amount', { below: usd('2') }, 'INVALID_INPUT', ['input', 'amount']],
  ['two currencies', { below: usd('2'), amount: { amount: '10', currency: 'EUR' } }, 'CURRENCY_MISMATCH', ['input', 'amount', 'currency']],
  ['too small an amount', { below: usd('0.05'), amount: usd('0.10') }, 'AMOUNT_OUT_OF_RANGE', ['input', 'amount', 'amount']],
  ['nothing as the threshold', { below: usd('0'), amount: usd('10') }, 'AMOUNT_OUT_OF_RANGE', ['input', 'below', 'amount']],
  ['less each time than would end it', { below: usd('10000'), amount: usd('1') }, 'INVALID_INPUT', ['input', 'amount', 'amount']],
  ['a card of nobody', { below: usd('2'), amount: usd('10'), paymentMethodId: 'pmt_nothing' }, 'NOT_FOUND', ['input', 'paymentMethodId']],
])('%s is refused', async (_, input, code, path) => {
  const { token } = await fan(1n);
  expect(await set(token, input)).toMatchObject({ viewer: null, errors: [{ code, path }] });
});

test('without a saved card there is nothing to charge', async () => {
  const { token } = await server.current.signUp();
  expect(await set(token)).toMatchObject({ viewer: null, errors: [{ code: 'INVALID_STATE' }] });
});

test('while cards are declined far too often, it waits', async () => {
  const { token } = await fan(1n);
  await set(token);
  await server.current.db.query(`INSERT INTO card_attempt (id, account_id, made_at, is_declined) SELECT gen_random_uuid(), gen_random_uuid(), now(), true FROM generate_series(1, 60)`);
  await watchDeclines(server.current.services);
  await run();
  expect((await stored(server.current.db)).topUps).toEqual([]);
  await server.current.db.query('DELETE FROM dunning_pause');
  await run();
  expect((await stored(server.current.db)).topUps).toEqual(['SUCCEEDED']);
  await expectCleanWallets(server.current.db);
});

test('a provider that is down leaves the top-up pending and the setting running', async () => {
  const { token } = await fan(1n);
  await set(token);
  provideSandbox(server.current, () => ({ createCharge: () => Promise.reject(new Error('down')) }));
  await run();
  const { data } = await server.current.graphql('{ viewer { autoTopUp { stoppedAt } } }', {}, token);
  expect(data.viewer.autoTopUp.stoppedAt).toBeNull();
  await expectCleanWallets(server.current.db);
});
