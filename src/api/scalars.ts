import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { GraphQLDateTimeISO } from 'graphql-scalars';
import { formatDecimal, type Money } from '../money/room.ts';
import { quoteText } from './quote-text.ts';

/** What a Decimal field answers: an amount that still knows its currency, since that decides how many digits are printed. */
export type DecimalValue = Money | string;

/** An offending value for a message, bounded: what a client sent may be nested deeper than JSON.stringify can go. */
function quoted(value: unknown): string {
  if (typeof value === 'string') return quoteText(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function textOnly(name: string, example: string) {
  return (value: unknown): string => {
    if (typeof value !== 'string') throw new GraphQLError(`${name} is written as a string such as "${example}", not as ${quoted(value)}.`);
    return value;
  };
}

function stringScalar(name: string, example: string, description: string, serialize: (value: unknown) => string): GraphQLScalarType<string, string> {
  const parse = textOnly(name, example);
  return new GraphQLScalarType<string, string>({
    name,
    description,
    serialize,
    parseValue: parse,
    parseLiteral: (node) => parse(node.kind === Kind.STRING ? node.value : 'value' in node ? Number(node.value) : null),
  });
}

/** Takes any string: what is wrong with it comes back as a UserError with its path, which a scalar that throws would prevent. */
export const DecimalScalar = stringScalar(
  'Decimal',
  '0.05',
  'An exact decimal number as a string, such as "0.05": at most 6 fraction digits (more is PRECISION, never a rounding).',
  (value) => (typeof value === 'string' ? value : formatDecimal((value as Money).micros, (value as Money).currency)),
);

export const CurrencyCodeScalar = stringScalar('CurrencyCode', 'USD', 'An ISO 4217 currency code, such as "USD".', String);

/** Always digits in a string: JSON numbers lose whole numbers above 2^53. */
export const BigIntScalar = new GraphQLScalarType<bigint, string>({
  name: 'BigInt',
  description: 'A whole number of any size, always as a string of digits.',
  serialize: (value) => String(value),
  parseValue: (value) => parseDigits(value),
  parseLiteral: (node) => parseDigits(node.kind === Kind.STRING || node.kind === Kind.INT ? node.value : null),
});

function parseDigits(value: unknown): bigint {
  if (typeof value !== 'string' || !/^-?\d{1,40}$/.test(value)) {
    throw new GraphQLError(`BigInt is a string of at most 40 digits, not ${quoted(value)}.`);
  }
  return BigInt(value);
}

export const DateTimeScalar = new GraphQLScalarType({
  ...GraphQLDateTimeISO.toConfig(),
  name: 'DateTime',
  description: 'A moment as RFC 3339 in UTC, such as "2026-01-31T12:00:00.000Z".',
});
