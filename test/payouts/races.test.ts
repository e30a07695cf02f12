import { expect, test } from '@jest/globals';
import { paymentProvidersService } from '../../src/payments/room.ts';
import { dayMs, TestClock } from '../support/clock.ts';
import { eachTestServer } from '../support/server.ts';
import { balanceOf, earn, expectCleanPayouts, makePage, openBank, requestPayout } from './support.ts';

const clock = new TestClock('2026-03-01T12:00:00Z');
const server = eachTestServer({ clock, environment: { PLATFORM_FEE_BPS: '0' } });

/** Two processes with one bank, and a page that earned so much long ago. */
async function scene(micros: bigint) {
  const { current } = server;
  const other = await server.another();
  const bank = openBank(current.services);
  other.services.provide(paymentProvidersService, current.services.get(paymentProvidersService));
  const page = await makePage(current);
  await earn(current, page, micros);
  clock.pass(9 * dayMs);
  return { bank, page, process: (index: number) => (index % 2 === 0 ? current : other) };
}

const codes = (payloads: readonly { errors: readonly { code: string }[] }[]) => [...new Set(payloads.flatMap(({ errors }) => errors.map(({ code }) => code)))];

test('of 200 requests at a time for all that is payable, through two processes, one succeeds', async () => {
  const { bank, page, process } = await scene(100_000_000n);
  const payloads = await Promise.all(Array.from({ length: 200 }, (_, index) => requestPayout(process(index), page, '100.00')));
  expect(payloads.filter(({ payout }) => payout?.status === 'SUCCEEDED')).toHaveLength(1);
  expect(payloads.filter(({ payout }) => payout === null)).toHaveLength(199);
  expect(codes(payloads)).toEqual(['INSUFFICIENT_FUNDS']);
  expect(bank.asked).toHaveLength(1);
  expect(await balanceOf(server.current, page)).toMatchObject({ available: '0.00', inTransit: '0.00', paidOut: '100.00' });
  await expectCleanPayouts(server.current.db);
});

test('200 requests with one key are one payout', async () => {
  const { bank, page, process } = await scene(100_000_000n);
  const payloads = await Promise.all(Array.from({ length: 200 }, (_, index) => requestPayout(process(index), page, '40.00', { idempotencyKey: 'k' })));
  expect(new Set(payloads.map(({ payout }) => payout.id)).size).toBe(1);
  expect(bank.asked.map(({ amountMicros }) => amountMicros)).toEqual([40_000_000n]);
  expect(await balanceOf(server.current, page)).toMatchObject({ available: '60.00', paidOut: '40.00' });
  await expectCleanPayouts(server.current.db);
});

test('requests of many sizes at a time never take more than is payable, while tips arrive', async () => {
  const { bank, page, process } = await scene(50_000_000n);
  const amounts = Array.from({ length: 60 }, (_, index) => `${1 + (index % 7)}.00`);
  const [payloads] = await Promise.all([
    Promise.all(amounts.map((amount, index) => requestPayout(process(index), page, amount))),
    (async () => {
      for (let tips = 0; tips < 20; tips++) await earn(server.current, page, 1_000_000n);
    })(),
  ]);
  const paid = payloads.filter(({ payout }) => payout !== null).reduce((sum, { payout }) => sum + Number(payout.amount.amount), 0);
  expect(paid).toBeLessThanOrEqual(50);
  // What was refused last was more than the rest: no more than seven are left.
  expect(paid).toBeGreaterThan(43);
  expect(codes(payloads).every((code) => code === 'FUNDS_HELD' || code === 'INSUFFICIENT_FUNDS')).toBe(true);
  expect(bank.asked.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)).toBe(BigInt(paid) * 1_000_000n);
  expect(await balanceOf(server.current, page)).toMatchObject({ held: '20.00', paidOut: `${paid}.00`, inTransit: '0.00' });
  await expectCleanPayouts(server.current.db);
});
