import { describe, expect, test } from '@jest/globals';
import { clockService, logService } from '../../src/database/room.ts';
import { Outcomes, outcomesService, paymentProvidersService } from '../../src/payments/room.ts';
import { eachTestServer } from '../support/server.ts';
import { balancesByKind, expectCleanWallets, provideSandbox, stored, topUp, topUpInput, topUpOperation } from './support.ts';

const server = eachTestServer();

test('a top-up charges the card with the fee and brings the amount to the wallet', async () => {
  const { token } = await server.current.signUp();
  const { topUp: made, wallet, errors } = await topUp(server.current, token);
  expect(errors).toEqual([]);
  expect(made).toMatchObject({
    id: expect.stringMatching(/^top_[0-9a-z]{26}$/),
    status: 'SUCCEEDED',
    provider: 'SANDBOX',
    amount: { amount: '10.00', currency: 'USD' },
    charged: { amount: '10.61' },
    processorFee: { amount: '0.61' },
    failureReason: null,
  });
  expect(wallet).toEqual({ id: expect.stringMatching(/^wal_/), currency: 'USD', balance: { amount: '10.00' } });
  expect(await balancesByKind(server.current.db, 'USD')).toEqual({ clearing: -10_610_000n, processor_fee: 610_000n, wallet: 10_000_000n });
  await expectCleanWallets(server.current.db);
});

test.each([
  ['JPY', '1000', '1031', { clearing: -1_031_000_000n, processor_fee: 31_000_000n, wallet: 1_000_000_000n }],
  ['KWD', '5.000', '5.459', { clearing: -5_459_000n, processor_fee: 459_000n, wallet: 5_000_000n }],
  ['EUR', '25.00', '26.06', { clearing: -26_060_000n, processor_fee: 1_060_000n, wallet: 25_000_000n }],
])('a top-up in %s of %s charges %s', async (currency, amount, charged, balances) => {
  const { token } = await server.current.signUp();
  const { topUp: made, wallet } = await topUp(server.current, token, { amount, currency });
  expect(made.charged.amount).toBe(charged);
  expect(wallet.balance.amount).toBe(amount);
  expect(await balancesByKind(server.current.db, currency)).toEqual(balances);
  await expectCleanWallets(server.current.db);
});

test('with TOP_UP_FEE=platform the card pays the amount alone and the platform bears the fee', async () => {
  const generous = await server.another({ environment: { TOP_UP_FEE: 'platform' } });
  const { token } = await generous.signUp();
  const { topUp: made, wallet } = await topUp(generous, token);
  expect(made).toMatchObject({ status: 'SUCCEEDED', charged: { amount: '10.00' }, processorFee: { amount: '0.00' } });
  expect(wallet.balance.amount).toBe('10.00');
  expect(await balancesByKind(generous.db, 'USD')).toEqual({
    clearing: -10_000_000n, processor_fee: 590_000n, wallet: 10_000_000n, platform_loss: -590_000n,
  });
  await expectCleanWallets(generous.db);
});

test('what the provider did not take of the fee that the fan paid stays with the platform', async () => {
  provideSandbox(server.current, () => ({
    createCharge: async () => ({ status: 'SUCCEEDED', chargeId: 'ch_cheap', feeMicros: 500_000n }),
  }));
  const { token } = await server.current.signUp();
  await topUp(server.current, token);
  expect(await balancesByKind(server.current.db, 'USD')).toEqual({
    clearing: -10_610_000n, processor_fee: 500_000n, wallet: 10_000_000n, platform_fee: 110_000n,
  });
  await expectCleanWallets(server.current.db);
});

test('wallets add up, one a currency', async () => {
  const { token } = await server.current.signUp();
  await topUp(server.current, token, { amount: '1.00' });
  await topUp(server.current, token, { amount: '2.50' });
  await topUp(server.current, token, { amount: '300', currency: 'JPY' });
  const { data } = await server.current.graphql('{ viewer { wallets { currency balance { amount } } } }', {}, token);
  expect(data.viewer.wallets).toEqual([
    { currency: 'JPY', balance: { amount: '300' } },
    { currency: 'USD', balance: { amount: '3.50' } },
  ]);
  await expectCleanWallets(server.current.db);
});

describe('a card that declines', () => {
  test.each([
    ['pm_sandbox_declined', 'card_declined', false],
    ['pm_sandbox_insufficient_funds', 'insufficient_funds', true],
    ['pm_of_somewhere_else', 'invalid_payment_method', false],
  ])('%s fails with %s', async (paymentMethodId, declineCode, retryable) => {
    const { token } = await server.current.signUp();
    const payload = await topUp(server.current, token, { paymentMethodId });
    expect(payload.topUp).toMatchObject({ status: 'FAILED', failureReason: expect.any(String) });
    expect(payload.wallet.balance.amount).toBe('0.00');
    expect(payload.errors).toEqual([
      expect.objectContaining({ __typename: 'PaymentDeclined', code: 'PAYMENT_DECLINED', declineCode, retryable, path: ['input', 'paymentMethodId'] }),
    ]);
    expect(await stored(server.current.db)).toEqual({ topUps: ['FAILED'], charges: 1, postings: 0 });
    await expectCleanWallets(server.current.db);
  });

  test('answers its key for ever, while another key may succeed', async () => {
    const { token } = await server.current.signUp();
    const declined = { idempotencyKey: 'first', paymentMethodId: 'pm_sandbox_declined' };
    const first = await topUp(server.current, token, declined);
    expect(await topUp(server.current, token, declined)).toEqual(first);
    const second = await topUp(server.current, token, { idempotencyKey: 'second' });
    expect(second.topUp.status).toBe('SUCCEEDED');
    expect((await topUp(server.current, token, declined)).topUp).toEqual(first.topUp);
    expect(await stored(server.current.db)).toEqual({ topUps: ['FAILED', 'SUCCEEDED'], charges: 2, postings: 1 });
    await expectCleanWallets(server.current.db);
  });
});

describe('a refusal says what is wrong and stores nothing', () => {
  test.each([
    ['nothing',              { amount: '0' },                        'AMOUNT_OUT_OF_RANGE', ['input', 'amount', 'amount'], '"0"'],
    ['less than nothing',    { amount: '-1' },                       'AMOUNT_OUT_OF_RANGE', ['input', 'amount', 'amount'], '"-1"'],
    ['too little',           { amount: '0.49' },                     'AMOUNT_OUT_OF_RANGE', ['input', 'amount', 'amount'], '$0.50'],
    ['too much',             { amount: '10000.01' },                 'AMOUNT_OUT_OF_RANGE', ['input', 'amount', 'amount'], '$10,000.00'],
    ['parts of a cent',      { amount: '10.005' },                   'INVALID_INPUT',       ['input', 'amount', 'amount'], '0.01 USD'],
    ['parts of a yen',       { amount: '10.5', currency: 'JPY' },    'INVALID_INPUT',       ['input', 'amount', 'amount'], '1 JPY'],
    ['seven digits',         { amount: '1.0000001' },                'PRECISION',           ['input', 'amount', 'amount'], '"1.0000001"'],
    ['no number',            { amount: '1e3' },                      'INVALID_INPUT',       ['input', 'amount', 'amount'], '"1e3"'],
    ['an unknown currency',  { currency: 'XXX' },                    'INVALID_INPUT',       ['input', 'amount', 'currency'], '"XXX"'],
    ['an empty key',         { idempotencyKey: '' },                 'INVALID_INPUT',       ['input', 'idempotencyKey'], '1'],
    ['an endless key',       { idempotencyKey: 'k'.repeat(256) },    'INVALID_INPUT',       ['input', 'idempotencyKey'], '255'],
    ['another provider',     { provider: 'STRIPE' },                 'PROVIDER_UNAVAILABLE', ['input', 'provider'], 'STRIPE'],
    ['a broken method',      { paymentMethodId: 'pm\u0000' },        'INVALID_INPUT',       ['input', 'paymentMethodId'], 'control'],
  ])('%s', async (_, wish, code, path, quoted) => {
    const { token } = await server.current.signUp();
    const key = { idempotencyKey: 'the key', ...wish };
    const payload = await topUp(server.current, token, key);
    expect(payload).toMatchObject({ topUp: null, wallet: null, errors: [{ code, path, message: expect.stringContaining(quoted) }] });
    expect(await stored(server.current.db)).toEqual({ topUps: [], charges: 0, postings: 0 });
    expect((await topUp(server.current, token, { idempotencyKey: 'the key' })).topUp.status).toBe('SUCCEEDED');
    await expectCleanWallets(server.current.db);
  });

  test('several mistakes at once', async () => {
    const { token } = await server.current.signUp();
    const { errors } = await topUp(server.current, token, { amount: 'ten', idempotencyKey: '' });
    expect(errors.map((error: { path: string[] }) => error.path.at(-1)).sort()).toEqual(['amount', 'idempotencyKey']);
  });

  test('a frozen account', async () => {
    const { personId, token } = await server.current.signUp();
    await server.current.db.query('UPDATE person SET frozen_at = now() WHERE id = $1', [personId]);
    expect((await topUp(server.current, token)).errors[0].code).toBe('ACCOUNT_FROZEN');
    expect((await stored(server.current.db)).topUps).toEqual([]);
  });

  test('nobody signed in', async () => {
    const answer = await server.current.graphql(topUpOperation, { input: topUpInput() });
    expect(answer.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  test('a currency whose books are halted, before any card is charged', async () => {
    const { token } = await server.current.signUp();
    await server.current.db.query(`INSERT INTO ledger_halt (currency, reason, halted_at) VALUES ('USD', 'a test', now())`);
    const answer = await server.current.graphql(topUpOperation, { input: topUpInput() }, token);
    expect(answer.errors?.[0]?.extensions.code).toBe('LEDGER_HALTED');
    expect(await stored(server.current.db)).toEqual({ topUps: [], charges: 0, postings: 0 });
  });
});

describe('a key', () => {
  test('answers the same top-up for the same input, however it is written', async () => {
    const { token } = await server.current.signUp();
    const first = await topUp(server.current, token, { idempotencyKey: 'k', amount: '10.00' });
    const again = await topUp(server.current, token, { idempotencyKey: 'k', amount: '10' });
    expect(again).toEqual(first);
    expect(await stored(server.current.db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
    await expectCleanWallets(server.current.db);
  });

  test.each([
    ['another amount', { amount: '11.00' }],
    ['an amount that is refused by itself', { amount: '10.005' }],
    ['another currency', { currency: 'EUR' }],
    ['another card', { paymentMethodId: 'pm_sandbox_declined' }],
    ['another provider', { provider: 'STRIPE' }],
  ])('with %s is a mismatch and writes nothing', async (_, wish) => {
    const { token } = await server.current.signUp();
    await topUp(server.current, token, { idempotencyKey: 'k' });
    const payload = await topUp(server.current, token, { idempotencyKey: 'k', ...wish });
    expect(payload).toMatchObject({ topUp: null, wallet: null, errors: [{ code: 'IDEMPOTENCY_MISMATCH', path: ['input', 'idempotencyKey'] }] });
    expect(await stored(server.current.db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
    await expectCleanWallets(server.current.db);
  });

  test('belongs to its account', async () => {
    const [one, other] = [await server.current.signUp(), await server.current.signUp()];
    await topUp(server.current, one.token, { idempotencyKey: 'k' });
    expect((await topUp(server.current, other.token, { idempotencyKey: 'k', amount: '2.00' })).wallet.balance.amount).toBe('2.00');
    await expectCleanWallets(server.current.db);
  });
});

describe('a provider that gives no answer', () => {
  test.each([
    ['throws', () => Promise.reject(new Error('socket hang up'))],
    ['never answers', () => new Promise<never>(() => {})],
    ['is still at it', () => Promise.resolve({ status: 'PENDING' } as const)],
  ])('and %s leaves the top-up pending; its key finds the outcome later', async (_, createCharge) => {
    const { services } = server.current;
    const { token } = await server.current.signUp();
    const honest = services.get(paymentProvidersService);
    provideSandbox(server.current, () => ({ createCharge }));
    const chargesWith = (providers: typeof honest) =>
      new Outcomes({ providers, clock: services.get(clockService), log: services.get(logService), answerWithinMs: 50 });
    services.provide(outcomesService, chargesWith(services.get(paymentProvidersService)));
    const pending = await topUp(server.current, token, { idempotencyKey: 'k' });
    expect(pending).toMatchObject({ topUp: { status: 'PENDING', failureReason: null }, wallet: { balance: { amount: '0.00' } }, errors: [] });
    expect(await stored(server.current.db)).toEqual({ topUps: ['PENDING'], charges: 0, postings: 0 });
    await expectCleanWallets(server.current.db);

    const later = await server.another();
    const settled = await topUp(later, token, { idempotencyKey: 'k' });
    expect(settled).toMatchObject({ topUp: { id: pending.topUp.id, status: 'SUCCEEDED' }, wallet: { balance: { amount: '10.00' } }, errors: [] });
    expect(await stored(server.current.db)).toEqual({ topUps: ['SUCCEEDED'], charges: 1, postings: 1 });
    await expectCleanWallets(server.current.db);
  });
});

test.each([
  ['10.00', 'USD', { preview: { amount: { amount: '10.00' }, charged: { amount: '10.61' }, processorFee: { amount: '0.61' } }, errors: [] }],
  ['0.01', 'USD', { preview: null, errors: [{ code: 'AMOUNT_OUT_OF_RANGE', path: ['amount', 'amount'] }] }],
  ['1.005', 'USD', { preview: null, errors: [{ code: 'INVALID_INPUT', path: ['amount', 'amount'] }] }],
  ['1', 'usd', { preview: null, errors: [{ code: 'INVALID_INPUT', path: ['amount', 'currency'] }] }],
])('a preview of %s %s', async (amount, currency, expected) => {
  const operation = `query ($amount: MoneyInput!) {
    previewTopUp(amount: $amount) { preview { amount { amount } charged { amount } processorFee { amount } } errors { code path } }
  }`;
  const { data } = await server.current.graphql(operation, { amount: { amount, currency } });
  expect(data.previewTopUp).toEqual(expected);
});
