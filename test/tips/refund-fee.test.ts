import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { feeOf } from '../../src/money/room.ts';
import { feeReturned, type StandingTip } from '../../src/tips/refunds/fee-returned.ts';

function untouched(amountMicros: bigint, feeBps: number): StandingTip {
  return { feeBps, leftMicros: amountMicros, feeKeptMicros: feeOf(amountMicros, feeBps) };
}

/** What stands after an amount went back. */
function after(tip: StandingTip, amountMicros: bigint): { tip: StandingTip; fee: bigint } {
  const fee = feeReturned(tip, amountMicros);
  return { tip: { ...tip, leftMicros: tip.leftMicros - amountMicros, feeKeptMicros: tip.feeKeptMicros - fee }, fee };
}

describe('the platform\'s part of what goes back', () => {
  test.each([
    // paid, bps, parts that go back, the fee of each
    [5_000_000n, 500, [5_000_000n], [250_000n]],
    [5_000_000n, 500, [2_500_000n, 2_500_000n], [125_000n, 125_000n]],
    [5_000_000n, 0, [1n, 4_999_999n], [0n, 0n]],
    // The fee of 0.99 is 0.0495, and of 0.989999 rounds down by a micro: the first micro that goes back brings it.
    [990_000n, 500, [1n, 989_999n], [1n, 49_499n]],
    [50_000n, 500, [10_000n, 10_000n, 10_000n, 10_000n, 10_000n], [500n, 500n, 500n, 500n, 500n]],
    [19n, 500, [19n], [0n]],
    [39n, 500, [19n, 20n], [0n, 1n]],
    [39n, 500, [20n, 19n], [1n, 0n]],
    [3n, 9_999, [1n, 1n, 1n], [1n, 1n, 0n]],
  ])('of %s micros at %s basis points, in the parts %s, is %s', (paid, bps, parts, fees) => {
    let tip = untouched(paid, bps);
    const returned = parts.map((part) => {
      const next = after(tip, part);
      tip = next.tip;
      return next.fee;
    });
    expect(returned).toEqual(fees);
    expect([tip.leftMicros, tip.feeKeptMicros]).toEqual([0n, 0n]);
  });

  test('is fee(before) − fee(after), and over any parts sums to the fee of the whole', () => {
    const parts = fc.array(fc.bigInt({ min: 1n, max: 10_000_000n }), { minLength: 1, maxLength: 30 });
    fc.assert(fc.property(parts, fc.integer({ min: 0, max: 9_999 }), (amounts, bps) => {
      const paid = amounts.reduce((sum, amount) => sum + amount, 0n);
      let tip = untouched(paid, bps);
      let [fees, given] = [0n, 0n];
      for (const amount of amounts) {
        const before = tip.leftMicros;
        const next = after(tip, amount);
        expect(next.fee).toBe(feeOf(before, bps) - feeOf(before - amount, bps));
        expect(next.fee >= 0n && next.fee <= amount).toBe(true);
        // The platform never keeps more, nor less, than the fee of what remains.
        expect(next.tip.feeKeptMicros).toBe(feeOf(next.tip.leftMicros, bps));
        fees += next.fee;
        given += amount - next.fee;
        tip = next.tip;
      }
      expect([fees, fees + given]).toEqual([feeOf(paid, bps), paid]);
    }), { numRuns: 2_000 });
  });

  test('stays within the amount and the fee when refunds in between fail and give theirs back', () => {
    const steps = fc.array(fc.record({ share: fc.bigInt({ min: 1n, max: 100n }), fails: fc.boolean(), later: fc.boolean() }), { minLength: 1, maxLength: 25 });
    fc.assert(fc.property(fc.bigInt({ min: 1n, max: 10_000_000n }), fc.integer({ min: 0, max: 9_999 }), steps, (paid, bps, wishes) => {
      let tip = untouched(paid, bps);
      const failing: { amount: bigint; fee: bigint }[] = [];
      const giveBack = () => {
        for (const { amount, fee } of failing.splice(0)) tip = { ...tip, leftMicros: tip.leftMicros + amount, feeKeptMicros: tip.feeKeptMicros + fee };
      };
      for (const { share, fails, later } of wishes) {
        const amount = (tip.leftMicros * share) / 100n;
        if (amount === 0n) continue;
        const next = after(tip, amount);
        expect(next.fee >= 0n && next.fee <= amount).toBe(true);
        tip = next.tip;
        if (fails) failing.push({ amount, fee: next.fee });
        if (!later) giveBack();
        expect(tip.feeKeptMicros >= 0n).toBe(true);
      }
      giveBack();
      if (tip.leftMicros === 0n) return;
      const rest = after(tip, tip.leftMicros);
      // However many failed, what is left of the fee goes back with the rest, as far as the rest reaches.
      expect(rest.tip.feeKeptMicros === 0n || rest.fee === tip.leftMicros).toBe(true);
    }), { numRuns: 2_000 });
  });

  test('of a dispute over more than is left is the whole fee that was kept', () => {
    const tip = { feeBps: 500, leftMicros: 2_000_000n, feeKeptMicros: 100_000n };
    expect(feeReturned(tip, 5_000_000n)).toBe(100_000n);
  });
});
