import { daysOf } from '../api/room.ts';
import type { Sql } from '../database/room.ts';
import { capAt, capPeriods, capResetsAt, type CapLimit, type CapPeriod } from './spending-cap.ts';

/** Whose spending, and of which currency: there is no conversion, so each currency is capped by itself. */
export interface Spender {
  readonly personId: string;
  readonly currency: string;
}

/** A cap in force, and what its running period has seen. */
export interface CapState extends Spender, CapLimit {
  readonly period: CapPeriod;
  readonly usedMicros: bigint;
  /** When the period ends. */
  readonly resetsAt: Date;
}

interface CapRow extends Spender {
  readonly period: CapPeriod;
  readonly limitMicros: bigint;
  readonly pendingLimitMicros: bigint | null;
  readonly pendingAt: Date | null;
  readonly usedMicros: bigint;
}

const limits = 'cap.limit_micros AS "limitMicros", cap.pending_limit_micros AS "pendingLimitMicros", cap.pending_at AS "pendingAt"';

const capsWithUse = `
  SELECT cap.person_id AS "personId", cap.currency, cap.period, ${limits},
    coalesce((SELECT sum(spending_day.spent_micros) FROM spending_day
      WHERE spending_day.person_id = cap.person_id AND spending_day.currency = cap.currency
        AND spending_day.day >= running.starts_on AND spending_day.day < running.ends_before), 0)::bigint AS "usedMicros"
  FROM spending_cap AS cap
  JOIN unnest($2::text[], $3::date[], $4::date[]) AS running (period, starts_on, ends_before) ON running.period = cap.period`;

const capsOfSpenders = `${capsWithUse}
  JOIN unnest($1::uuid[], $5::text[]) AS asked (person_id, currency) ON asked.person_id = cap.person_id AND asked.currency = cap.currency`;

const capsOfPerson = `${capsWithUse} WHERE cap.person_id = $1`;

/** The caps in force of some people in some currencies, each pair named once, in no particular order. */
export async function readCaps(sql: Sql, spenders: readonly Spender[], now: Date): Promise<CapState[]> {
  const values = [spenders.map(({ personId }) => personId), ...runningPeriods(now), spenders.map(({ currency }) => currency)];
  return capStates(await sql.query<CapRow>(capsOfSpenders, values), now);
}

/** Every cap in force of a person, by currency and then from the shortest period to the longest. */
export async function readCapsOf(sql: Sql, personId: string, now: Date): Promise<CapState[]> {
  const caps = capStates(await sql.query<CapRow>(capsOfPerson, [personId, ...runningPeriods(now)]), now);
  const place = ({ currency, period }: CapState) => `${currency} ${capPeriods.indexOf(period)}`;
  return caps.sort((a, b) => (place(a) < place(b) ? -1 : 1));
}

/** A cap as it was stored, whether or not what waits has taken effect since. */
export async function readCap(sql: Sql, { personId, currency }: Spender, period: CapPeriod): Promise<CapLimit | null> {
  const [row] = await sql.query<CapRow>(
    `SELECT ${limits} FROM spending_cap AS cap WHERE person_id = $1 AND currency = $2 AND period = $3`,
    [personId, currency, period],
  );
  return row ? limitOf(row) : null;
}

/** Stores a cap over what was there; null takes it away. */
export async function storeCap(tx: Sql, { personId, currency }: Spender, period: CapPeriod, cap: CapLimit | null): Promise<void> {
  const key = [personId, currency, period];
  if (!cap) {
    await tx.query('DELETE FROM spending_cap WHERE person_id = $1 AND currency = $2 AND period = $3', key);
    return;
  }
  await tx.query(
    `INSERT INTO spending_cap (person_id, currency, period, limit_micros, pending_limit_micros, pending_at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (person_id, currency, period) DO UPDATE SET limit_micros = excluded.limit_micros,
       pending_limit_micros = excluded.pending_limit_micros, pending_at = excluded.pending_at`,
    [...key, cap.limitMicros, cap.pending?.limitMicros ?? null, cap.pending?.at ?? null],
  );
}

/** Adds to what people spent on a day, each row once and in ascending order, as the lock order asks. */
export async function addToDays(tx: Sql, day: string, spent: readonly (Spender & { readonly amountMicros: bigint })[]): Promise<void> {
  await tx.query(
    `INSERT INTO spending_day AS d (person_id, currency, day, spent_micros)
     SELECT person_id, currency, $1::date, spent_micros FROM unnest($2::uuid[], $3::text[], $4::bigint[]) AS spent (person_id, currency, spent_micros)
     ON CONFLICT (person_id, currency, day) DO UPDATE SET spent_micros = d.spent_micros + excluded.spent_micros`,
    [day, spent.map(({ personId }) => personId), spent.map(({ currency }) => currency), spent.map(({ amountMicros }) => amountMicros)],
  );
}

/** Takes off a day what was to be spent on it and is not, since the payment failed. */
export async function takeOffDay(tx: Sql, day: string, { personId, currency, amountMicros }: Spender & { readonly amountMicros: bigint }): Promise<void> {
  await tx.query(
    'UPDATE spending_day SET spent_micros = spent_micros - $4 WHERE person_id = $1 AND currency = $2 AND day = $3::date',
    [personId, currency, day, amountMicros],
  );
}

/** The columns of the periods that `now` lies in. */
function runningPeriods(now: Date): [string[], string[], string[]] {
  const days = capPeriods.map((period) => daysOf(period, now));
  return [[...capPeriods], days.map(({ startsOn }) => startsOn), days.map(({ endsBefore }) => endsBefore)];
}

function capStates(rows: readonly CapRow[], now: Date): CapState[] {
  return rows.flatMap((row) => {
    const { personId, currency, period, usedMicros } = row;
    const cap = capAt(limitOf(row), now);
    return cap ? [{ personId, currency, period, usedMicros, resetsAt: capResetsAt(period, now), ...cap }] : [];
  });
}

function limitOf({ limitMicros, pendingLimitMicros, pendingAt }: CapRow): CapLimit {
  return { limitMicros, pending: pendingAt && { limitMicros: pendingLimitMicros, at: pendingAt } };
}
