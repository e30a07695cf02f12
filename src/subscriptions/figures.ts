import { dayOf } from '../api/room.ts';
import type { Sql } from '../database/room.ts';
import type { Transition } from './advance.ts';
import { isLive, type Subscription } from './subscription.ts';

/**
 * What a subscription is worth a month, in micros, rounded down: 365 days or 365/7 weeks or one year over twelve months. Nothing while
 * PAUSED or ENDED.
 */
export function monthlyWorth({ status, amountMicros, interval }: Pick<Subscription, 'status' | 'amountMicros' | 'interval'>): bigint {
  if (status === 'PAUSED' || status === 'ENDED') return 0n;
  switch (interval) {
    case 'DAY':
      return (amountMicros * 365n) / 12n;
    case 'WEEK':
      return (amountMicros * 365n) / 84n;
    case 'MONTH':
      return amountMicros;
    case 'YEAR':
      return amountMicros / 12n;
  }
}

interface DayDelta {
  readonly creatorId: string;
  readonly day: string;
  started: number;
  churned: number;
  active: number;
  monthlyMicros: bigint;
}

/** Adds what happened to the creators' figures, each row once and ascending, as the lock order asks. A plain renewal moves none. */
export async function recordTransitions(tx: Sql, transitions: readonly Transition[]): Promise<void> {
  const days = new Map<string, DayDelta>();
  for (const { at, before, after } of transitions) {
    const started = before === null ? 1 : 0;
    const churned = isLive(after) ? 0 : 1;
    const monthlyMicros = monthlyWorth(after) - (before ? monthlyWorth(before) : 0n);
    if (started === 0 && churned === 0 && monthlyMicros === 0n) continue;
    const day = dayOf(at);
    const key = `${after.creatorId} ${day}`;
    const delta = days.get(key) ?? { creatorId: after.creatorId, day, started: 0, churned: 0, active: 0, monthlyMicros: 0n };
    delta.started += started;
    delta.churned += churned;
    delta.active += started - churned;
    delta.monthlyMicros += monthlyMicros;
    days.set(key, delta);
  }
  const rows = [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, delta]) => delta);
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO membership_day AS d (creator_id, day, started, churned, active_delta, monthly_delta_micros)
     SELECT * FROM unnest($1::uuid[], $2::date[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
     ON CONFLICT (creator_id, day) DO UPDATE SET started = d.started + excluded.started, churned = d.churned + excluded.churned,
       active_delta = d.active_delta + excluded.active_delta, monthly_delta_micros = d.monthly_delta_micros + excluded.monthly_delta_micros`,
    [
      rows.map((row) => row.creatorId), rows.map((row) => row.day), rows.map((row) => row.started), rows.map((row) => row.churned),
      rows.map((row) => row.active), rows.map((row) => row.monthlyMicros),
    ],
  );
}
