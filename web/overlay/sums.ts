import type { Sum } from './operations.ts';

const mostDigits = 6;

/** A sum in as many digits as its currency has, the rest cut off, for boards that are read at a glance. What is less than the last digit is told in full. */
export function shortSum({ micros, currency, formatted }: Sum, locale: string): string {
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? mostDigits;
  const unit = 10n ** BigInt(Math.max(0, mostDigits - digits));
  const whole = BigInt(micros) / unit;
  if (whole === 0n || whole * unit === BigInt(micros)) return formatted;
  const text = String(whole).padStart(digits + 1, '0');
  const at = text.length - digits;
  return format.format(Number(`${text.slice(0, at)}.${text.slice(at)}`));
}
