import { currencyOf, type CurrencyCode } from './currency.ts';
import { formatDecimal } from './decimal.ts';
import { MICROS_DIGITS, type Money } from './money.ts';

const FALLBACK_LOCALE = 'en';
/** Real language tags are far shorter; private-use tags may be of any length and would fill the cache. */
const MAX_LOCALE_LENGTH = 64;
const MAX_CACHED_FORMATTERS = 256;

const formatters = new Map<string, Intl.NumberFormat>();

/**
 * An amount as people of `locale` (a BCP 47 tag) write it, to the last micro: "$5.00", "0,05 €", "$0.000001". At least the currency's
 * minor digits are shown. A locale that is absent, malformed or unknown reads as "en", never as the machine's own. Throws only for an
 * unknown currency.
 */
export function formatMoney({ micros, currency }: Money, locale?: string | null): string {
  // A decimal text is formatted exactly (ECMA-402, Intl.NumberFormat v3); a number would lose micros above 2^53.
  const decimal = formatDecimal(micros, currency) as Intl.StringNumericLiteral;
  return formatterOf(locale ?? FALLBACK_LOCALE, currency).format(decimal);
}

function formatterOf(locale: string, currency: CurrencyCode): Intl.NumberFormat {
  const tag = locale.length > MAX_LOCALE_LENGTH ? FALLBACK_LOCALE : locale;
  const key = `${currency} ${tag}`;
  const cached = formatters.get(key);
  if (cached) return cached;

  const [oldest] = formatters.keys();
  if (oldest !== undefined && formatters.size >= MAX_CACHED_FORMATTERS) formatters.delete(oldest);
  const created = createFormatter(tag, currency);
  formatters.set(key, created);
  return created;
}

function createFormatter(tag: string, currency: CurrencyCode): Intl.NumberFormat {
  const options: Intl.NumberFormatOptions = {
    style: 'currency',
    currency,
    minimumFractionDigits: currencyOf(currency).exponent,
    maximumFractionDigits: MICROS_DIGITS,
  };
  try {
    // Intl takes the first locale it knows; with one alone it would fall back to the machine's.
    return new Intl.NumberFormat([tag, FALLBACK_LOCALE], options);
  } catch {
    return new Intl.NumberFormat(FALLBACK_LOCALE, options);
  }
}
