import { CapExceeded, dayOf, type ErrorPath } from '../api/room.ts';
import type { Sql } from '../database/room.ts';
import { formatMoney, money } from '../money/room.ts';
import type { CapPeriod } from './spending-cap.ts';
import { addToDays, readCaps, takeOffDay, type CapState, type Spender } from './spending-rows.ts';

/** Why a person's own cap forbids an amount. */
export interface CapRefusal {
  readonly currency: string;
  /** What was to be spent. */
  readonly amountMicros: bigint;
  readonly period: CapPeriod;
  /** What may still be spent in the period, from 0. */
  readonly remainingMicros: bigint;
  /** When the next period begins. */
  readonly resetsAt: Date;
}

/**
 * What the people of one batch have spent and may spend, in memory: `refusal` judges an amount against the caps and what the batch's
 * accepted predecessors spent, `spend` records an accepted one, and `write` stores all of them.
 */
export class Spending {
  readonly #caps: ReadonlyMap<string, readonly CapState[]>;
  readonly #day: string;
  #spent = new Map<string, Spender & { amountMicros: bigint }>();
  /** Of people with caps alone, since the caps were read; what was written stays in it. */
  readonly #since = new Map<string, bigint>();

  constructor(caps: readonly CapState[], day: string) {
    this.#caps = Map.groupBy(caps, nameOf);
    this.#day = day;
  }

  /** Null when the amount, in micros, may be spent; else the cap that leaves least. Of two that leave the same, the one that lasts longer. */
  refusal(personId: string, currency: string, amountMicros: bigint): CapRefusal | null {
    const name = nameOf({ personId, currency });
    const caps = this.#caps.get(name);
    if (!caps) return null;
    const since = this.#since.get(name) ?? 0n;
    const [worst] = caps
      .map(({ period, limitMicros, usedMicros, resetsAt }) => ({ period, resetsAt, remainingMicros: limitMicros - usedMicros - since }))
      .filter(({ remainingMicros }) => amountMicros > remainingMicros)
      .sort(leastFirst);
    if (!worst) return null;
    // A cap that was lowered below what had been spent leaves nothing.
    const remainingMicros = worst.remainingMicros > 0n ? worst.remainingMicros : 0n;
    return { currency, amountMicros, period: worst.period, remainingMicros, resetsAt: worst.resetsAt };
  }

  /** Records an accepted amount, in micros, capped or not. */
  spend(personId: string, currency: string, amountMicros: bigint): void {
    if (amountMicros <= 0n) throw new Error(`Nobody spends ${amountMicros} micros: ${personId} was to.`);
    const name = nameOf({ personId, currency });
    const before = this.#spent.get(name)?.amountMicros ?? 0n;
    this.#spent.set(name, { personId, currency, amountMicros: before + amountMicros });
    if (this.#caps.has(name)) this.#since.set(name, (this.#since.get(name) ?? 0n) + amountMicros);
  }

  /** Stores what was recorded, with one statement. Its place in the lock order is after accounts, among the counters. */
  async write(tx: Sql): Promise<void> {
    const rows = [...this.#spent].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
    this.#spent = new Map();
    if (rows.length > 0) await addToDays(tx, this.#day, rows);
  }
}

/**
 * Reads the caps of a batch's people (repeats allowed), and what they have used, with one statement. Call it under the people's
 * locks: they keep what was read true until the transaction ends. `now` is when the batch's tips and charges are dated.
 */
export async function readSpending(tx: Sql, spenders: readonly Spender[], now: Date): Promise<Spending> {
  const distinct = new Map(spenders.map((spender) => [nameOf(spender), spender]));
  return new Spending(await readCaps(tx, [...distinct.values()], now), dayOf(now));
}

/** Gives back what a payment that failed had counted from its first day on. Under the person's lock, where `Spending.write` has its place. */
export function giveBackSpending(tx: Sql, spent: Spender & { readonly amountMicros: bigint }, at: Date): Promise<void> {
  return takeOffDay(tx, dayOf(at), spent);
}

const named: Record<CapPeriod, string> = { DAY: 'for today', WEEK: 'for this week', MONTH: 'for this month', YEAR: 'for this year' };

/** The error that the API promises for a refusal; `path` leads to the amount, where the input has one. */
export function capExceeded({ currency, amountMicros, period, remainingMicros, resetsAt }: CapRefusal, path: ErrorPath | null): CapExceeded {
  const remaining = money(remainingMicros, currency);
  const asked = formatMoney(money(amountMicros, currency));
  return new CapExceeded(
    `${asked} would pass your own spending cap ${named[period]}, which leaves ${formatMoney(remaining)} until ${resetsAt.toISOString()}.`,
    path,
    remaining,
    resetsAt,
  );
}

interface Left {
  readonly remainingMicros: bigint;
  readonly resetsAt: Date;
}

function leastFirst(a: Left, b: Left): number {
  if (a.remainingMicros !== b.remainingMicros) return a.remainingMicros < b.remainingMicros ? -1 : 1;
  return b.resetsAt.getTime() - a.resetsAt.getTime();
}

/** A UUID holds no space, so no two pairs share a name. */
function nameOf({ personId, currency }: Spender): string {
  return `${personId} ${currency}`;
}
