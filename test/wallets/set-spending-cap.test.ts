import { afterEach, expect, test } from '@jest/globals';
import { tipSenderService } from '../../src/tips/room.ts';
import { dayMs, hourMs, TestClock } from '../support/clock.ts';
import { eachTestServer } from '../support/server.ts';
import { fundWallet, makeCreator } from '../support/world.ts';
import { wish } from '../tips/support.ts';
import { expectCleanWallets } from './support.ts';

const start = '2026-02-27T18:00:00.000Z'; // Friday
const clock = new TestClock(start);
const server = eachTestServer({ clock });

afterEach(async () => {
  clock.moveTo(start);
  await expectCleanWallets(server.database.db);
});

const caps = 'spendingCaps { period limit { amount currency } used { amount } resetsAt pendingLimit { amount } pendingAt }';
const operation = `mutation Cap($input: SetSpendingCapInput!) {
  setSpendingCap(input: $input) {
    viewer { displayName ${caps} }
    errors { __typename code message path ... on AmountOutOfRange { minimum { amount } maximum { amount } } }
  }
}`;

interface Input {
  readonly period?: string;
  readonly currency?: string;
  readonly limit?: string | null;
}

async function setCap(token: string, { period = 'MONTH', currency = 'USD', ...limit }: Input) {
  const answer = await server.current.graphql(operation, { input: { period, currency, ...limit } }, token);
  expect(answer.errors).toBeUndefined();
  return answer.data.setSpendingCap;
}

async function capsOf(token: string) {
  return (await server.current.graphql(`{ viewer { ${caps} } }`, {}, token)).data.viewer.spendingCaps;
}

const shown = (limit: string, others: object = {}) => ({
  period: 'MONTH', limit: { amount: limit, currency: 'USD' }, used: { amount: '0.00' }, resetsAt: '2026-03-01T00:00:00.000Z',
  pendingLimit: null, pendingAt: null, ...others,
});

test('a cap is set, lowered at once, raised after 24 hours and lifted after 24 more', async () => {
  const { token } = await server.current.signUp();
  const now = async (expected: object[]) => expect(await capsOf(token)).toEqual(expected);
  expect(await setCap(token, { limit: '20' })).toEqual({ viewer: { displayName: 'Ada', spendingCaps: [shown('20.00')] }, errors: [] });
  await setCap(token, { limit: '15.5' });
  await now([shown('15.50')]);

  const waits = { pendingLimit: { amount: '30.00' }, pendingAt: '2026-02-28T18:00:00.000Z' };
  expect((await setCap(token, { limit: '30.00' })).viewer.spendingCaps).toEqual([shown('15.50', waits)]);
  clock.pass(hourMs);
  await setCap(token, { limit: '30' });
  await now([shown('15.50', waits)]);
  clock.moveTo('2026-02-28T17:59:59.999Z');
  await now([shown('15.50', waits)]);
  clock.pass(1);
  await now([shown('30.00')]);

  await setCap(token, { limit: null });
  await now([shown('30.00', { pendingAt: '2026-03-01T18:00:00.000Z' })]);
  clock.pass(dayMs - 1);
  await now([shown('30.00', { resetsAt: '2026-04-01T00:00:00.000Z', pendingAt: '2026-03-01T18:00:00.000Z' })]);
  clock.pass(1);
  await now([]);
  await setCap(token, { limit: '900' });
  await now([shown('900.00', { resetsAt: '2026-04-01T00:00:00.000Z' })]);
});

test('a lower limit drops a raise and a lifting that wait', async () => {
  const { token } = await server.current.signUp();
  await setCap(token, { limit: '20' });
  await setCap(token, { limit: '30' });
  await setCap(token, { limit: '19.999999' });
  expect(await capsOf(token)).toEqual([shown('19.999999')]);
  await setCap(token, {});
  await setCap(token, { limit: '0' });
  clock.pass(2 * dayMs);
  expect(await capsOf(token)).toEqual([shown('0.00', { resetsAt: '2026-04-01T00:00:00.000Z' })]);
});

test('caps are listed by currency and period, with what was used and when they reset, and are their owner\'s alone', async () => {
  const [{ token, personId }, other] = [await server.current.signUp(), await server.current.signUp()];
  for (const period of ['YEAR', 'DAY', 'MONTH', 'WEEK']) await setCap(token, { period, limit: '10' });
  await setCap(token, { period: 'DAY', currency: 'JPY', limit: '500' });
  await setCap(token, { period: 'YEAR', currency: 'EUR', limit: '1.25' });
  await fundWallet(server.database.db, personId, 2_000n);
  const creator = await makeCreator(server.database.db);
  for (const [moment, amountMicros] of [
    ['2026-01-01T00:00:00.000Z', 1n], ['2026-02-01T00:00:00.000Z', 10n], ['2026-02-23T00:00:00.000Z', 100n], [start, 1_000n],
  ] as const) {
    clock.moveTo(moment);
    const outcome = await server.current.services.get(tipSenderService).send(wish({ senderId: personId, creatorId: creator.id, amountMicros }));
    expect(outcome.kind).toBe('SENT');
  }
  const line = (cap: any) => `${cap.period} ${cap.limit.amount} ${cap.limit.currency} ${cap.used.amount} ${cap.resetsAt.slice(0, 10)}`;
  expect((await capsOf(token)).map(line)).toEqual([
    'YEAR 1.25 EUR 0.00 2027-01-01',
    'DAY 500 JPY 0 2026-02-28',
    'DAY 10.00 USD 0.001 2026-02-28',
    'WEEK 10.00 USD 0.0011 2026-03-02',
    'MONTH 10.00 USD 0.00111 2026-03-01',
    'YEAR 10.00 USD 0.001111 2027-01-01',
  ]);
  expect(await capsOf(other.token)).toEqual([]);
});

const outOfRange = { minimum: { amount: '0.00' }, maximum: { amount: '9223372036854.775807' } };
test.each<[Input, { code: string; path: string[] } & Record<string, unknown>]>([
  [{ period: 'ALL_TIME', limit: '1' }, { code: 'INVALID_INPUT', path: ['input', 'period'] }],
  [{ period: 'ALL_TIME', limit: null }, { code: 'INVALID_INPUT', path: ['input', 'period'] }],
  [{ limit: '-1' }, { code: 'AMOUNT_OUT_OF_RANGE', path: ['input', 'limit'], ...outOfRange }],
  [{ limit: '9223372036854.775808' }, { code: 'AMOUNT_OUT_OF_RANGE', path: ['input', 'limit'], ...outOfRange }],
  [{ limit: '0.0000001' }, { code: 'PRECISION', path: ['input', 'limit'] }],
  [{ limit: '1e3' }, { code: 'INVALID_INPUT', path: ['input', 'limit'] }],
  [{ limit: '' }, { code: 'INVALID_INPUT', path: ['input', 'limit'] }],
  [{ limit: '٣' }, { code: 'INVALID_INPUT', path: ['input', 'limit'] }],
  [{ limit: '1', currency: 'usd' }, { code: 'INVALID_INPUT', path: ['input', 'currency'] }],
  [{ limit: null, currency: 'XXX' }, { code: 'INVALID_INPUT', path: ['input', 'currency'] }],
  [{ limit: '99999999999999999999', currency: 'XXX' }, { code: 'INVALID_INPUT', path: ['input', 'currency'] }],
])('the cap %j is refused', async (input, error) => {
  const { token } = await server.current.signUp();
  const { viewer, errors } = await setCap(token, input);
  expect(viewer).toBeNull();
  expect(errors).toEqual([expect.objectContaining(error)]);
  expect(await capsOf(token)).toEqual([]);
});

test('every mistake is told at once, and the message says what is allowed', async () => {
  const { token } = await server.current.signUp();
  const { errors } = await setCap(token, { period: 'ALL_TIME', currency: 'usd', limit: '5' });
  expect(errors.map((error: { message: string }) => error.message)).toEqual([
    'ALL_TIME cannot be capped: use DAY, WEEK, MONTH, YEAR.',
    '"usd" is not a currency code: codes are upper case, such as "USD"',
  ]);
});

test('nobody sets a cap without signing in', async () => {
  const answer = await server.current.graphql(operation, { input: { period: 'DAY', currency: 'USD', limit: '1' } });
  expect(answer.errors?.map((error) => error.extensions.code)).toEqual(['UNAUTHENTICATED']);
});

test('asked by two servers at the same time, one limit after another holds: never a higher one than the lowest', async () => {
  const [{ token }, second] = [await server.current.signUp(), await server.another()];
  const limits = Array.from({ length: 20 }, (_, index) => String(index + 1));
  await Promise.all(limits.map((limit, index) =>
    (index % 2 ? second : server.current).graphql(operation, { input: { period: 'DAY', currency: 'USD', limit } }, token)));
  const [cap] = await capsOf(token);
  expect(cap.limit.amount).toBe('1.00');
});
