import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatDecimal, money, parseAmount, railFeeOf } from '../../src/money/room.ts';
import { sandboxRail, type Rail } from '../../src/payments/room.ts';
import { quoteTopUp, type FeePayer } from '../../src/wallets/room.ts';

const railOf = (currency: string) => sandboxRail(currency, 'CHARGE') as Rail;

function quote(amount: string, currency: string, feePayer: FeePayer): string {
  const parsed = parseAmount({ amount, currency });
  if (!parsed.ok) throw new Error(parsed.message);
  const outcome = quoteTopUp(parsed.money, railOf(currency), feePayer);
  switch (outcome.kind) {
    case 'QUOTED': {
      const { charged, processorFee } = outcome.quote;
      return `${formatDecimal(charged.micros, currency)} fee ${formatDecimal(processorFee.micros, currency)}`;
    }
    case 'AMOUNT_OUT_OF_RANGE':
      return `${formatDecimal(outcome.minimum.micros, currency)} to ${formatDecimal(outcome.maximum.micros, currency)}`;
    case 'NOT_WHOLE_STEPS':
      return `steps of ${formatDecimal(outcome.step.micros, currency)}`;
    case 'CURRENCY_NOT_TAKEN':
      return 'not taken';
  }
}

test.each([
  ['10.00',    'USD', 'fan',      '10.61 fee 0.61'],
  ['10.00',    'USD', 'platform', '10.00 fee 0.00'],
  ['0.50',     'USD', 'fan',      '0.83 fee 0.33'],
  ['0.49',     'USD', 'fan',      '0.50 to 10000.00'],
  ['10000.00', 'USD', 'fan',      '10298.98 fee 298.98'],
  ['10000.01', 'USD', 'fan',      '0.50 to 10000.00'],
  ['10.005',   'USD', 'fan',      'steps of 0.01'],
  ['10.005',   'USD', 'platform', 'steps of 0.01'],
  ['25.00',    'EUR', 'fan',      '26.06 fee 1.06'],
  ['25.00',    'EUR', 'platform', '25.00 fee 0.00'],
  ['1000',     'JPY', 'fan',      '1031 fee 31'],
  ['1000',     'JPY', 'platform', '1000 fee 0'],
  ['1',        'JPY', 'fan',      '2 fee 1'],
  ['0.5',      'JPY', 'fan',      '1 to 1000000'],
  ['20000000', 'IDR', 'platform', '20000000.00 fee 0.00'],
  ['0.5',      'IDR', 'fan',      '0.83 fee 0.33'],
  ['0.49',     'IDR', 'fan',      '0.50 to 100000000.00'],
  ['1000.5',   'JPY', 'fan',      'steps of 1'],
  ['5.000',    'KWD', 'fan',      '5.459 fee 0.459'],
  ['5.125',    'KWD', 'platform', '5.125 fee 0.000'],
  ['5.1255',   'KWD', 'fan',      'steps of 0.001'],
] as const)('a top-up of %s %s with the fee on the %s costs %s', (amount, currency, feePayer, expected) => {
  expect(quote(amount, currency, feePayer)).toBe(expected);
});

test('a currency that the rail does not take is refused', () => {
  expect(quoteTopUp(money(10_000_000n, 'USD'), null, 'fan')).toEqual({ kind: 'CURRENCY_NOT_TAKEN', currency: 'USD' });
});

test('the fan pays what the rail keeps, to the step: the wallet gets its amount, and the platform neither gains nor loses', () => {
  const currencies = fc.constantFrom('USD', 'EUR', 'JPY', 'KWD', 'ISK', 'MGA');
  fc.assert(
    fc.property(currencies, fc.bigInt({ min: 0n, max: 1_000_000n }), (currency, steps) => {
      const rail = railOf(currency);
      const amount = money(rail.minimumMicros + steps * rail.stepMicros, currency);
      const outcome = quoteTopUp(amount, rail, 'fan');
      fc.pre(outcome.kind === 'QUOTED');
      expect(outcome.quote.charged.micros - railFeeOf(outcome.quote.charged.micros, rail)).toBe(amount.micros);
      expect(outcome.quote.processorFee.micros).toBe(railFeeOf(outcome.quote.charged.micros, rail));
    }),
  );
});
