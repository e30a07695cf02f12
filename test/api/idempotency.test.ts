import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hashInput, isSameInput } from '../../src/api/room.ts';

const hash = (input: object, mutation = 'topUpWallet') => hashInput(mutation, input).toString('hex');

test('a hash is a version byte and SHA-256, and stays what it was: keys are kept for ever', () => {
  expect(hash({ micros: 10_000_000n, currency: 'USD', provider: null, paymentMethod: 'pm_sandbox_ok' })).toBe(
    '018993affcfcbdb75d247976ba4473c31ef45d065460d2c1b54b86fe48b315a5f5',
  );
});

test.each([
  ['the order of fields', { a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }],
  ['a field that is undefined', { a: 1, b: undefined }, { a: 1 }],
  ['equal dates', { at: new Date(0) }, { at: new Date('1970-01-01T00:00:00Z') }],
])('%s makes no difference', (_, one, other) => {
  expect(hash(one)).toBe(hash(other));
});

test.each([
  ['null and absent', { a: null }, {}],
  ['a bigint and its digits', { a: 1n }, { a: '1' }],
  ['a bigint and a number', { a: 1n }, { a: 1 }],
  ['a date and its text', { a: new Date(0) }, { a: '1970-01-01T00:00:00.000Z' }],
  ['the order of a list', { a: [1, 2] }, { a: [2, 1] }],
  ['a list and nested lists', { a: [[1], 2] }, { a: [1, [2]] }],
  ['texts that look alike to people', { a: 'é' }, { a: 'e\u0301' }],
])('%s are different inputs', (_, one, other) => {
  expect(hash(one)).not.toBe(hash(other));
});

test('the mutation is part of the input', () => {
  expect(hash({ a: 1 }, 'topUpWallet')).not.toBe(hash({ a: 1 }, 'sendTip'));
});

test('two plain inputs have one hash exactly when they are the same JSON', () => {
  const inputs = fc.dictionary(fc.string({ maxLength: 3 }), fc.oneof(fc.string({ maxLength: 3 }), fc.integer({ min: -2, max: 2 }), fc.boolean(), fc.constant(null)), { maxKeys: 3 });
  const sorted = (input: object) => JSON.stringify(Object.entries(input).sort(([a], [b]) => (a < b ? -1 : 1)));
  fc.assert(fc.property(inputs, inputs, (one, other) => isSameInput(hashInput('m', one), hashInput('m', other)) === (sorted(one) === sorted(other))));
});

test.each([[{ a: Number.NaN }], [{ a: () => 1 }], [{ a: new Map() }], [{ a: Symbol('a') }]])('what has no canonical form is a bug: %p', (input) => {
  expect(() => hashInput('m', input)).toThrow('no canonical form');
});
