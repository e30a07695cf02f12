import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CURRENCIES, currencyOf, isCurrencyCode } from '../../src/money/room.ts';

/** ISO 4217 list one: every code whose minor unit is not two digits. */
const WITHOUT_MINOR_UNIT = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'.split(' ');
const WITH_THREE_DIGITS = 'BHD IQD JOD KWD LYD OMR TND'.split(' ');

describe('currencies', () => {
  test('have the minor digits that ISO 4217 states, the ariary and the ouguiya too', () => {
    const codesWith = (exponent: number) => CURRENCIES.filter((currency) => currency.exponent === exponent).map(({ code }) => code);
    expect(codesWith(0)).toEqual(WITHOUT_MINOR_UNIT);
    expect(codesWith(3)).toEqual(WITH_THREE_DIGITS);
    expect(codesWith(2)).toHaveLength(CURRENCIES.length - WITHOUT_MINOR_UNIT.length - WITH_THREE_DIGITS.length);
    expect(codesWith(2)).toEqual(expect.arrayContaining(['USD', 'EUR', 'MGA', 'MRU', 'XCG', 'ZWG', 'SLE']));
  });

  test('are listed once each, in the order of their codes, with an English name', () => {
    const codes = CURRENCIES.map(({ code }) => code);
    expect(codes).toHaveLength(155);
    expect(codes).toEqual([...new Set(codes)].sort());
    for (const { code, name } of CURRENCIES) {
      expect(code).toMatch(/^[A-Z]{3}$/);
      expect(name).not.toBe(code);
    }
    expect(currencyOf('USD')).toEqual({ code: 'USD', exponent: 2, name: 'US Dollar' });
  });

  test.each([
    ['funds', 'BOV CHE CHW CLF COU MXV USN UYI UYW'],
    ['units of account and bond units', 'XAD XDR XSU XUA XBA XBB XBC XBD'],
    ['metals', 'XAU XAG XPT XPD'],
    ['codes for tests and for no currency', 'XTS XXX'],
    ['withdrawn currencies', 'BGN HRK DEM ANG CUC SLL ZWL MRO VEF'],
  ])('leave out %s', (_, codes) => {
    expect(codes.split(' ').filter(isCurrencyCode)).toEqual([]);
  });

  test('are known by their exact code alone', () => {
    expect(isCurrencyCode('USD')).toBe(true);
    for (const text of ['usd', 'Usd', ' USD', 'USD\n', 'USDT', 'US', '', 'ＵＳＤ', '__proto__', 'constructor', 'default']) {
      expect([text, isCurrencyCode(text)]).toEqual([text, false]);
      expect(() => currencyOf(text)).toThrow(RangeError);
    }
  });

  test('are told from any other text without throwing', () => {
    const codes = new Set(CURRENCIES.map(({ code }) => code));
    const threeLetters = fc.string({ unit: fc.constantFrom(...'ACDEJPRSUXY'), minLength: 3, maxLength: 3 });
    fc.assert(fc.property(fc.oneof(threeLetters, fc.string({ unit: 'binary' })), (text) => isCurrencyCode(text) === codes.has(text)));
  });
});
