import { formatMoney, money } from '../money/room.ts';

/** What one renewal run, or one batch of it, has done. */
export interface RunReport {
  /** Subscriptions by what became of them; one that ends after a pause counts for both. */
  readonly renewed: number;
  readonly pastDue: number;
  /** Past due before, and tried again in vain. */
  readonly stillPastDue: number;
  readonly ended: number;
  readonly paused: number;
  readonly resumed: number;
  /** Downgrades that took effect. */
  readonly changed: number;
  /** Periods that were missed and will never be charged. */
  readonly skippedPeriods: number;
  /** Subscriptions left as they were because the postings of their currency have stopped. */
  readonly held: number;
  /** Fans left as they were because the database refused what was to be written for them; the log has each. */
  readonly refusedFans: number;
  /** Fans left to the next run because somebody else kept them locked. */
  readonly busyFans: number;
  /** What was taken, in micros, by currency. */
  readonly takenMicros: ReadonlyMap<string, bigint>;
}

export const emptyReport: RunReport = {
  renewed: 0, pastDue: 0, stillPastDue: 0, ended: 0, paused: 0, resumed: 0, changed: 0, skippedPeriods: 0, held: 0, refusedFans: 0, busyFans: 0,
  takenMicros: new Map(),
};

const counts = ['renewed', 'pastDue', 'stillPastDue', 'ended', 'paused', 'resumed', 'changed', 'skippedPeriods', 'held', 'refusedFans', 'busyFans'] as const;

export function sumOf(a: RunReport, b: RunReport): RunReport {
  const takenMicros = new Map(a.takenMicros);
  for (const [currency, micros] of b.takenMicros) takenMicros.set(currency, (takenMicros.get(currency) ?? 0n) + micros);
  const sums = Object.fromEntries(counts.map((name) => [name, a[name] + b[name]]));
  return { ...emptyReport, ...sums, takenMicros };
}

const labels: Readonly<Record<(typeof counts)[number], string>> = {
  renewed: 'renewed',
  pastDue: 'past due',
  stillPastDue: 'still past due',
  ended: 'ended',
  paused: 'paused',
  resumed: 'resumed',
  changed: 'changed',
  skippedPeriods: 'periods skipped',
  held: 'held back, as postings in their currency have stopped',
  refusedFans: 'fans whose renewals failed; the log says why',
  busyFans: 'fans left to the next run, as something else kept them locked',
};

/** The report as lines for people: what there is any of. */
export function linesOf(report: RunReport): string[] {
  const counted = counts.filter((name) => report[name] > 0).map((name) => `${String(report[name]).padStart(9)}  ${labels[name]}`);
  const taken = [...report.takenMicros].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, micros]) => `Charged ${formatMoney(money(micros, currency))}.`);
  return [...counted, ...taken];
}
