import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  allocate, ceilToStep, feeOf, floorToStep, grossUp, isWholeSteps, MAX_MICROS, railFeeOf, splitFee, type RailFee,
} from '../../src/money/room.ts';

const amounts = fc.oneof(fc.bigInt({ min: 0n, max: MAX_MICROS }), fc.bigInt({ min: 0n, max: 50_000_000n }));
const rates = fc.integer({ min: 0, max: 10_000 });
const steps = fc.constantFrom(1n, 10n, 10_000n, 1_000_000n, 100_000_000n);
const signed = fc.bigInt({ min: -MAX_MICROS, max: MAX_MICROS });

const CARD: RailFee = { bps: 290, fixedMicros: 300_000n, stepMicros: 10_000n };
const YEN_CARD: RailFee = { bps: 360, fixedMicros: 0n, stepMicros: 1_000_000n };
const DINAR_CARD: RailFee = { bps: 290, fixedMicros: 100_000n, stepMicros: 10_000n };

describe('feeOf and splitFee', () => {
  test.each([
    // amount        bps      fee          net
    [5_000_000n,     500,     250_000n,    4_750_000n],
    [50_000n,        500,     2_500n,      47_500n],
    [19n,            500,     0n,          19n],
    [20n,            500,     1n,          19n],
    [39n,            500,     1n,          38n],
    [1n,             500,     0n,          1n],
    [1n,             9_999,   0n,          1n],
    [1n,             10_000,  1n,          0n],
    [0n,             500,     0n,          0n],
    [10_000n,        0,       0n,          10_000n],
    [MAX_MICROS,     500,     461168601842738790n, 8762203435012037017n],
  ])('part %s micros at %s bps into %s and %s', (amountMicros, bps, feeMicros, netMicros) => {
    expect(feeOf(amountMicros, bps)).toBe(feeMicros);
    expect(splitFee(amountMicros, bps)).toEqual({ feeMicros, netMicros });
  });

  test('sum to the whole, and the fee is the true share rounded down', () => {
    fc.assert(fc.property(amounts, rates, (amountMicros, bps) => {
      const { feeMicros, netMicros } = splitFee(amountMicros, bps);
      expect(feeMicros + netMicros).toBe(amountMicros);
      const over = amountMicros * BigInt(bps) - feeMicros * 10_000n;
      expect(over >= 0n && over < 10_000n && netMicros >= 0n).toBe(true);
    }));
  });

  test('never take more of the parts than of the whole', () => {
    fc.assert(fc.property(amounts, amounts, rates, (a, b, bps) => feeOf(a, bps) + feeOf(b, bps) <= feeOf(a + b, bps)));
  });

  test.each([-1, 10_001, 2.9, Number.NaN, Number.POSITIVE_INFINITY])('refuse %s bps as a bug', (bps) => {
    expect(() => feeOf(1n, bps)).toThrow(`a fee of ${bps} basis points is not allowed: use a whole number from 0 to 10000`);
  });

  test('refuse a negative amount as a bug', () => {
    expect(() => splitFee(-1n, 500)).toThrow('amountMicros must not be negative, but is -1');
  });
});

describe('allocate', () => {
  test.each([
    // amount   weights               parts
    [100n,      [1n, 1n, 1n],         [34n, 33n, 33n]],
    [101n,      [1n, 1n, 1n],         [34n, 34n, 33n]],
    [100n,      [1n, 2n],             [33n, 67n]],
    [1n,        [1n, 9n],             [0n, 1n]],
    [5n,        [50n, 30n, 20n],      [3n, 1n, 1n]],
    [7n,        [0n, 5n, 0n],         [0n, 7n, 0n]],
    [0n,        [3n, 4n],             [0n, 0n]],
    [2n,        [1n, 1n, 1n, 1n],     [1n, 1n, 0n, 0n]],
  ])('parts %s by %s into %s', (amountMicros, weights, parts) => {
    expect(allocate(amountMicros, weights)).toEqual(parts);
  });

  test('sums to the whole, gives each its share within a micro, and nothing to a weight of zero', () => {
    const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 18n }), { minLength: 1, maxLength: 20 }).filter((list) => list.some((weight) => weight > 0n));
    fc.assert(fc.property(amounts, weights, (amountMicros, list) => {
      const total = list.reduce((sum, weight) => sum + weight, 0n);
      const parts = allocate(amountMicros, list);
      expect(parts).toHaveLength(list.length);
      expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(amountMicros);
      parts.forEach((part, index) => {
        const floor = (amountMicros * list[index]!) / total;
        expect(part === floor || part === floor + 1n).toBe(true);
        if (list[index] === 0n) expect(part).toBe(0n);
      });
    }));
  });

  test('refuses, as bugs, weights that give nobody anything and negative figures', () => {
    expect(() => allocate(1n, [])).toThrow('cannot allocate by the weights []: at least one must be above zero');
    expect(() => allocate(1n, [0n, 0n])).toThrow('weights [0, 0]');
    expect(() => allocate(1n, [2n, -1n])).toThrow('weights[1] must not be negative, but is -1');
    expect(() => allocate(-1n, [1n])).toThrow('amountMicros must not be negative, but is -1');
  });
});

describe('grossUp and railFeeOf', () => {
  test.each([
    // amount       rail        charge         fee of the charge
    [10_000_000n,   CARD,       10_610_000n,   610_000n],
    [5_000_000n,    CARD,       5_460_000n,    460_000n],
    [10_000n,       CARD,       320_000n,      310_000n],
    [100_000_000n,  CARD,       103_300_000n,  3_300_000n],
    [1000_000_000n, YEN_CARD,   1038_000_000n, 38_000_000n],
    [10_000_000n,   DINAR_CARD, 10_410_000n,   410_000n],
    [10_000_000n,   { bps: 0, fixedMicros: 0n, stepMicros: 10_000n }, 10_000_000n, 0n],
    [10_000_001n,   { bps: 0, fixedMicros: 0n, stepMicros: 10_000n }, 10_010_000n, 0n],
  ])('charges for %s micros over %o: %s, of which the rail takes %s', (amountMicros, rail, chargeMicros, feeMicros) => {
    expect(grossUp(amountMicros, rail)).toBe(chargeMicros);
    expect(railFeeOf(chargeMicros, rail)).toBe(feeMicros);
  });

  const rails = fc.record({ bps: fc.integer({ min: 0, max: 9_999 }), fixedMicros: fc.bigInt({ min: 0n, max: 5_000_000n }), stepMicros: steps });

  test('find the smallest charge in whole steps that leaves the amount', () => {
    const leaves = (charge: bigint, rail: RailFee) => charge - railFeeOf(charge, rail);
    fc.assert(fc.property(amounts, rails, (amountMicros, rail) => {
      const charge = grossUp(amountMicros, rail);
      expect(isWholeSteps(charge, rail.stepMicros)).toBe(true);
      expect(leaves(charge, rail) >= amountMicros).toBe(true);
      if (charge > 0n) expect(charge < rail.stepMicros || leaves(charge - rail.stepMicros, rail) < amountMicros).toBe(true);
    }), { numRuns: 500 });
  });

  test('agree with a plain search over the cents, the fee stated as the exact fraction', () => {
    for (let amountCents = 1n; amountCents <= 300n; amountCents += 1n) {
      // In ten-thousandths of a cent: charge - 2.9 % of it - 30 cents >= amount.
      let chargeCents = amountCents;
      while (chargeCents * (10_000n - 290n) - 30n * 10_000n < amountCents * 10_000n) chargeCents += 1n;
      expect(grossUp(amountCents * 10_000n, CARD)).toBe(chargeCents * 10_000n);
    }
  });

  test('round the fee up to the rail\'s step, never down', () => {
    fc.assert(fc.property(amounts, rails, (chargeMicros, rail) => {
      const fee = railFeeOf(chargeMicros, rail);
      const exactTimesBps = chargeMicros * BigInt(rail.bps) + rail.fixedMicros * 10_000n;
      expect(isWholeSteps(fee, rail.stepMicros)).toBe(true);
      expect(fee * 10_000n >= exactTimesBps).toBe(true);
      expect((fee - rail.stepMicros) * 10_000n < exactTimesBps).toBe(true);
    }));
  });

  test('refuse, as bugs, a rail that takes everything, no step, and negative figures', () => {
    expect(() => grossUp(1n, { ...CARD, bps: 10_000 })).toThrow('no charge leaves anything after a fee of 10000 basis points: use less than 10000');
    expect(() => grossUp(1n, { ...CARD, stepMicros: 0n })).toThrow('a step of 0 micros is not allowed: the smallest is 1');
    expect(() => grossUp(-1n, CARD)).toThrow('amountMicros must not be negative, but is -1');
    expect(() => railFeeOf(-1n, CARD)).toThrow('chargeMicros must not be negative, but is -1');
    expect(() => railFeeOf(1n, { ...CARD, fixedMicros: -1n })).toThrow('fixedMicros must not be negative, but is -1');
  });
});

describe('steps', () => {
  test.each([
    // micros       step      floor          ceil           whole
    [1_239_999n,    10_000n,  1_230_000n,    1_240_000n,    false],
    [1_230_000n,    10_000n,  1_230_000n,    1_230_000n,    true],
    [0n,            10_000n,  0n,            0n,            true],
    [1n,            10_000n,  0n,            10_000n,       false],
    [-1n,           10_000n,  -10_000n,      0n,            false],
    [-10_000n,      10_000n,  -10_000n,      -10_000n,      true],
    [7n,            1n,       7n,            7n,            true],
  ])('put %s micros in steps of %s between %s and %s', (micros, stepMicros, floor, ceil, whole) => {
    expect([floorToStep(micros, stepMicros), ceilToStep(micros, stepMicros)]).toEqual([floor, ceil]);
    expect(isWholeSteps(micros, stepMicros)).toBe(whole);
  });

  test('enclose every amount by less than a step', () => {
    fc.assert(fc.property(signed, steps, (micros, stepMicros) => {
      const [floor, ceil] = [floorToStep(micros, stepMicros), ceilToStep(micros, stepMicros)];
      expect(floor <= micros && micros <= ceil).toBe(true);
      expect(isWholeSteps(floor, stepMicros) && isWholeSteps(ceil, stepMicros)).toBe(true);
      expect(ceil - floor).toBe(isWholeSteps(micros, stepMicros) ? 0n : stepMicros);
    }));
  });

  test.each([0n, -10_000n])('refuse a step of %s as a bug', (stepMicros) => {
    for (const operation of [floorToStep, ceilToStep, isWholeSteps]) expect(() => operation(1n, stepMicros)).toThrow(RangeError);
  });
});
