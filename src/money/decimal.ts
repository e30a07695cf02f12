import { currencyOf, isCurrencyCode, type CurrencyCode } from './currency.ts';
import { fitsInMicros, MAX_MICROS, MICROS_DIGITS, MICROS_PER_UNIT, money, type Money } from './money.ts';

/** The longest decimal text that is read, in characters. */
export const MAX_DECIMAL_LENGTH = 64;

/** Why a text is not an exact number of micros. */
export type DecimalProblem =
  /** Anything but ASCII digits, one point between digits, and a minus in front. */
  | 'NOT_A_DECIMAL'
  /** More than 64 characters. */
  | 'TOO_LONG'
  /** More than six fraction digits, zeros included: an amount is never rounded. */
  | 'PRECISION'
  /** Beyond MAX_MICROS, either way from zero. */
  | 'TOO_LARGE';

export type DecimalResult =
  | { readonly ok: true; readonly micros: bigint }
  | { readonly ok: false; readonly problem: DecimalProblem; readonly message: string };

/** Why an amount with its currency cannot be paid. */
export type AmountProblem = DecimalProblem | 'UNKNOWN_CURRENCY' | 'NOT_POSITIVE';

export type AmountResult =
  | { readonly ok: true; readonly money: Money }
  | { readonly ok: false; readonly problem: AmountProblem; readonly field: 'amount' | 'currency'; readonly message: string };

const DECIMAL = /^(-?)([0-9]+)(?:\.([0-9]+))?$/;
const LONGEST_QUOTE = 40;

/**
 * Reads a decimal text as micros, exactly. The problems are looked for in the order of `DecimalProblem`; the message quotes the text and
 * says what is allowed. Leading zeros and a minus are read; an exponent, a plus, spaces, a bare point and other scripts' digits are not.
 * Never throws, whatever the text.
 */
export function parseDecimal(text: string): DecimalResult {
  const refuse = (problem: DecimalProblem, reason: string): DecimalResult => ({ ok: false, problem, message: `${quote(text)} ${reason}` });

  const [matched, sign, whole = '', fraction = ''] = DECIMAL.exec(text) ?? [];
  if (matched === undefined) {
    return refuse('NOT_A_DECIMAL', 'is not a decimal number: write the digits 0-9 with at most one point between them, such as "5", "0.05" or "0.000001"');
  }
  if (text.length > MAX_DECIMAL_LENGTH) {
    return refuse('TOO_LONG', `has ${text.length} characters: at most ${MAX_DECIMAL_LENGTH} are allowed`);
  }
  if (fraction.length > MICROS_DIGITS) {
    return refuse('PRECISION', `has ${fraction.length} digits after the point: at most ${MICROS_DIGITS} are allowed`);
  }
  const size = BigInt(whole) * MICROS_PER_UNIT + BigInt(fraction.padEnd(MICROS_DIGITS, '0'));
  if (!fitsInMicros(size)) {
    const limit = digitsOf(MAX_MICROS, 0);
    return refuse('TOO_LARGE', `is out of range: amounts end at ${sign ? `-${limit}` : limit}`);
  }
  return { ok: true, micros: sign ? -size : size };
}

/**
 * Reads an amount to pay: a decimal text above zero (or from zero, with `allowZero`) in a known currency. The amount's form is
 * judged first, then the currency, then the size, so that whoever answers with a range has a currency for it. Never throws.
 */
export function parseAmount(
  { amount, currency }: { readonly amount: string; readonly currency: string },
  { allowZero = false }: { readonly allowZero?: boolean } = {},
): AmountResult {
  const decimal = parseDecimal(amount);
  if (!decimal.ok && decimal.problem !== 'TOO_LARGE') return { ...decimal, field: 'amount' };
  if (!isCurrencyCode(currency)) {
    return { ok: false, problem: 'UNKNOWN_CURRENCY', field: 'currency', message: unknownCurrency(currency) };
  }
  if (!decimal.ok) return { ...decimal, field: 'amount' };
  const { micros } = decimal;
  if (micros < 0n || (micros === 0n && !allowZero)) {
    const smallest = formatDecimal(allowZero ? 0n : 1n, currency);
    const message = `${quote(amount)} is too small: the smallest amount is ${smallest} ${currency}`;
    return { ok: false, problem: 'NOT_POSITIVE', field: 'amount', message };
  }
  return { ok: true, money: money(micros, currency) };
}

/**
 * The canonical decimal text of micros: at least the currency's minor digits and at most six, without zeros beyond the minor digits.
 * "5.00" USD, "0.000001" USD, "500" JPY, "1.250" KWD, "-0.05" EUR. `parseDecimal` reads it back exactly. Throws for an unknown currency.
 */
export function formatDecimal(micros: bigint, currency: CurrencyCode): string {
  const { exponent } = currencyOf(currency);
  return micros < 0n ? `-${digitsOf(-micros, exponent)}` : digitsOf(micros, exponent);
}

function digitsOf(size: bigint, minimumFractionDigits: number): string {
  const fraction = String(size % MICROS_PER_UNIT)
    .padStart(MICROS_DIGITS, '0')
    .replace(/0+$/, '')
    .padEnd(minimumFractionDigits, '0');
  const whole = String(size / MICROS_PER_UNIT);
  return fraction ? `${whole}.${fraction}` : whole;
}

function unknownCurrency(code: string): string {
  const upperCase = code.toUpperCase();
  return isCurrencyCode(upperCase)
    ? `${quote(code)} is not a currency code: codes are upper case, such as ${quote(upperCase)}`
    : `${quote(code)} is not a currency code: use an active code of ISO 4217, such as "USD", "EUR" or "JPY"`;
}

/** Everything but printable ASCII is escaped, so that a full-width digit, a hidden mark or a lone surrogate shows for what it is. */
function quote(text: string): string {
  const shown = text
    .slice(0, LONGEST_QUOTE)
    .replace(/["\\]/g, '\\$&')
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return text.length > LONGEST_QUOTE ? `"${shown}…"` : `"${shown}"`;
}
