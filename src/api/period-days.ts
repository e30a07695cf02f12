import { Period } from './enums.ts';

/** The days of a calendar period in UTC, as dates: `startsOn` is in it, `endsBefore` is not. */
export interface PeriodDays {
  readonly startsOn: string;
  readonly endsBefore: string;
}

/** Where totals of all time start: any day before the first tip. */
export const BEGINNING = '1970-01-01';
const NEVER = '9999-01-01';

/** The UTC day of a moment, such as "2026-01-31". */
export function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}

/** The first day of the UTC month of a moment. */
export function monthOf(moment: Date): string {
  return `${moment.toISOString().slice(0, 7)}-01`;
}

/** The period that `now` lies in; weeks start on Monday. */
export function daysOf(period: Period, now: Date): PeriodDays {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  const between = (start: number, end: number): PeriodDays => ({ startsOn: dayOf(new Date(start)), endsBefore: dayOf(new Date(end)) });
  switch (period) {
    case Period.DAY:
      return between(Date.UTC(year, month, day), Date.UTC(year, month, day + 1));
    case Period.WEEK: {
      const monday = day - ((now.getUTCDay() + 6) % 7);
      return between(Date.UTC(year, month, monday), Date.UTC(year, month, monday + 7));
    }
    case Period.MONTH:
      return between(Date.UTC(year, month, 1), Date.UTC(year, month + 1, 1));
    case Period.YEAR:
      return between(Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1));
    case Period.ALL_TIME:
      return { startsOn: BEGINNING, endsBefore: NEVER };
  }
}
