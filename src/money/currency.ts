import * as isoTable from 'dinero.js/currencies';

/** An ISO 4217 alphabetic code in upper case, such as "USD". A plain string: `isCurrencyCode` tells whether one is known. */
export type CurrencyCode = string;

/** A currency that wallets and creators may hold. */
export interface Currency {
  readonly code: CurrencyCode;
  /** Decimal digits of the minor unit by ISO 4217: 2 for USD, 0 for JPY, 3 for KWD. Rails may differ: ask the adapter. */
  readonly exponent: number;
  /** The English name of Unicode CLDR, such as "US Dollar". */
  readonly name: string;
}

/**
 * Codes of the source table that nobody can be paid in:
 * - BOV, CHE, CHW, CLF, COU, MXV, USN, UYI, UYW: ISO lists them as funds: indexed units and clearing money, not cash;
 * - XAD: the Arab Monetary Fund's unit of account, held by central banks;
 * - BGN: withdrawn when Bulgaria adopted the euro on 2026-01-01.
 *
 * The table itself leaves out metals (XAU, XAG, XPT, XPD), bond units (XBA to XBD), the other units of account (XDR, XSU, XUA), the
 * testing code XTS and "no currency" XXX, which are refused for the same reason.
 */
const NOT_PAYABLE: ReadonlySet<string> = new Set(
  ['BOV', 'CHE', 'CHW', 'CLF', 'COU', 'MXV', 'USN', 'UYI', 'UYW', 'XAD', 'BGN'],
);

const englishNames = new Intl.DisplayNames('en', { type: 'currency' });

/** Every currency Farthing holds: the active ISO 4217 codes without funds, units of account, metals and test codes; by code. */
export const CURRENCIES: readonly Currency[] = Object.values(isoTable)
  .filter(({ code }) => !NOT_PAYABLE.has(code))
  .map(({ code, base, exponent }) => ({
    code,
    // The table counts the ariary and the ouguiya as one digit in base 5, their coins; ISO 4217 states two decimal digits.
    exponent: base === 10 ? exponent : 2,
    name: englishNames.of(code) ?? code,
  }))
  .sort((a, b) => (a.code < b.code ? -1 : 1));

const byCode: ReadonlyMap<CurrencyCode, Currency> = new Map(CURRENCIES.map((currency) => [currency.code, currency]));

/** Whether `text` is exactly the code of a currency Farthing holds. Codes are upper case: "usd" is not one. */
export function isCurrencyCode(text: string): boolean {
  return byCode.has(text);
}

/** The currency of a known code. Throws a RangeError for any other: texts from outside are checked with `isCurrencyCode` first. */
export function currencyOf(code: CurrencyCode): Currency {
  const currency = byCode.get(code);
  if (!currency) throw new RangeError(`${JSON.stringify(code)} is not an active ISO 4217 currency`);
  return currency;
}

/** Currencies by the power of ten of their units that is worth roughly as much as one US dollar, from a hundred on. */
const SMALL_UNITS: readonly (readonly [scale: bigint, codes: string])[] = [
  [100n, `ALL AMD AOA BDT CRC CVE DJF DZD ETB GYD HTG HUF INR ISK JMD JPY KES KMF KZT LKR LRD MUR NPR PHP PKR RSD RUB SDG SOS VUV XAF XOF XPF YER`],
  [1_000n, `ARS BIF CDF CLP COP IQD KHR KPW KRW MGA MMK MNT MWK NGN PYG RWF SSP TZS UGX`],
  [10_000n, `GNF IDR IRR LAK LBP SYP UZS VND`],
];
const unitScales: ReadonlyMap<CurrencyCode, bigint> = new Map(
  SMALL_UNITS.flatMap(([scale, codes]) => codes.split(' ').map((code) => [code, scale] as const)),
);

/**
 * How many units of a currency (a power of ten) are about one US dollar: 1 for USD and all that are worth a cent of it or more. Rough
 * on purpose and never used to convert: it only keeps limits such as "at most 10,000" from being a few cents in another currency.
 */
export function unitScaleOf(code: CurrencyCode): bigint {
  return unitScales.get(code) ?? 1n;
}
