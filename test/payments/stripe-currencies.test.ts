import { describe, expect, test } from '@jest/globals';
import { CURRENCIES, formatDecimal } from '../../src/money/room.ts';
import { fromStripeAmount, stripeCurrency, stripeRail, toStripeAmount } from '../../src/payments/stripe/stripe-currencies.ts';

/** What Stripe's page on currencies says, written down apart from the code: docs.stripe.com/currencies. */
const zeroDecimal = 'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' ');
const hundreds = 'ISK UGX'.split(' ');
const threeDecimal = 'BHD JOD KWD OMR TND'.split(' ');
const wholePayouts = 'HUF TWD'.split(' ');
const notTaken = 'BTN CUP ERN GHS IQD IRR KPW LYD MRU SDG SSP SVC SYP TMT VED VES ZWG'.split(' ');

/** What Stripe receives for 1234 major units of a currency. */
function expectedAmount(code: string): number {
  if (zeroDecimal.includes(code)) return 1_234;
  return threeDecimal.includes(code) ? 1_234_000 : 123_400;
}

/** The smallest amount that a charge may differ by, as Stripe counts it. */
function expectedStep(code: string): number {
  if (hundreds.includes(code)) return 100;
  return threeDecimal.includes(code) ? 10 : 1;
}

const taken = CURRENCIES.filter(({ code }) => !notTaken.includes(code));

test('every currency that wallets hold has a rule, or is known not to be taken', () => {
  expect(CURRENCIES.length).toBeGreaterThan(150);
  expect(CURRENCIES.filter(({ code }) => stripeCurrency(code) === null).map(({ code }) => code)).toEqual(notTaken);
  const special = [...zeroDecimal, ...hundreds, ...threeDecimal, ...wholePayouts];
  expect(special.filter((code) => !taken.some((currency) => currency.code === code))).toEqual([]);
});

describe.each(taken.map(({ code, name }) => [code, name] as const))('%s (%s)', (code) => {
  const micros = 1_234_000_000n;
  const rail = stripeRail(code, 'CHARGE')!;

  test('is received by Stripe as its rules say, and read back as it was', () => {
    expect(toStripeAmount(micros, code, 'CHARGE')).toBe(expectedAmount(code));
    expect(fromStripeAmount(expectedAmount(code), code.toLowerCase())).toBe(micros);
  });

  test('takes steps of its own, and nothing between them', () => {
    const next = micros + rail.stepMicros;
    expect(toStripeAmount(next, code, 'CHARGE') - toStripeAmount(micros, code, 'CHARGE')).toBe(expectedStep(code));
    expect(toStripeAmount(next, code, 'REFUND')).toBe(toStripeAmount(next, code, 'CHARGE'));
    expect(() => toStripeAmount(micros + rail.stepMicros / 2n, code, 'CHARGE')).toThrow(`Stripe does not charge ${micros + rail.stepMicros / 2n} micros of ${code}`);
    expect(rail.minimumMicros % rail.stepMicros).toBe(0n);
  });

  test('is paid out in whole units where Stripe says so', () => {
    const isWhole = [...zeroDecimal, ...hundreds, ...wholePayouts].includes(code);
    expect(formatDecimal(stripeRail(code, 'PAYOUT')!.stepMicros, code)).toMatch(isWhole ? /^1(\.0+)?$/ : /^0\.010?$/);
  });
});

test.each([
  ['USD', '10.99',  10_990_000n,    1_099],
  ['JPY', '500',    500_000_000n,   500],
  ['ISK', '5',      5_000_000n,     500],
  ['UGX', '5',      5_000_000n,     500],
  ['KWD', '5.12',   5_120_000n,     5_120],
  ['MGA', '12',     12_000_000n,    12],
  ['HUF', '10.45',  10_450_000n,    1_045],
])('in %s a charge of %s (%s micros) is %s at Stripe', (code, _, micros, amount) => {
  expect(toStripeAmount(micros, code, 'CHARGE')).toBe(amount);
});

test.each([
  ['a fraction of a yen', 500_500_000n, 'JPY', 'CHARGE'],
  ['a fraction of a króna', 5_500_000n, 'ISK', 'CHARGE'],
  ['5.124 dinars, whose last digit is not 0', 5_124_000n, 'KWD', 'CHARGE'],
  ['10.45 forint to a bank', 10_450_000n, 'HUF', 'PAYOUT'],
  ['less than nothing', -10_000n, 'USD', 'REFUND'],
  ['a currency that Stripe does not take', 1_000_000n, 'IRR', 'CHARGE'],
] as const)('%s is refused, never rounded', (_, micros, code, operation) => {
  expect(() => toStripeAmount(micros, code, operation)).toThrow(RangeError);
});
