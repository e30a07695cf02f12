import { currencyOf, type CurrencyCode } from './currency.ts';

/** An exact amount. `micros` are millionths of the currency's major unit: 1.50 USD is 1_500_000n. May be negative or zero. */
export interface Money {
  readonly micros: bigint;
  readonly currency: CurrencyCode;
}

/** How many micros make one major unit, of any currency. */
export const MICROS_PER_UNIT = 1_000_000n;

/** How many fraction digits a micro has. */
export const MICROS_DIGITS = 6;

/** The largest amount, either way from zero: PostgreSQL's bigint, 2^63 − 1 micros. −2^63 is left out, so that a negated amount always fits. */
export const MAX_MICROS = 2n ** 63n - 1n;

/** An amount of `micros` in `currency`. Throws for an unknown currency, for micros beyond ±MAX_MICROS, and for micros that are no bigint. */
export function money(micros: bigint, currency: CurrencyCode): Money {
  // The driver hands bigint columns over as strings where nobody tells it otherwise, and "5" + 1n would pass unseen.
  if (typeof micros !== 'bigint') throw new TypeError(`micros must be a bigint, not the ${typeof micros} ${JSON.stringify(micros)}`);
  if (!fitsInMicros(micros)) throw new RangeError(`${micros} micros are out of range: the limit is ±${MAX_MICROS}`);
  return { micros, currency: currencyOf(currency).code };
}

/** Whether an amount of so many micros can be stored: at most MAX_MICROS, either way from zero. */
export function fitsInMicros(micros: bigint): boolean {
  return micros <= MAX_MICROS && micros >= -MAX_MICROS;
}

/** Nothing, in `currency`. Throws for an unknown currency. */
export function zero(currency: CurrencyCode): Money {
  return money(0n, currency);
}

/** a + b. Throws when the currencies differ or the sum is out of range. */
export function add(a: Money, b: Money): Money {
  return money(a.micros + b.micros, sharedCurrency(a, b));
}

/** a − b. Throws when the currencies differ or the difference is out of range. */
export function subtract(a: Money, b: Money): Money {
  return money(a.micros - b.micros, sharedCurrency(a, b));
}

/** −1 when a is less than b, 0 when they are equal, 1 when a is more; for `sort` too. Throws when the currencies differ. */
export function compare(a: Money, b: Money): -1 | 0 | 1 {
  sharedCurrency(a, b);
  if (a.micros === b.micros) return 0;
  return a.micros < b.micros ? -1 : 1;
}

/** Whether two amounts of one currency are the same. Throws when the currencies differ. */
export function equal(a: Money, b: Money): boolean {
  return compare(a, b) === 0;
}

function sharedCurrency(a: Money, b: Money): CurrencyCode {
  if (a.currency !== b.currency) throw new TypeError(`cannot mix ${a.currency} and ${b.currency}: there is no currency conversion`);
  return a.currency;
}
