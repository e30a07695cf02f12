import { ceilToStep, CURRENCIES, currencyOf, isWholeSteps, MICROS_PER_UNIT } from '../../money/room.ts';
import type { Rail, RailOperation } from '../port.ts';

/** How Stripe counts a currency: what 1 of an API amount is worth, and which amounts it takes. Source: docs.stripe.com/currencies. */
export interface StripeCurrency {
  readonly unitMicros: bigint;
  readonly chargeStepMicros: bigint;
  readonly payoutStepMicros: bigint;
}

/** Charges and refunds are refused in these: Stripe presents none of them. */
const notTaken: ReadonlySet<string> = new Set([
  'BTN', 'CUP', 'ERN', 'GHS', 'IQD', 'IRR', 'KPW', 'LYD', 'MRU', 'SDG', 'SSP', 'SVC', 'SYP', 'TMT', 'VED', 'VES', 'ZWG',
]);

/** Amounts in these are in whole major units. ISO 4217 gives the ariary two digits. */
const zeroDecimal: ReadonlySet<string> = new Set([
  'BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF',
]);
/** Without fractions, yet written with two digits that are always 00: 5 ISK are 500. */
const wholeInHundreds: ReadonlySet<string> = new Set(['ISK', 'UGX']);
/** Charged with two digits, paid out in whole units alone. */
const wholeWhenPaidOut: ReadonlySet<string> = new Set(['HUF', 'TWD']);

const centMicros = MICROS_PER_UNIT / 100n;

function rulesOf(code: string, exponent: number): StripeCurrency {
  if (zeroDecimal.has(code)) return { unitMicros: MICROS_PER_UNIT, chargeStepMicros: MICROS_PER_UNIT, payoutStepMicros: MICROS_PER_UNIT };
  if (wholeInHundreds.has(code)) return { unitMicros: centMicros, chargeStepMicros: MICROS_PER_UNIT, payoutStepMicros: MICROS_PER_UNIT };
  // Of three decimals the last must be 0: 5.124 KWD is no amount, 5.120 is 5120.
  if (exponent === 3) return { unitMicros: MICROS_PER_UNIT / 1_000n, chargeStepMicros: centMicros, payoutStepMicros: centMicros };
  return { unitMicros: centMicros, chargeStepMicros: centMicros, payoutStepMicros: wholeWhenPaidOut.has(code) ? MICROS_PER_UNIT : centMicros };
}

const byCode: ReadonlyMap<string, StripeCurrency> = new Map(
  CURRENCIES.filter(({ code }) => !notTaken.has(code)).map(({ code, exponent }) => [code, rulesOf(code, exponent)]),
);

/** The rules of a currency; null when Stripe takes none of it. */
export function stripeCurrency(code: string): StripeCurrency | null {
  return byCode.get(code) ?? null;
}

/** The least that Stripe charges, in micros, where it says so. Elsewhere it is about 0.50 USD's worth, which Stripe itself judges. */
const minimumsMicros: Readonly<Record<string, bigint>> = {
  AED: 2_000_000n, CZK: 15_000_000n, DKK: 2_500_000n, GBP: 300_000n, HKD: 4_000_000n, HUF: 175_000_000n, JPY: 50_000_000n, MXN: 10_000_000n,
  MYR: 2_000_000n, NOK: 3_000_000n, PLN: 2_000_000n, RON: 2_000_000n, SEK: 3_000_000n, THB: 10_000_000n,
};
const otherwiseMicros = 500_000n;

/**
 * What the rail takes of a currency; null when it takes none of it. What Stripe keeps of a charge depends on account, card and country:
 * 2.9 % and three fifths of the smallest charge (0.30 of 0.50 USD) is the estimate that fans are quoted, and each charge's own fee is
 * booked when Stripe tells it.
 */
export function stripeRail(code: string, operation: RailOperation): Rail | null {
  const rules = stripeCurrency(code);
  if (!rules) return null;
  const stepMicros = operation === 'PAYOUT' ? rules.payoutStepMicros : rules.chargeStepMicros;
  if (operation !== 'CHARGE') return { bps: 0, fixedMicros: 0n, stepMicros, minimumMicros: stepMicros };
  const minimumMicros = ceilToStep(minimumsMicros[code] ?? otherwiseMicros, stepMicros);
  return { bps: 290, fixedMicros: (minimumMicros * 3n) / 5n, stepMicros, minimumMicros };
}

/** The number that Stripe receives for an amount. Throws a RangeError for what the rail does not take: it is never rounded. */
export function toStripeAmount(micros: bigint, code: string, operation: RailOperation): number {
  const rail = stripeRail(code, operation);
  if (!rail || micros <= 0n || !isWholeSteps(micros, rail.stepMicros)) {
    throw new RangeError(`Stripe does not ${operation.toLowerCase()} ${micros} micros of ${code}: ${rail ? `whole steps of ${rail.stepMicros} are taken` : 'it takes none of that currency'}.`);
  }
  return Number(micros / stripeCurrency(code)!.unitMicros);
}

/** The micros of a number that Stripe sent, whose currency is in lower case. Throws a RangeError for a currency that it does not take. */
export function fromStripeAmount(amount: number, stripeCode: string): bigint {
  const { code } = currencyOf(stripeCode.toUpperCase());
  const rules = stripeCurrency(code);
  if (!rules) throw new RangeError(`Stripe sent an amount of ${code}, which it does not take.`);
  return BigInt(amount) * rules.unitMicros;
}
