import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { money } from '../../src/money/room.ts';
import { advance } from '../../src/subscriptions/advance.ts';
import { applyChange } from '../../src/subscriptions/apply-change.ts';
import { judgeChange } from '../../src/subscriptions/change-subscription.ts';
import { inSamePeriod, isStillPriced, priceChange, priceStart, type NamedPlan } from '../../src/subscriptions/pricing.ts';
import { nextCharge, periodAt, type BillingInterval, type Subscription } from '../../src/subscriptions/room.ts';
import { minute, subscription, usd } from './support.ts';

const runs = process.env.FARTHING_LONG === '1' ? 1_000_000 : 20_000;

const intervals: readonly BillingInterval[] = ['DAY', 'WEEK', 'MONTH', 'YEAR'];
const plan = (units: number, interval: BillingInterval = 'MONTH', name = 'New'): NamedPlan => ({ tierId: null, amountMicros: usd(units), interval, name });
const at = (text: string) => new Date(`${text}.000Z`);
const current = (s: Subscription): NamedPlan => ({ tierId: s.tierId, amountMicros: s.amountMicros, interval: s.interval, name: 'Old' });

/** February 2026, from the 1st to March 1st: 28 days of 86,400 seconds. */
const february = subscription({
  anchor: at('2026-02-01T00:00:00'), periodStart: at('2026-02-01T00:00:00'), periodEnd: at('2026-03-01T00:00:00'),
  nextChargeAt: at('2026-03-01T00:00:00'), accessUntil: at('2026-03-01T00:00:00'), amountMicros: usd(5),
});

describe('what a change costs', () => {
  test.each([
    // to           at                     effect           due         takes effect        next charge
    [plan(10), '2026-02-01T00:00:00', 'NOW', 5_000_000n, '2026-02-01T00:00', '10.00 2026-03-01T00:00'],
    [plan(10), '2026-02-15T00:00:00', 'NOW', 2_500_000n, '2026-02-15T00:00', '10.00 2026-03-01T00:00'],
    // One second is left of 2,419,200: floor(10,000,000 / T) − floor(5,000,000 / T) = 4 − 2.
    [plan(10), '2026-02-28T23:59:59', 'NOW', 2n, '2026-02-28T23:59', '10.00 2026-03-01T00:00'],
    // A micro below three whole shares of a second: floor(7,257,599 / T) − floor(5,000,000 / T) = 2 − 2.
    [plan(7.257599), '2026-02-28T23:59:59', 'NOW', 0n, '2026-02-28T23:59', '7.257599 2026-03-01T00:00'],
    [plan(7.2576), '2026-02-28T23:59:59', 'NOW', 1n, '2026-02-28T23:59', '7.2576 2026-03-01T00:00'],
    [plan(5), '2026-02-10T00:00:00', 'NOW', 0n, '2026-02-10T00:00', '5.00 2026-03-01T00:00'],
    [plan(4), '2026-02-10T00:00:00', 'AT_PERIOD_END', 0n, '2026-03-01T00:00', '4.00 2026-03-01T00:00'],
    [plan(60, 'YEAR'), '2026-02-15T00:00:00', 'RESTART', 57_500_000n, '2026-02-15T00:00', '60.00 2027-02-15T00:00'],
    [plan(1, 'WEEK'), '2026-02-15T00:00:00', 'AT_PERIOD_END', 0n, '2026-03-01T00:00', '1.00 2026-03-01T00:00'],
    // Dearer over time, but what is left of the month covers its first day.
    [plan(2, 'DAY'), '2026-02-02T00:00:00', 'AT_PERIOD_END', 0n, '2026-03-01T00:00', '2.00 2026-03-01T00:00'],
    [plan(2.5, 'WEEK'), '2026-02-15T00:00:00', 'AT_PERIOD_END', 0n, '2026-03-01T00:00', '2.50 2026-03-01T00:00'],
    [plan(2.500001, 'WEEK'), '2026-02-15T00:00:00', 'RESTART', 1n, '2026-02-15T00:00', '2.500001 2026-02-22T00:00'],
    // A renewal is due: nothing is left of the period that was paid for, and what is dearer pays for the next one.
    [plan(10), '2026-03-01T00:05:00', 'RENEW', 10_000_000n, '2026-03-01T00:05', '10.00 2026-04-01T00:00'],
    [plan(10), '2026-04-01T00:00:00', 'RENEW', 10_000_000n, '2026-04-01T00:00', '10.00 2026-05-01T00:00'],
    [plan(5), '2026-03-01T00:05:00', 'NOW', 0n, '2026-03-01T00:05', '5.00 2026-03-01T00:00'],
    [plan(4), '2026-03-01T00:05:00', 'AT_PERIOD_END', 0n, '2026-03-01T00:00', '4.00 2026-03-01T00:00'],
    [plan(1, 'DAY'), '2026-03-01T00:05:00', 'RESTART', 1_000_000n, '2026-03-01T00:05', '1.00 2026-03-02T00:05'],
  ] as const)('to %o at %s: %s for %s', (to, moment, effect, due, takesEffect, next) => {
    const price = priceChange(february, current(february), to, at(moment));
    expect([price.effect, price.dueNowMicros, minute(price.effectiveAt)]).toEqual([effect, due, takesEffect]);
    const [amount, on] = next.split(' ');
    expect([price.nextCharge.amountMicros, minute(price.nextCharge.at)]).toEqual([usd(Number(amount)), on]);
  });

  test('is told line by line: what is bought, and what is credited', () => {
    const { lines } = priceChange(february, current(february), plan(10), at('2026-02-15T00:00:00'));
    expect(lines).toEqual([
      { label: 'New: the rest of the month', amountMicros: 5_000_000n },
      { label: 'Old: the unused rest of the month', amountMicros: -2_500_000n },
    ]);
    expect(priceStart(plan(3, 'WEEK'), at('2026-02-15T00:00:00')).lines).toEqual([{ label: 'New: the first week', amountMicros: usd(3) }]);
  });

  test('holds for 15 minutes, and not beyond the period that it was computed in', () => {
    const before = at('2026-02-28T23:50:00');
    expect(minute(priceChange(february, current(february), plan(10), before).validUntil)).toBe('2026-03-01T00:00');
    expect(minute(priceChange(february, current(february), plan(10), at('2026-02-15T00:00:00')).validUntil)).toBe('2026-02-15T00:15');
    expect(minute(priceChange(february, current(february), plan(10), at('2026-03-31T23:50:00')).validUntil)).toBe('2026-04-01T00:00');
    expect(isStillPriced(before, at('2026-03-01T00:04:59'))).toBe(true);
    expect(isStillPriced(before, at('2026-03-01T00:05:00'))).toBe(false);
    expect(isStillPriced(before, at('2026-02-28T23:49:59'))).toBe(false);
    expect(inSamePeriod(february, before, at('2026-02-28T23:59:59'))).toBe(true);
    expect(inSamePeriod(february, before, at('2026-03-01T00:00:00'))).toBe(false);
    expect(inSamePeriod(february, at('2026-01-31T23:59:59'), at('2026-02-01T00:01:00'))).toBe(false);
  });
});

const amounts = fc.oneof(
  fc.bigInt({ min: 10_000n, max: usd(10_000) }),
  fc.constantFrom(10_000n, 10_001n, usd(1), usd(5), usd(9.99), usd(10_000)),
);

interface Case {
  readonly subscription: Subscription;
  readonly to: NamedPlan;
  readonly pricedAt: Date;
  readonly waitedMs: number;
}

/** A running subscription in some period of its life, a plan to change to, when the price was shown, and how long the fan thought. */
const cases: fc.Arbitrary<Case> = fc
  .record({
    anchor: fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }),
    interval: fc.constantFrom(...intervals),
    index: fc.integer({ min: 1, max: 200 }),
    from: amounts,
    to: amounts,
    isSameAmount: fc.boolean(),
    toInterval: fc.constantFrom(...intervals),
    isSameInterval: fc.boolean(),
    part: fc.integer({ min: 0, max: 1_050_000 }),
    waitedMs: fc.integer({ min: 0, max: 20 * 60_000 }),
    downgradeTo: fc.option(amounts, { freq: 4 }),
  })
  .map(({ anchor, interval, index, from, to, isSameAmount, toInterval, isSameInterval, part, waitedMs, downgradeTo }) => {
    const { start, end } = periodAt({ anchor, anchorIndex: 1, interval }, index);
    // A downgrade that is over takes effect by itself; here the price is for what waits, so it is only asked for within the period.
    const last = downgradeTo === null ? 1_050_000 : 900_000;
    const pricedAt = new Date(start.getTime() + Math.floor(((end.getTime() - start.getTime()) * Math.min(part, last)) / 1_000_000));
    return {
      subscription: subscription({
        anchor, interval, amountMicros: from, periodIndex: index, periodStart: start, periodEnd: end, nextChargeAt: end, accessUntil: end,
        pending: downgradeTo === null ? null : { kind: 'DOWNGRADE', tierId: null, amountMicros: downgradeTo, interval },
      }),
      to: { tierId: null, amountMicros: isSameAmount ? from : to, interval: isSameInterval ? interval : toInterval, name: 'New' },
      pricedAt,
      waitedMs,
    };
  });

describe(`for ${runs.toLocaleString('en')} subscriptions, plans and moments`, () => {
  test('what is charged is what the preview said, to the micro, and so is the next charge; or nothing is charged', () => {
    const seen = { charged: 0, free: 0, refused: 0 };
    fc.assert(
      fc.property(cases, (given) => {
        const { subscription: before, to, pricedAt, waitedMs } = given;
        const shown = priceChange(advance(before, pricedAt).subscription, current(before), to, pricedAt);
        const now = new Date(pricedAt.getTime() + waitedMs);
        const advanced = advance(before, now);
        const own = { people: new Map(), before, advanced, tiers: new Map(), now };
        const wanted = { amount: money(to.amountMicros, 'USD'), interval: to.interval };
        const judged = judgeChange(own, {
          personId: 'fan', subscriptionId: before.id, idempotencyKey: 'k', inputHash: Buffer.alloc(0),
          wanted, expectedDueNow: money(shown.dueNowMicros, 'USD'), pricedAt,
        });
        if (judged.kind !== 'ACCEPTED') {
          seen.refused++;
          return judged.kind === 'PRICE_CHANGED' && (now >= shown.validUntil || waitedMs >= 15 * 60_000);
        }
        const applied = applyChange(advanced, to, judged.price, now);
        const charged = applied.due?.amountMicros ?? 0n;
        seen[charged > 0n ? 'charged' : 'free']++;
        const next = nextCharge(applied.advanced.subscription);
        return now < shown.validUntil && charged === shown.dueNowMicros
          && next?.amountMicros === shown.nextCharge.amountMicros && next.at.getTime() === shown.nextCharge.at.getTime();
      }),
      { numRuns: runs },
    );
    // The generator reaches all three ends, or the property would say little.
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(runs / 50);
  }, 3_600_000);

  test('the lines sum to what is due, nobody is ever owed anything, and more is never due than the new plan\'s whole price', () => {
    fc.assert(
      fc.property(cases, ({ subscription: before, to, pricedAt }) => {
        const { dueNowMicros, lines, effect } = priceChange(before, current(before), to, pricedAt);
        const sum = lines.reduce((total, { amountMicros }) => total + amountMicros, 0n);
        return sum === dueNowMicros && dueNowMicros >= 0n && dueNowMicros <= to.amountMicros && (effect !== 'AT_PERIOD_END' || dueNowMicros === 0n);
      }),
      { numRuns: runs / 2 },
    );
  }, 3_600_000);

  test('an upgrade in two steps at one moment costs what it costs in one, to the micro', () => {
    fc.assert(
      fc.property(cases, amounts, ({ subscription: before, to, pricedAt }, amount) => {
        const [low, high] = to.amountMicros < amount ? [to.amountMicros, amount] : [amount, to.amountMicros];
        // Once the renewal is due the first step pays for it.
        fc.pre(before.amountMicros <= low && pricedAt < before.periodEnd);
        const due = (from: bigint, target: bigint) => {
          const s = { ...before, amountMicros: from };
          return priceChange(s, current(s), { ...to, amountMicros: target, interval: before.interval }, pricedAt).dueNowMicros;
        };
        return due(before.amountMicros, low) + due(low, high) === due(before.amountMicros, high);
      }),
      { numRuns: runs / 10 },
    );
  }, 3_600_000);
});
