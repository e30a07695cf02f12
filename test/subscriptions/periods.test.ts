import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { indexAt, periodAt, type BillingInterval, type Schedule } from '../../src/subscriptions/room.ts';
import { eachTestDatabase } from '../support/database.ts';

const database = eachTestDatabase();
const intervals: readonly BillingInterval[] = ['DAY', 'WEEK', 'MONTH', 'YEAR'];

function schedule(anchor: string, interval: BillingInterval, anchorIndex = 1): Schedule {
  return { anchor: new Date(anchor), anchorIndex, interval };
}

function starts({ anchor, interval }: { anchor: string; interval: BillingInterval }, count: number): string[] {
  return Array.from({ length: count }, (_, at) => periodAt(schedule(anchor, interval), at + 1).start.toISOString().slice(0, 10));
}

test.each([
  ['2026-01-31T10:00:00.000Z', 'MONTH', ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31', '2026-06-30']],
  ['2023-12-30T10:00:00.000Z', 'MONTH', ['2023-12-30', '2024-01-30', '2024-02-29', '2024-03-30', '2024-04-30', '2024-05-30']],
  ['2024-02-29T10:00:00.000Z', 'YEAR', ['2024-02-29', '2025-02-28', '2026-02-28', '2027-02-28', '2028-02-29', '2029-02-28']],
  ['2024-02-27T23:59:59.999Z', 'DAY', ['2024-02-27', '2024-02-28', '2024-02-29', '2024-03-01', '2024-03-02', '2024-03-03']],
  ['2024-12-23T00:00:00.000Z', 'WEEK', ['2024-12-23', '2024-12-30', '2025-01-06', '2025-01-13', '2025-01-20', '2025-01-27']],
] as const)('the periods from %s by %s begin on the days that people expect', (anchor, interval, days) => {
  expect(starts({ anchor, interval }, 6)).toEqual(days);
});

/** Every day of the month in every month of a leap year and its neighbours, at an hour that a local time zone would move to another day. */
const anchors = [2023, 2024, 2025].flatMap((year) =>
  Array.from({ length: 366 }, (_, day) => new Date(Date.UTC(year, 0, 1 + day, 23, 59, 59, 999))).filter((at) => at.getUTCFullYear() === year),
);

test.each(intervals)('every period by %s, 120 from every day of three years, is where PostgreSQL computes it, without gap, overlap or drift', async (interval) => {
  const { db } = database.current;
  const rows = await db.query<{ anchor: Date; n: number; starts_at: Date }>(
    `SELECT anchor, n, anchor + n * ('1 ' || $2)::interval AS starts_at
     FROM unnest($1::timestamptz[]) AS anchor CROSS JOIN generate_series(0, 120) AS n`,
    [anchors.map((anchor) => anchor.toISOString()), interval],
  );
  expect(rows).toHaveLength(anchors.length * 121);
  const wrong = rows.filter(({ anchor, n, starts_at }) => {
    const at = { anchor, anchorIndex: 1, interval };
    const { start, end } = periodAt(at, n + 1);
    const isPlaced = start.getTime() === starts_at.getTime();
    const isJoined = end.getTime() === periodAt(at, n + 2).start.getTime() && start < end;
    return !isPlaced || !isJoined || indexAt(at, start) !== n + 1 || indexAt(at, new Date(end.getTime() - 1)) !== n + 1;
  });
  expect(wrong).toEqual([]);
});

const moments = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
const schedules = fc.record({ anchor: moments, anchorIndex: fc.integer({ min: 1, max: 5000 }), interval: fc.constantFrom(...intervals) });

test('every moment lies in exactly the period that its index names, before the anchor too', () => {
  fc.assert(
    fc.property(schedules, moments, (at, moment) => {
      const index = indexAt(at, moment);
      const { start, end } = periodAt(at, index);
      return start <= moment && moment < end;
    }),
    { numRuns: 20_000 },
  );
});

test('a later anchor of the same schedule leads to the same periods wherever the day of the month exists', () => {
  fc.assert(
    fc.property(schedules, fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 400 }), (first, skipped, ahead) => {
      fc.pre(first.anchor.getUTCDate() <= 28);
      const moved = { ...first, anchor: periodAt(first, first.anchorIndex + skipped).start, anchorIndex: first.anchorIndex + skipped };
      const index = moved.anchorIndex + ahead;
      expect(periodAt(moved, index)).toEqual(periodAt(first, index));
    }),
    { numRuns: 2_000 },
  );
});
