import type { MovedGoal, RecordedTip } from '../../src/creators/room.ts';
import type { Sql } from '../../src/database/room.ts';

interface ModelGoal {
  readonly goalId: string;
  readonly creatorId: string;
  readonly targetMicros: bigint;
  raisedMicros: bigint;
  reachedAt: Date | null;
  isArchived: boolean;
}

/** What `recordTips` should leave, told the simple way: one tip after the other, one map a table. */
export class RollupModel {
  readonly #goals: ModelGoal[] = [];
  readonly #names = new Map<string, string>();
  readonly #totals = new Map<string, bigint>();
  readonly #days = new Map<string, { micros: bigint; count: number }>();
  /** What was given and not given back yet, so that refunds are of real tips. */
  readonly #left: { tip: RecordedTip; micros: bigint }[] = [];

  addGoal(goalId: string, creatorId: string, amount: string): void {
    const targetMicros = BigInt(Math.round(Number(amount) * 1e6));
    this.#goals.push({ goalId, creatorId, targetMicros, raisedMicros: 0n, reachedAt: null, isArchived: false });
  }

  archive(index: number): string | undefined {
    const goal = this.#goals[index];
    if (goal) goal.isArchived = true;
    return goal?.goalId;
  }

  /** A refund of at most so much of the oldest tip that has something left. */
  refundOf(micros: bigint): RecordedTip | null {
    const open = this.#left.find((one) => one.micros > 0n);
    if (!open) return null;
    const given = micros < open.micros ? micros : open.micros;
    return { ...open.tip, displayName: 'not this one', amountMicros: -given };
  }

  /** False for a second refund of the same money, which a batch is not asked to judge. */
  accepts(tip: RecordedTip): boolean {
    if (tip.amountMicros > 0n) return true;
    const open = this.#left.find((one) => one.micros >= -tip.amountMicros && one.tip.creatorId === tip.creatorId && one.tip.tipperId === tip.tipperId && one.tip.createdAt === tip.createdAt);
    if (!open) return false;
    open.micros += tip.amountMicros;
    return true;
  }

  record(tips: readonly RecordedTip[]): MovedGoal[] {
    const before = new Map(this.#goals.map((goal) => [goal.goalId, goal.raisedMicros]));
    const reached = new Map<string, number>();
    tips.forEach((tip, index) => {
      if (tip.amountMicros > 0n) this.#left.push({ tip, micros: tip.amountMicros });
      this.#count(tip);
      for (const goal of this.#goals.filter((one) => one.creatorId === tip.creatorId && !one.isArchived)) {
        goal.raisedMicros += tip.amountMicros;
        if (goal.raisedMicros < 0n) goal.raisedMicros = 0n;
        if (goal.reachedAt || goal.raisedMicros < goal.targetMicros) continue;
        goal.reachedAt = tip.createdAt;
        reached.set(goal.goalId, index);
      }
    });
    return this.#goals
      .filter(({ goalId, raisedMicros }) => before.get(goalId) !== raisedMicros || reached.has(goalId))
      .map(({ goalId, creatorId, raisedMicros, targetMicros }) => ({ goalId, creatorId, raisedMicros, targetMicros, reachedByIndex: reached.get(goalId) ?? null }))
      .sort((a, b) => (a.goalId < b.goalId ? -1 : 1));
  }

  #count({ creatorId, tipperId, displayName, amountMicros, createdAt }: RecordedTip): void {
    const date = createdAt.toISOString().slice(0, 10);
    const day = this.#days.get(`${creatorId} ${date}`) ?? { micros: 0n, count: 0 };
    this.#days.set(`${creatorId} ${date}`, { micros: day.micros + amountMicros, count: day.count + (amountMicros > 0n ? 1 : 0) });
    if (tipperId === null) return;
    if (amountMicros > 0n) this.#names.set(`${creatorId} ${tipperId}`, displayName);
    for (const period of [`DAY ${date}`, `MONTH ${date.slice(0, 7)}-01`, 'ALL_TIME 1970-01-01']) {
      const key = `${creatorId} ${tipperId} ${period}`;
      this.#totals.set(key, (this.#totals.get(key) ?? 0n) + amountMicros);
    }
  }

  rows(): Rows {
    return {
      goals: this.#goals.map((goal) => `${goal.goalId} ${goal.raisedMicros} ${goal.reachedAt?.toISOString() ?? null}`).sort(),
      names: [...this.#names].map(([key, name]) => `${key} ${name}`).sort(),
      totals: [...this.#totals].map(([key, micros]) => `${key} ${micros}`).sort(),
      days: [...this.#days].map(([key, { micros, count }]) => `${key} ${micros} ${count}`).sort(),
    };
  }

  /** The same of a database. */
  static async read(sql: Sql, creatorIds: readonly string[]): Promise<Rows> {
    const all = async (columns: string, table: string) => {
      const rows = await sql.query<Record<string, unknown>>(`SELECT ${columns} FROM ${table} WHERE creator_id = ANY ($1::uuid[])`, [creatorIds]);
      return rows.map((row) => Object.values(row).map((value) => (value instanceof Date ? value.toISOString() : String(value))).join(' ')).sort();
    };
    return {
      goals: await all('id, raised_micros, reached_at', 'goal'),
      names: await all('creator_id, tipper_id, display_name', 'supporter'),
      totals: await all('creator_id, tipper_id, period, starts_on, total_micros', 'supporter_total'),
      days: await all('creator_id, day, tips_total_micros, tip_count', 'creator_day'),
    };
  }
}

export type Rows = Record<'goals' | 'names' | 'totals' | 'days', string[]>;
