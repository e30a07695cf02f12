import { expect, test } from '@jest/globals';
import { dayMs, TestClock } from '../support/clock.ts';
import { eachTestServer } from '../support/server.ts';
import { balanceOf, earn, expectCleanPayouts, makePage, openBank, requestPayout } from './support.ts';

const clock = new TestClock('2026-01-01T00:00:00Z');
const server = eachTestServer({ clock, environment: { PLATFORM_FEE_BPS: '0' } });

/** What may be paid out at moments after one credit: a credit is held its days, and to the end of the hour in which they are over. */
test.each([
  ['2026-01-31T23:59:59.999Z', '2026-02-07T23:59:59.999Z', '0.00'],
  ['2026-01-31T23:59:59.999Z', '2026-02-08T00:00:00Z',     '5.00'],
  ['2026-02-28T10:00:00Z',     '2026-03-07T10:59:59Z',     '0.00'],
  ['2026-02-28T10:00:00Z',     '2026-03-07T11:00:00Z',     '5.00'],
  ['2028-02-28T23:00:00Z',     '2028-03-06T23:59:59Z',     '0.00'],
  ['2028-02-28T23:00:00Z',     '2028-03-07T00:00:00Z',     '5.00'],
  ['2026-12-31T23:30:00Z',     '2027-01-07T23:59:59Z',     '0.00'],
  ['2026-12-31T23:30:00Z',     '2027-01-08T00:00:00Z',     '5.00'],
  // The hour that daylight saving skips, and the one that it repeats, are hours like any other.
  ['2026-03-29T01:30:00Z',     '2026-04-05T02:00:00Z',     '5.00'],
  ['2026-10-25T00:30:00Z',     '2026-11-01T00:59:59Z',     '0.00'],
])('of 5.00 earned at %s, at %s %s may be paid out', async (earned, asked, payable) => {
  openBank(server.current.services);
  clock.moveTo(earned);
  const page = await makePage(server.current);
  await earn(server.current, page, 5_000_000n);
  clock.moveTo(asked);
  const balance = await balanceOf(server.current, page);
  expect([balance.payable, balance.held]).toEqual(payable === '0.00' ? ['0.00', '5.00'] : ['5.00', '0.00']);
  const { errors } = await requestPayout(server.current, page, '5.00');
  expect(errors.map((error: { code: string }) => error.code)).toEqual(payable === '0.00' ? ['FUNDS_HELD'] : []);
  await expectCleanPayouts(server.current.db);
});

test('credits of many hours come free one after another, and a refusal says how much is', async () => {
  openBank(server.current.services);
  clock.moveTo('2026-05-01T00:00:00Z');
  const page = await makePage(server.current);
  for (let hour = 0; hour < 6; hour++) {
    await earn(server.current, page, 1_000_000n);
    clock.pass(3_600_000);
  }
  for (let hour = 0; hour <= 6; hour++) {
    clock.moveTo(new Date(Date.parse('2026-05-08T00:30:00Z') + hour * 3_600_000).toISOString());
    const balance = await balanceOf(server.current, page);
    expect([balance.payable, balance.held]).toEqual([`${hour}.00`, `${6 - hour}.00`]);
    const { errors } = await requestPayout(server.current, page, `${hour + 1}.00`);
    const over = hour === 6 ? 'INSUFFICIENT_FUNDS' : 'FUNDS_HELD';
    expect(errors).toEqual([expect.objectContaining({ code: over, message: expect.stringContaining(`$${hour}.00`) })]);
  }
  expect((await requestPayout(server.current, page, '6.00')).payout.status).toBe('SUCCEEDED');
  await expectCleanPayouts(server.current.db);
});

test('without a hold period a tip may be paid out at once', async () => {
  const other = await server.another({ environment: { PLATFORM_FEE_BPS: '0', PAYOUT_HOLD_DAYS: '0' } });
  openBank(other.services);
  const page = await makePage(other);
  await earn(other, page, 5_000_000n);
  expect((await requestPayout(other, page, '5.00')).payout.status).toBe('SUCCEEDED');
  await expectCleanPayouts(other.db);
});

test('what was paid out is not held, and new earnings beside it are', async () => {
  openBank(server.current.services);
  const page = await makePage(server.current);
  await earn(server.current, page, 8_000_000n);
  clock.pass(8 * dayMs);
  await earn(server.current, page, 3_000_000n);
  expect((await requestPayout(server.current, page, '8.00')).payout.status).toBe('SUCCEEDED');
  expect(await balanceOf(server.current, page)).toMatchObject({ available: '0.00', held: '3.00', paidOut: '8.00' });
  await expectCleanPayouts(server.current.db);
});
