import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  CURRENCIES, currencyOf, fitsInMicros, formatDecimal, isCurrencyCode, MAX_MICROS, money, parseAmount, parseDecimal,
} from '../../src/money/room.ts';

const anyMicros = fc.bigInt({ min: -MAX_MICROS, max: MAX_MICROS });
const anyCurrency = fc.constantFrom(...CURRENCIES.map(({ code }) => code));
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'0123456789.-+eE ,_x\n\u0000\ud800５٣') }),
  fc.string({ unit: fc.constantFrom(...'0123456789.'), minLength: 50, maxLength: 80 }),
);

describe('parseDecimal', () => {
  test.each([
    ['0',                      0n],
    ['-0',                     0n],
    ['5',                      5_000_000n],
    ['0.05',                   50_000n],
    ['0.000001',               1n],
    ['-0.000001',              -1n],
    ['007.50',                 7_500_000n],
    ['12.345678',              12_345_678n],
    ['9223372036854.775807',   MAX_MICROS],
    ['-9223372036854.775807',  -MAX_MICROS],
    ['0'.repeat(63) + '1',     1_000_000n],
  ])('reads %j exactly', (text, micros) => {
    expect(parseDecimal(text)).toEqual({ ok: true, micros });
  });

  test.each([
    ['',                       'NOT_A_DECIMAL'],
    [' ',                      'NOT_A_DECIMAL'],
    [' 1',                     'NOT_A_DECIMAL'],
    ['1 ',                     'NOT_A_DECIMAL'],
    ['1\n',                    'NOT_A_DECIMAL'],
    ['1 000',                  'NOT_A_DECIMAL'],
    ['1,000',                  'NOT_A_DECIMAL'],
    ['1_000',                  'NOT_A_DECIMAL'],
    ['+1',                     'NOT_A_DECIMAL'],
    ['--1',                    'NOT_A_DECIMAL'],
    ['-',                      'NOT_A_DECIMAL'],
    ['.',                      'NOT_A_DECIMAL'],
    ['.5',                     'NOT_A_DECIMAL'],
    ['5.',                     'NOT_A_DECIMAL'],
    ['1.2.3',                  'NOT_A_DECIMAL'],
    ['1e3',                    'NOT_A_DECIMAL'],
    ['0x10',                   'NOT_A_DECIMAL'],
    ['NaN',                    'NOT_A_DECIMAL'],
    ['Infinity',               'NOT_A_DECIMAL'],
    ['５',                     'NOT_A_DECIMAL'],
    ['٣',                      'NOT_A_DECIMAL'],
    ['−1',                     'NOT_A_DECIMAL'],
    ['1\u0000',                'NOT_A_DECIMAL'],
    ['\ud800',                 'NOT_A_DECIMAL'],
    ['0.0000001',              'PRECISION'],
    ['1.0000000',              'PRECISION'],
    ['9223372036854.775808',   'TOO_LARGE'],
    ['-9223372036854.775808',  'TOO_LARGE'],
    ['9223372036854775808',    'TOO_LARGE'],
    ['9'.repeat(64),           'TOO_LARGE'],
    ['0'.repeat(65),           'TOO_LONG'],
    ['0.' + '0'.repeat(63),    'TOO_LONG'],
    ['1'.repeat(1_000_000),    'TOO_LONG'],
  ])('refuses %.40j as %s', (text, problem) => {
    expect(parseDecimal(text)).toMatchObject({ ok: false, problem });
  });

  test.each([
    ['1e3', '"1e3" is not a decimal number: write the digits 0-9 with at most one point between them, such as "5", "0.05" or "0.000001"'],
    ['0.0000001', '"0.0000001" has 7 digits after the point: at most 6 are allowed'],
    ['9223372036855', '"9223372036855" is out of range: amounts end at 9223372036854.775807'],
    ['-9223372036855', '"-9223372036855" is out of range: amounts end at -9223372036854.775807'],
    ['1'.repeat(65), `"${'1'.repeat(40)}…" has 65 characters: at most 64 are allowed`],
  ])('quotes %s and says what is allowed', (text, message) => {
    expect(parseDecimal(text)).toMatchObject({ message });
  });

  test('escapes what it quotes, so that no hidden or foreign character passes for another', () => {
    const messageOf = (text: string) => parseDecimal(text) as { message: string };
    expect(messageOf('５"\\\n\u202e\ud83d').message).toMatch(/^"\\uff15\\"\\\\\\u000a\\u202e\\ud83d" is not/);
  });

  test('reads or refuses any text by the stated grammar, with a short well-formed message, and never throws', () => {
    fc.assert(fc.property(anyText, (text) => {
      const result = parseDecimal(text);
      const inGrammar = /^-?[0-9]+(\.[0-9]{1,6})?$/.test(text) && text.length <= 64;
      if (result.ok) {
        expect(inGrammar).toBe(true);
        expect(fitsInMicros(result.micros)).toBe(true);
      } else {
        expect(inGrammar).toBe(result.problem === 'TOO_LARGE');
        expect(result.message.isWellFormed()).toBe(true);
        expect(result.message.length).toBeLessThan(400);
      }
    }), { numRuns: 2_000 });
  });
});

describe('formatDecimal', () => {
  test.each([
    [5_000_000n,    'USD', '5.00'],
    [50_000n,       'USD', '0.05'],
    [1n,            'USD', '0.000001'],
    [1_500_000n,    'USD', '1.50'],
    [1_234_500n,    'USD', '1.2345'],
    [0n,            'USD', '0.00'],
    [-50_000n,      'EUR', '-0.05'],
    [500_000_000n,  'JPY', '500'],
    [100_000n,      'JPY', '0.1'],
    [0n,            'JPY', '0'],
    [1_250_000n,    'KWD', '1.250'],
    [1_250_100n,    'KWD', '1.2501'],
    [MAX_MICROS,    'USD', '9223372036854.775807'],
    [-MAX_MICROS,   'JPY', '-9223372036854.775807'],
  ])('writes %s micros of %s as %s', (micros, currency, text) => {
    expect(formatDecimal(micros, currency)).toBe(text);
  });

  test('is read back exactly, and has the fewest digits that the currency and the amount need', () => {
    fc.assert(fc.property(fc.oneof(anyMicros, fc.bigInt({ min: -20_000_000n, max: 20_000_000n })), anyCurrency, (micros, currency) => {
      const text = formatDecimal(micros, currency);
      expect(parseDecimal(text)).toEqual({ ok: true, micros });
      const digits = text.split('.')[1]?.length ?? 0;
      const { exponent } = currencyOf(currency);
      expect(digits).toBeGreaterThanOrEqual(exponent);
      if (digits > exponent) expect(text.at(-1)).not.toBe('0');
    }));
  });
});

describe('parseAmount', () => {
  test.each([
    // amount                  currency  problem             field
    ['1e3',                    'USD',    'NOT_A_DECIMAL',    'amount'],
    ['0.0000001',              'USD',    'PRECISION',        'amount'],
    ['9223372036854775808',    'USD',    'TOO_LARGE',        'amount'],
    ['1'.repeat(65),           'USD',    'TOO_LONG',         'amount'],
    ['0',                      'USD',    'NOT_POSITIVE',     'amount'],
    ['-0.00',                  'USD',    'NOT_POSITIVE',     'amount'],
    ['-1',                     'USD',    'NOT_POSITIVE',     'amount'],
    ['1',                      'usd',    'UNKNOWN_CURRENCY', 'currency'],
    ['1',                      '',       'UNKNOWN_CURRENCY', 'currency'],
    ['1',                      'XAU',    'UNKNOWN_CURRENCY', 'currency'],
    ['-1',                     'ZZZ',    'UNKNOWN_CURRENCY', 'currency'],
    ['x',                      'ZZZ',    'NOT_A_DECIMAL',    'amount'],
  ])('refuses %.24j %j as %s of the %s', (amount, currency, problem, field) => {
    expect(parseAmount({ amount, currency })).toMatchObject({ ok: false, problem, field });
  });

  test.each([
    ['-1',   'USD',      '"-1" is too small: the smallest amount is 0.000001 USD'],
    ['1',    'usd',      '"usd" is not a currency code: codes are upper case, such as "USD"'],
    ['1',    'Bitcoin',  '"Bitcoin" is not a currency code: use an active code of ISO 4217, such as "USD", "EUR" or "JPY"'],
  ])('says of %s %s what is allowed', (amount, currency, message) => {
    expect(parseAmount({ amount, currency })).toMatchObject({ message });
  });

  test('takes zero, though nothing below it, where zero is allowed', () => {
    const allowZero = { allowZero: true };
    expect(parseAmount({ amount: '-0.00', currency: 'JPY' }, allowZero)).toEqual({ ok: true, money: money(0n, 'JPY') });
    expect(parseAmount({ amount: '-1', currency: 'JPY' }, allowZero))
      .toMatchObject({ problem: 'NOT_POSITIVE', message: '"-1" is too small: the smallest amount is 0 JPY' });
  });

  test('reads every positive amount of every currency', () => {
    fc.assert(fc.property(fc.bigInt({ min: 1n, max: MAX_MICROS }), anyCurrency, (micros, currency) => {
      expect(parseAmount({ amount: formatDecimal(micros, currency), currency })).toEqual({ ok: true, money: { micros, currency } });
    }));
  });

  test('answers any two texts with an amount above zero or a typed problem, and never throws', () => {
    fc.assert(fc.property(anyText, fc.oneof(anyText, anyCurrency), (amount, currency) => {
      const result = parseAmount({ amount, currency });
      if (!result.ok) return expect(result.message.isWellFormed()).toBe(true);
      expect(result.money.micros > 0n && isCurrencyCode(result.money.currency)).toBe(true);
    }), { numRuns: 2_000 });
  });
});
