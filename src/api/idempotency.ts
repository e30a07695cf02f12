import { createHash } from 'node:crypto';
import { ErrorCode } from './error-code.ts';
import { quoteText } from './quote-text.ts';
import { ValidationError, type ErrorPath, type UserError } from './user-error.ts';

/** Stands first in every hash, so that a later way of hashing can tell the hashes of this one apart. */
const version = 1;

/**
 * The hash of a mutation's parsed input that is stored with its key: a version byte, then SHA-256 of the canonical JSON (fields
 * sorted by name, absent ones left out, bigints as digits, dates as RFC 3339). Leave the key itself out, and pass what the input
 * means (micros, UUIDs, defaults filled in), so that "0.5" and "0.50" are one input. Throws a TypeError for what has no such form.
 */
export function hashInput(mutation: string, input: object): Buffer {
  const digest = createHash('sha256').update(canonicalJson([mutation, input])).digest();
  return Buffer.concat([Buffer.of(version), digest]);
}

/** Whether a stored hash is that of this input. */
export function isSameInput(stored: Uint8Array, hash: Uint8Array): boolean {
  return Buffer.compare(stored, hash) === 0;
}

/** The refusal of a key that was used with other input before. */
export function idempotencyMismatch(key: string, path: ErrorPath): UserError {
  const message = `The idempotency key ${quoteText(key)} was used with other input before: nothing was written. A new payment takes a new key.`;
  return new ValidationError(ErrorCode.IDEMPOTENCY_MISMATCH, message, path);
}

function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  // Tagged, so that the digits of a bigint are not the same input as a text of those digits.
  if (typeof value === 'bigint') return `{"bigint":"${value}"}`;
  if (value instanceof Date) return `{"date":"${value.toISOString()}"}`;
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && isPlain(value)) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`).join(',')}}`;
  }
  throw new TypeError(`${String(value)} has no canonical form: use texts, finite numbers, bigints, booleans, dates, lists and plain objects.`);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
