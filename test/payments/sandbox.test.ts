import { expect, test } from '@jest/globals';
import { sandboxRail } from '../../src/payments/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { chargeRequest, openSandbox } from './support.ts';

const database = eachTestDatabase();

const sandbox = () => openSandbox(database.current).provider;

async function charges(): Promise<number> {
  const [row] = await database.current.db.query<{ count: bigint }>('SELECT count(*) FROM sandbox_charge');
  return Number(row?.count);
}

test.each([
  ['USD', 10_000n,    500_000n],
  ['EUR', 10_000n,    500_000n],
  ['JPY', 1_000_000n, 1_000_000n],
  ['KWD', 1_000n,     500_000n],
])('the rail takes %s in steps of %s micros, from %s', (currency, stepMicros, minimumMicros) => {
  expect(sandboxRail(currency, 'CHARGE')).toEqual({ bps: 290, fixedMicros: 300_000n, stepMicros, minimumMicros });
});

test('the rail takes nothing that is no currency', () => {
  expect(sandboxRail('XXX', 'CHARGE')).toBeNull();
});

test.each([
  ['USD', 10_610_000n,    610_000n],
  ['USD', 10_000_000n,    590_000n],
  ['USD', 500_000n,       320_000n],
  ['JPY', 1_031_000_000n, 31_000_000n],
  ['KWD', 5_459_000n,     459_000n],
])('of a charge in %s of %s micros it keeps %s', async (currency, amountMicros, feeMicros) => {
  const outcome = await sandbox().createCharge(chargeRequest({ currency, amountMicros }));
  expect(outcome).toEqual({ status: 'SUCCEEDED', chargeId: expect.stringMatching(/^ch_sandbox_/), feeMicros });
});

test.each([
  ['pm_sandbox_declined', 'card_declined', false],
  ['pm_sandbox_insufficient_funds', 'insufficient_funds', true],
  ['pm_unheard_of', 'invalid_payment_method', false],
])('%s declines with %s', async (paymentMethod, code, retryable) => {
  const outcome = await sandbox().createCharge(chargeRequest({ paymentMethod }));
  expect(outcome).toEqual({ status: 'DECLINED', code, retryable, message: expect.stringMatching(/\.$/) });
  expect(await sandbox().readCharge('k')).toEqual(outcome);
});

test('the same key is the same charge, asked one after another or all at once', async () => {
  const one = sandbox();
  const first = await one.createCharge(chargeRequest());
  const more = await Promise.all(Array.from({ length: 20 }, () => one.createCharge(chargeRequest())));
  expect(new Set([first, ...more, await one.readCharge('k')].map((one) => JSON.stringify(one, (_, value) => (typeof value === 'bigint' ? String(value) : value))))).toHaveProperty('size', 1);
  expect(await charges()).toBe(1);
});

test('a declined key stays declined', async () => {
  const declined = chargeRequest({ paymentMethod: 'pm_sandbox_declined' });
  const first = await sandbox().createCharge(declined);
  expect(await sandbox().createCharge(declined)).toEqual(first);
  expect(await charges()).toBe(1);
});

test.each([
  ['amount', { amountMicros: 10_620_000n }],
  ['currency', { currency: 'EUR' }],
  ['payment method', { paymentMethod: 'pm_sandbox_declined' }],
])('the same key with another %s is an error', async (_, changes) => {
  await sandbox().createCharge(chargeRequest());
  await expect(sandbox().createCharge(chargeRequest(changes))).rejects.toThrow('another charge under the key k');
  expect(await charges()).toBe(1);
});

test.each([
  ['parts of a step', { amountMicros: 10_615_000n }],
  ['too little', { amountMicros: 490_000n }],
  ['no currency', { currency: 'XXX' }],
])('what the rail does not take is an error: %s', async (_, changes) => {
  await expect(sandbox().createCharge(chargeRequest(changes))).rejects.toThrow('does not charge');
  expect(await charges()).toBe(0);
});

test('a key that was never used is unknown', async () => {
  expect(await sandbox().readCharge('never')).toBeNull();
});
