import type { Sql } from '../database/room.ts';
import type { AutoTopUp } from './auto-top-up.ts';
import type { PaymentFailure } from './charge-step.ts';
import type { TopUp } from './top-up.ts';

const columns = `auto.person_id AS "personId", auto.currency, auto.below_micros AS "belowMicros", auto.amount_micros AS "amountMicros",
  auto.payment_method_id AS "paymentMethodId", auto.stopped_at AS "stoppedAt", auto.stop_reason AS "stopReason"`;

/** Those whose wallet is low, or not there yet, and waits for nothing, of people who may pay. */
const due = `
  FROM auto_top_up AS auto
  LEFT JOIN account wallet ON wallet.owner_id = auto.person_id AND wallet.kind = 'wallet' AND wallet.currency = auto.currency
  JOIN person ON person.id = auto.person_id
  WHERE auto.stopped_at IS NULL AND coalesce(wallet.balance, 0) < auto.below_micros AND person.frozen_at IS NULL
    AND NOT EXISTS (SELECT FROM top_up WHERE top_up.person_id = auto.person_id AND top_up.currency = auto.currency
      AND top_up.is_automatic AND top_up.status IN ('PENDING', 'ACTION_REQUIRED'))`;

/** Who is due, behind a person in their order. Nothing is locked, so it is only a hint. */
export function readDueAutoTopUps(sql: Sql, afterPersonId: string | null, limit: number): Promise<AutoTopUp[]> {
  return sql.query<AutoTopUp>(`SELECT ${columns} ${due} AND ($1::uuid IS NULL OR auto.person_id > $1) ORDER BY auto.person_id LIMIT $2`, [afterPersonId, limit]);
}

/** The same of some people. */
export function readDueAutoTopUpsOf(sql: Sql, personIds: readonly string[]): Promise<AutoTopUp[]> {
  return sql.query<AutoTopUp>(`SELECT ${columns} ${due} AND auto.person_id = ANY ($1::uuid[]) ORDER BY auto.person_id`, [personIds]);
}

/** Whether one is due, under the person's lock, which keeps it so. */
export async function isDueNow(tx: Sql, personId: string): Promise<boolean> {
  return (await readDueAutoTopUpsOf(tx, [personId])).length > 0;
}

export async function readAutoTopUp(sql: Sql, personId: string): Promise<AutoTopUp | null> {
  const [auto] = await sql.query<AutoTopUp>(`SELECT ${columns} FROM auto_top_up AS auto WHERE person_id = $1`, [personId]);
  return auto ?? null;
}

/** Sets it anew and lets it run, under the person's lock; null turns it off. */
export async function storeAutoTopUp(tx: Sql, personId: string, auto: Omit<AutoTopUp, 'personId' | 'stoppedAt' | 'stopReason'> | null, now: Date): Promise<void> {
  await tx.query('DELETE FROM auto_top_up WHERE person_id = $1', [personId]);
  if (!auto) return;
  await tx.query(
    'INSERT INTO auto_top_up (person_id, currency, below_micros, amount_micros, payment_method_id, changed_at) VALUES ($1, $2, $3, $4, $5, $6)',
    [personId, auto.currency, auto.belowMicros, auto.amountMicros, auto.paymentMethodId, now],
  );
}

/** Stops the one that asked for a top-up which was declined, unless it was changed since, or the fault was not the card's. */
export async function stopAutoTopUp(tx: Sql, topUp: TopUp, failure: PaymentFailure, now: Date): Promise<void> {
  if (failure.code === 'not_attempted' || failure.code === 'provider_unavailable') return;
  await tx.query(
    'UPDATE auto_top_up SET stopped_at = $3, stop_reason = $4 WHERE person_id = $1 AND changed_at <= $2 AND stopped_at IS NULL',
    [topUp.personId, topUp.createdAt, now, failure.reason],
  );
}
