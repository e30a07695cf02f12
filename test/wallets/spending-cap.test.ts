import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Period } from '../../src/api/room.ts';
import { capAt, capPeriods, capResetsAt, changeCap, type CapLimit, type CapPeriod } from '../../src/wallets/spending-cap.ts';
import { dayMs } from '../support/clock.ts';

const noon = new Date('2026-03-10T12:00:00.000Z');
const later = (ms: number) => new Date(noon.getTime() + ms);
const inADay = later(dayMs);

const cap = (limitMicros: bigint): CapLimit => ({ limitMicros, pending: null });
const raised = (limitMicros: bigint, to: bigint | null, at = inADay): CapLimit => ({ limitMicros, pending: { limitMicros: to, at } });

test.each<[string, CapLimit | null, bigint | null, CapLimit | null]>([
  // what is asked                              stored                        asked  then
  ['a first cap holds at once',                 null,                         50n,   cap(50n)],
  ['a first cap of nothing holds at once',      null,                         0n,    cap(0n)],
  ['lifting what is not there does nothing',    null,                         null,  null],
  ['a lower one holds at once',                 cap(50n),                     49n,   cap(49n)],
  ['a higher one waits a day',                  cap(50n),                     51n,   raised(50n, 51n)],
  ['lifting waits a day',                       cap(50n),                     null,  raised(50n, null)],
  ['lifting a cap of nothing waits too',        cap(0n),                      null,  raised(0n, null)],
  ['the same one does nothing',                 cap(50n),                     50n,   cap(50n)],
  ['a lower one drops what waits',              raised(50n, 90n, later(1)),   49n,   cap(49n)],
  ['the same one drops what waits',             raised(50n, 90n, later(1)),   50n,   cap(50n)],
  ['a lower one drops a lifting',               raised(50n, null, later(1)),  49n,   cap(49n)],
  ['what waits already goes on waiting',        raised(50n, 90n, later(1)),   90n,   raised(50n, 90n, later(1))],
  ['a lifting that waits goes on waiting',      raised(50n, null, later(1)),  null,  raised(50n, null, later(1))],
  ['another raise waits anew',                  raised(50n, 90n, later(1)),   91n,   raised(50n, 91n)],
  ['a smaller raise waits anew',                raised(50n, 90n, later(1)),   80n,   raised(50n, 80n)],
  ['lifting instead of a raise waits anew',     raised(50n, 90n, later(1)),   null,  raised(50n, null)],
  ['what waited long enough is the cap',        raised(50n, 90n, noon),       90n,   cap(90n)],
  ['and a lower one is measured by it',         raised(50n, 90n, noon),       70n,   cap(70n)],
  ['and a higher one too',                      raised(50n, 90n, noon),       91n,   raised(90n, 91n)],
  ['what was lifted long enough is gone',       raised(50n, null, noon),      null,  null],
  ['and the next cap is a first one',           raised(50n, null, noon),      900n,  cap(900n)],
])('%s', (_, stored, asked, then) => {
  expect(changeCap(stored, asked, noon)).toEqual(then);
});

test('a raise takes effect 24 hours after it was asked for, to the millisecond', () => {
  const asked = changeCap(cap(50n), 90n, noon);
  expect(capAt(asked, later(dayMs - 1))).toEqual(asked);
  expect(capAt(asked, later(dayMs))).toEqual(cap(90n));
  const lifted = changeCap(cap(50n), null, noon);
  expect(capAt(lifted, later(dayMs - 1))).toEqual(lifted);
  expect(capAt(lifted, later(dayMs))).toBeNull();
});

test('a cap never allows more than each limit asked for within a day, or the last one before, and in the end what was asked last', () => {
  const wish = fc.record({ afterMs: fc.integer({ min: 1, max: 2 * dayMs }), limit: fc.option(fc.bigInt({ min: 0n, max: 9n })) });
  const unlimited = 10n;
  const allowed = (stored: CapLimit | null, at: Date) => capAt(stored, at)?.limitMicros ?? unlimited;
  fc.assert(
    fc.property(fc.array(wish, { minLength: 1, maxLength: 12 }), (wishes) => {
      const asked: { readonly at: number; readonly limit: bigint }[] = [{ at: 0, limit: unlimited }];
      let stored: CapLimit | null = null;
      let now = noon;
      for (const { afterMs, limit } of wishes) {
        now = new Date(now.getTime() + afterMs);
        stored = changeCap(stored, limit, now);
        asked.push({ at: now.getTime(), limit: limit ?? unlimited });
        for (const at of [now, new Date(now.getTime() + dayMs - 1)]) {
          const recent = asked.filter((one) => at.getTime() - one.at < dayMs);
          const before = asked.findLast((one) => at.getTime() - one.at >= dayMs)!;
          for (const one of [...recent, before]) expect(allowed(stored, at)).toBeLessThanOrEqual(one.limit);
        }
        expect(allowed(stored, new Date(now.getTime() + dayMs))).toBe(limit ?? unlimited);
      }
    }),
    { numRuns: 500 },
  );
});

test.each<[string, string, string, string, string]>([
  // now                        day           week          month         year
  ['2026-03-10T12:00:00.000Z', '2026-03-11', '2026-03-16', '2026-04-01', '2027-01-01'],
  ['2026-03-10T00:00:00.000Z', '2026-03-11', '2026-03-16', '2026-04-01', '2027-01-01'],
  ['2026-03-10T23:59:59.999Z', '2026-03-11', '2026-03-16', '2026-04-01', '2027-01-01'],
  ['2026-03-15T23:59:59.999Z', '2026-03-16', '2026-03-16', '2026-04-01', '2027-01-01'], // Sunday
  ['2026-03-16T00:00:00.000Z', '2026-03-17', '2026-03-23', '2026-04-01', '2027-01-01'], // Monday
  ['2026-01-31T23:59:59.999Z', '2026-02-01', '2026-02-02', '2026-02-01', '2027-01-01'],
  ['2026-02-28T23:59:59.999Z', '2026-03-01', '2026-03-02', '2026-03-01', '2027-01-01'],
  ['2028-02-28T23:59:59.999Z', '2028-02-29', '2028-03-06', '2028-03-01', '2029-01-01'], // leap year
  ['2028-02-29T23:59:59.999Z', '2028-03-01', '2028-03-06', '2028-03-01', '2029-01-01'],
  ['2028-12-31T23:59:59.999Z', '2029-01-01', '2029-01-01', '2029-01-01', '2029-01-01'], // Sunday
  ['2026-12-31T23:59:59.999Z', '2027-01-01', '2027-01-04', '2027-01-01', '2027-01-01'], // the week goes on
])('at %s the periods end on %s, %s, %s and %s', (now, ...ends) => {
  expect(capPeriods.map((period) => capResetsAt(period, new Date(now)).toISOString())).toEqual(ends.map((day) => `${day}T00:00:00.000Z`));
});

test('a period always ends after now, on a midnight, and no later than it can last', () => {
  const longestDays: Record<CapPeriod, number> = { [Period.DAY]: 1, [Period.WEEK]: 7, [Period.MONTH]: 31, [Period.YEAR]: 366 };
  const moments = fc.date({ min: new Date('1999-12-25T00:00:00Z'), max: new Date('2101-01-05T00:00:00Z'), noInvalidDate: true });
  fc.assert(
    fc.property(moments, fc.constantFrom(...capPeriods), (now, period) => {
      const end = capResetsAt(period, now).getTime();
      expect(end % dayMs).toBe(0);
      expect(end).toBeGreaterThan(now.getTime());
      expect(end - now.getTime()).toBeLessThanOrEqual(longestDays[period] * dayMs);
      expect(capResetsAt(period, new Date(end)).getTime()).toBeGreaterThan(end);
      expect(capResetsAt(period, new Date(end - 1)).getTime()).toBe(end);
    }),
  );
});
