import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { add, compare, equal, fitsInMicros, MAX_MICROS, MICROS_PER_UNIT, money, subtract, zero, type Money } from '../../src/money/room.ts';

const usd = (micros: bigint): Money => money(micros, 'USD');
const anyMicros = fc.bigInt({ min: -MAX_MICROS, max: MAX_MICROS });

describe('money', () => {
  test('counts millionths of the major unit, whatever the currency', () => {
    expect(MICROS_PER_UNIT).toBe(1_000_000n);
    expect(money(500_000_000n, 'JPY')).toEqual({ micros: 500_000_000n, currency: 'JPY' });
    expect(zero('KWD')).toEqual({ micros: 0n, currency: 'KWD' });
  });

  test.each([
    // micros               fits
    [0n,                    true],
    [9223372036854775807n,  true],
    [9223372036854775808n,  false],
    [-9223372036854775807n, true],
    [-9223372036854775808n, false],
  ])('of %s micros is in range: %s', (micros, fits) => {
    expect(fitsInMicros(micros)).toBe(fits);
    if (fits) expect(usd(micros).micros).toBe(micros);
    else expect(() => usd(micros)).toThrow(`${micros} micros are out of range: the limit is ±9223372036854775807`);
  });

  test('refuses, as bugs, an unknown currency and micros that are no bigint', () => {
    expect(() => money(1n, 'usd')).toThrow('"usd" is not an active ISO 4217 currency');
    expect(() => zero('XXX')).toThrow(RangeError);
    expect(() => money('5' as unknown as bigint, 'USD')).toThrow('micros must be a bigint, not the string "5"');
    expect(() => money(5 as unknown as bigint, 'USD')).toThrow(TypeError);
  });

  test('adds and subtracts exactly, and never out of range', () => {
    fc.assert(fc.property(anyMicros, anyMicros, (a, b) => {
      const outcomes = [[a + b, () => add(usd(a), usd(b))], [a - b, () => subtract(usd(a), usd(b))]] as const;
      for (const [expected, run] of outcomes) {
        if (fitsInMicros(expected)) expect(run()).toEqual({ micros: expected, currency: 'USD' });
        else expect(run).toThrow(RangeError);
      }
    }));
  });

  test.each([
    // a     b    compare  equal
    [1n,     2n,  -1,      false],
    [2n,     2n,   0,      true],
    [3n,     2n,   1,      false],
    [-1n,    0n,  -1,      false],
  ])('compares %s with %s as %s', (a, b, order, same) => {
    expect(compare(usd(a), usd(b))).toBe(order);
    expect(equal(usd(a), usd(b))).toBe(same);
  });

  test.each([['add', add], ['subtract', subtract], ['compare', compare], ['equal', equal]] as const)('never mixes currencies: %s', (_, operation) => {
    expect(() => operation(zero('USD'), zero('EUR'))).toThrow('cannot mix USD and EUR: there is no currency conversion');
  });
});
