import { BEGINNING, dayOf, monthOf } from '../api/room.ts';
import type { Sql } from '../database/room.ts';

/** A tip that was paid, or a part of one that was given back (`amountMicros` below zero). */
export interface RecordedTip {
  /** The tip; for a refund, the one that it gives back. */
  readonly tipId: string;
  readonly creatorId: string;
  /** Null for guests and for anonymous tips, which count for nobody. A refund names whom its tip named. */
  readonly tipperId: string | null;
  /** The name given on the tip; a refund's is ignored. */
  readonly displayName: string;
  /** Gross, in the creator's currency. */
  readonly amountMicros: bigint;
  readonly currency: string;
  /** When the tip was made, for a refund too: it leaves the totals that its tip entered. */
  readonly createdAt: Date;
  /** True when an amount above zero is no tip of its own, but what had been given back of one and is here again: a dispute that was won. */
  readonly isCorrection?: boolean;
}

/** A goal that a batch moved, and what it stands at now. */
export interface MovedGoal {
  readonly goalId: string;
  readonly creatorId: string;
  readonly raisedMicros: bigint;
  readonly targetMicros: bigint;
  /** The place in the batch of the tip that brought the goal to its target for the first time, else null. */
  readonly reachedByIndex: number | null;
}

/**
 * Adds a batch of tips to goals, supporters' totals and days, with five statements whatever its size, sent together. Call it after counters and
 * before streams: it locks goals, then supporters, their totals and days, each ascending. Throws when a goal and a tip to it differ
 * in currency.
 */
export async function recordTips(tx: Sql, tips: readonly RecordedTip[]): Promise<MovedGoal[]> {
  if (tips.length === 0) return [];
  // Started in the lock order. What `moveGoals` writes after its read is locked by that read.
  const [moved] = await Promise.all([moveGoals(tx, tips), nameSupporters(tx, tips), addToTotals(tx, tips), addToDays(tx, tips)]);
  return moved;
}

interface LockedGoal {
  readonly id: string;
  readonly creatorId: string;
  readonly currency: string;
  readonly targetMicros: bigint;
  readonly createdAt: Date;
  readonly raisedMicros: bigint;
  readonly reachedAt: Date | null;
}

async function moveGoals(tx: Sql, tips: readonly RecordedTip[]): Promise<MovedGoal[]> {
  const goals = await tx.query<LockedGoal>(
    `SELECT id, creator_id AS "creatorId", currency, target_micros AS "targetMicros", created_at AS "createdAt",
       raised_micros AS "raisedMicros", reached_at AS "reachedAt"
     FROM goal WHERE creator_id = ANY ($1::uuid[]) AND archived_at IS NULL ORDER BY id FOR NO KEY UPDATE`,
    [[...new Set(tips.map((tip) => tip.creatorId))]],
  );
  const tipsByCreator = Map.groupBy(tips.entries(), ([, tip]) => tip.creatorId);
  const moved = goals.map((goal) => moveGoal(goal, tipsByCreator.get(goal.creatorId) ?? [])).filter((goal) => goal !== null);
  if (moved.length > 0) {
    await tx.query(
      `UPDATE goal SET raised_micros = moved.raised_micros, reached_at = coalesce(goal.reached_at, moved.reached_at),
         reached_by = coalesce(goal.reached_by, moved.reached_by)
       FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::uuid[]) AS moved (id, raised_micros, reached_at, reached_by)
       WHERE goal.id = moved.id`,
      [
        moved.map((goal) => goal.goalId), moved.map((goal) => goal.raisedMicros),
        moved.map(({ reachedByIndex }) => (reachedByIndex === null ? null : tips[reachedByIndex]!.createdAt)),
        moved.map(({ reachedByIndex }) => (reachedByIndex === null ? null : tips[reachedByIndex]!.tipId)),
      ],
    );
  }
  return moved;
}

/** Adds the tips in their order; null when they leave the goal where it was. */
function moveGoal(goal: LockedGoal, tips: readonly [number, RecordedTip][]): MovedGoal | null {
  const { id, creatorId, targetMicros } = goal;
  let raisedMicros = goal.raisedMicros;
  let reachedByIndex: number | null = null;
  for (const [index, tip] of tips) {
    if (tip.currency !== goal.currency) throw new Error(`A tip in ${tip.currency} cannot count for goal ${id} in ${goal.currency}.`);
    // A tip from before the goal never counted for it, so neither does what is given back of it.
    if ((tip.amountMicros < 0n || tip.isCorrection) && tip.createdAt < goal.createdAt) continue;
    raisedMicros += tip.amountMicros;
    // Where clocks differ, what is given back may be more than what was counted.
    if (raisedMicros < 0n) raisedMicros = 0n;
    if (goal.reachedAt === null && reachedByIndex === null && raisedMicros >= targetMicros) reachedByIndex = index;
  }
  const moved = raisedMicros !== goal.raisedMicros || reachedByIndex !== null;
  return moved ? { goalId: id, creatorId, raisedMicros, targetMicros, reachedByIndex } : null;
}

type NamedTip = RecordedTip & { readonly tipperId: string };

function named(tips: readonly RecordedTip[]): NamedTip[] {
  return tips.filter((tip): tip is NamedTip => tip.tipperId !== null);
}

/** Writes the last name of each fan, one row a fan however often one tips: ON CONFLICT cannot touch a row twice. */
async function nameSupporters(tx: Sql, tips: readonly RecordedTip[]): Promise<void> {
  const last = new Map(named(tips).filter((tip) => tip.amountMicros > 0n && !tip.isCorrection).map((tip) => [`${tip.creatorId} ${tip.tipperId}`, tip]));
  const rows = sortedValues(last);
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO supporter AS s (creator_id, tipper_id, display_name)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[])
     ON CONFLICT (creator_id, tipper_id) DO UPDATE SET display_name = excluded.display_name
       WHERE s.display_name <> excluded.display_name`,
    [rows.map((row) => row.creatorId), rows.map((row) => row.tipperId), rows.map((row) => row.displayName)],
  );
}

interface Total {
  readonly creatorId: string;
  readonly period: string;
  readonly startsOn: string;
  readonly tipperId: string;
  micros: bigint;
}

async function addToTotals(tx: Sql, tips: readonly RecordedTip[]): Promise<void> {
  const totals = new Map<string, Total>();
  for (const { creatorId, tipperId, amountMicros, createdAt } of named(tips)) {
    for (const [period, startsOn] of [['ALL_TIME', BEGINNING], ['DAY', dayOf(createdAt)], ['MONTH', monthOf(createdAt)]] as const) {
      const key = `${creatorId} ${period} ${startsOn} ${tipperId}`;
      const total = totals.get(key);
      if (total) total.micros += amountMicros;
      else totals.set(key, { creatorId, period, startsOn, tipperId, micros: amountMicros });
    }
  }
  const rows = sortedValues(totals);
  if (rows.length === 0) return;
  await tx.query(
    `INSERT INTO supporter_total AS t (creator_id, period, starts_on, tipper_id, total_micros)
     SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[], $4::uuid[], $5::bigint[])
     ON CONFLICT (creator_id, period, starts_on, tipper_id) DO UPDATE SET total_micros = t.total_micros + excluded.total_micros`,
    [
      rows.map((row) => row.creatorId), rows.map((row) => row.period), rows.map((row) => row.startsOn),
      rows.map((row) => row.tipperId), rows.map((row) => row.micros),
    ],
  );
}

async function addToDays(tx: Sql, tips: readonly RecordedTip[]): Promise<void> {
  const days = new Map<string, { creatorId: string; day: string; micros: bigint; count: number }>();
  for (const { creatorId, amountMicros, createdAt, isCorrection } of tips) {
    const day = dayOf(createdAt);
    const key = `${creatorId} ${day}`;
    const sum = days.get(key) ?? { creatorId, day, micros: 0n, count: 0 };
    sum.micros += amountMicros;
    // A tip that was given back was a tip all the same.
    if (amountMicros > 0n && !isCorrection) sum.count++;
    days.set(key, sum);
  }
  const rows = sortedValues(days);
  await tx.query(
    `INSERT INTO creator_day AS d (creator_id, day, tips_total_micros, tip_count)
     SELECT * FROM unnest($1::uuid[], $2::date[], $3::bigint[], $4::bigint[])
     ON CONFLICT (creator_id, day) DO UPDATE
       SET tips_total_micros = d.tips_total_micros + excluded.tips_total_micros, tip_count = d.tip_count + excluded.tip_count`,
    [rows.map((row) => row.creatorId), rows.map((row) => row.day), rows.map((row) => row.micros), rows.map((row) => row.count)],
  );
}

/** Values ascending by key: the order in which everybody locks these rows. */
function sortedValues<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}
