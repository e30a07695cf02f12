import { Period } from '../../src/api/room.ts';
import { transaction, type Database } from '../../src/database/room.ts';
import { lockPeople } from '../../src/identity/room.ts';
import { readSpending, setSpendingCap, type CapPeriod, type CapRefusal } from '../../src/wallets/room.ts';

export interface Cap {
  readonly period?: CapPeriod;
  readonly currency?: string;
}

/** Caps somebody's spending, of a day in USD unless told otherwise. Fails where the person is not there. */
export async function capSpending(db: Database, personId: string, limitMicros: bigint | null, now: Date, { period = Period.DAY, currency = 'USD' }: Cap = {}): Promise<void> {
  const outcome = await setSpendingCap(db, { personId, currency, period, limitMicros }, now);
  if (outcome !== 'DONE') throw new Error(`The cap was not set: ${outcome}`);
}

export interface Wish {
  readonly personId: string;
  readonly amountMicros: bigint;
  readonly currency?: string;
}

/** Spends amounts in one transaction as a charging room does, but moves no money. Answers each one's refusal, null where it was spent. */
export function spend(db: Database, wishes: readonly Wish[], now: Date): Promise<(CapRefusal | null)[]> {
  return transaction(db, async (tx) => {
    await lockPeople(tx, wishes.map(({ personId }) => personId));
    const spending = await readSpending(tx, wishes.map(({ personId, currency = 'USD' }) => ({ personId, currency })), now);
    const refusals = wishes.map(({ personId, currency = 'USD', amountMicros }) => {
      const refusal = spending.refusal(personId, currency, amountMicros);
      if (!refusal) spending.spend(personId, currency, amountMicros);
      return refusal;
    });
    await spending.write(tx);
    return refusals;
  });
}

/** What somebody spent by day, such as `{ '2026-01-31': 5_000_000n }`. */
export async function spentByDay(db: Database, personId: string, currency = 'USD'): Promise<Record<string, bigint>> {
  const rows = await db.query<{ day: string; micros: bigint }>(
    'SELECT day, spent_micros AS micros FROM spending_day WHERE person_id = $1 AND currency = $2 ORDER BY day',
    [personId, currency],
  );
  return Object.fromEntries(rows.map(({ day, micros }) => [day, micros]));
}
