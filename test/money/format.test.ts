import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CURRENCIES, formatDecimal, formatMoney, MAX_MICROS, money } from '../../src/money/room.ts';

/** Intl separates with no-break spaces; the tables below are readable without. */
const spaced = (text: string): string => text.replace(/[\u00a0\u202f]/g, ' ');
const anyMicros = fc.bigInt({ min: -MAX_MICROS, max: MAX_MICROS });
const anyCurrency = fc.constantFrom(...CURRENCIES.map(({ code }) => code));

describe('formatMoney', () => {
  test.each([
    [5_000_000n,      'USD', 'en',     '$5.00'],
    [50_000n,         'USD', 'en',     '$0.05'],
    [1n,              'USD', 'en',     '$0.000001'],
    [-1_500_000n,     'USD', 'en',     '-$1.50'],
    [500_000_000n,    'JPY', 'en',     '¥500'],
    [100_000n,        'JPY', 'en',     '¥0.1'],
    [1_250_000n,      'KWD', 'en',     'KWD 1.250'],
    [1_250_000n,      'IQD', 'en',     'IQD 1.250'],
    [1_234_500_000n,  'EUR', 'de',     '1.234,50 €'],
    [1_234_500_000n,  'EUR', 'fr',     '1 234,50 €'],
    [1_234_500_000n,  'INR', 'en-IN',  '₹1,234.50'],
    [MAX_MICROS,      'USD', 'en',     '$9,223,372,036,854.775807'],
    [-MAX_MICROS,     'EUR', 'de',     '-9.223.372.036.854,775807 €'],
  ])('writes %s micros of %s in %s as %s', (micros, currency, locale, text) => {
    expect(spaced(formatMoney(money(micros, currency), locale))).toBe(text);
  });

  test('is exact to the last micro, in every currency', () => {
    fc.assert(fc.property(anyMicros, anyCurrency, (micros, currency) => {
      // A symbol may end in a point of its own: XCG is "Cg.".
      const digits = formatMoney(money(micros, currency), 'en').match(/-|\d[\d,.]*/g)!.join('').replaceAll(',', '');
      expect(digits).toBe(formatDecimal(micros, currency));
    }));
  });

  test.each([
    undefined, null, '', ' ', 'english', 'en_US', 'xx', 'tlh', 'a', '*', '-', 'de-', 'de--DE', '\u0000', '\ud800', 'dé', `de-x-${'a1b2c3d4-'.repeat(500)}z`,
  ])('reads the locale %.30j as English', (locale) => {
    expect(formatMoney(money(1_234_500_000n, 'EUR'), locale)).toBe('€1,234.50');
  });

  test('reads an unknown locale as English on a machine that speaks German', () => {
    const room = new URL('../../src/money/room.ts', import.meta.url).href;
    const script = `
      const { formatMoney, money } = await import(${JSON.stringify(room)});
      const amount = money(1_234_500_000n, 'EUR');
      console.log([new Intl.NumberFormat().format(0.5), formatMoney(amount, 'xx'), formatMoney(amount)].join(' '));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      env: { LC_ALL: 'de_DE.UTF-8' }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(output.trim()).toBe('0,5 €1,234.50 €1,234.50');
  });

  test('never throws, whatever the locale', () => {
    const subtag = fc.string({ unit: fc.constantFrom(...'abcdeuxnt019'), maxLength: 9 });
    const tagLike = fc.array(subtag, { maxLength: 8 }).map((parts) => parts.join('-'));
    fc.assert(fc.property(fc.oneof(tagLike, tagLike.map((tail) => `de-u-nu-${tail}`), fc.string({ unit: 'binary' })), (locale) => {
      expect(formatMoney(money(1n, 'USD'), locale)).not.toBe('');
    }), { numRuns: 1_000 });
  });

  test('answers the same after more locales than are kept have been asked for', () => {
    const amount = money(1_234_500_000n, 'EUR');
    const first = formatMoney(amount, 'de');
    for (let index = 0; index < 300; index += 1) expect(formatMoney(amount, `de-x-${index}`)).toBe(first);
    expect(formatMoney(amount, 'de')).toBe(first);
  });

  test('refuses, as a bug, an amount in an unknown currency', () => {
    expect(() => formatMoney({ micros: 1n, currency: 'usd' }, 'en')).toThrow('"usd" is not an active ISO 4217 currency');
  });
});
