import type { Sql } from '../database/room.ts';
import type { DecidedPeriod } from './advance.ts';
import type { Charge } from './charge.ts';
import { instant } from './subscription-rows.ts';

/** The columns that `chargeOf` reads, of a table called `c`. */
export const chargeColumns = `c.id, c.subscription_id AS "subscriptionId", c.kind, c.period_index AS "periodIndex", c.currency,
  c.amount_micros AS "amountMicros", c.fee_bps AS "feeBps", c.fee_micros AS "feeMicros", c.net_micros AS "netMicros", c.status,
  c.failure_reason AS "failureReason", c.created_at AS "createdAt", c.charged_at AS "chargedAt"`;

/**
 * The charges of these subscriptions' next periods that failed before, by subscription. Call it under the subscriptions' locks.
 */
export async function readFailedCharges(sql: Sql, owed: readonly { readonly id: string; readonly periodIndex: number }[]): Promise<Map<string, Charge>> {
  if (owed.length === 0) return new Map();
  const rows = await sql.query<Charge>(
    `SELECT ${chargeColumns} FROM unnest($1::uuid[], $2::integer[]) AS asked (subscription_id, period_index)
     JOIN charge c ON c.subscription_id = asked.subscription_id AND c.period_index = asked.period_index + 1
       AND c.kind = 'PERIOD' AND c.status = 'FAILED'`,
    [owed.map(({ id }) => id), owed.map(({ periodIndex }) => periodIndex)],
  );
  return new Map(rows.map((row) => [row.subscriptionId, row]));
}

export async function insertCharges(tx: Sql, charges: readonly Charge[]): Promise<void> {
  if (charges.length === 0) return;
  await tx.query(
    `INSERT INTO charge (id, subscription_id, kind, period_index, currency, amount_micros, fee_bps, fee_micros, net_micros, status,
       failure_reason, created_at, charged_at)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::text[], $6::bigint[], $7::integer[], $8::bigint[],
       $9::bigint[], $10::text[], $11::text[], $12::timestamptz[], $13::timestamptz[])`,
    [
      charges.map((charge) => charge.id), charges.map((charge) => charge.subscriptionId), charges.map((charge) => charge.kind),
      charges.map((charge) => charge.periodIndex), charges.map((charge) => charge.currency), charges.map((charge) => charge.amountMicros),
      charges.map((charge) => charge.feeBps), charges.map((charge) => charge.feeMicros), charges.map((charge) => charge.netMicros),
      charges.map((charge) => charge.status), charges.map((charge) => charge.failureReason), charges.map((charge) => instant(charge.createdAt)),
      charges.map((charge) => instant(charge.chargedAt)),
    ],
  );
}

/** Stores what became of charges that had failed. Throws when one of them is no failed charge any more. */
export async function retryCharges(tx: Sql, charges: readonly Charge[]): Promise<void> {
  if (charges.length === 0) return;
  const updated = await tx.query<{ id: string }>(
    `UPDATE charge c SET amount_micros = n.amount_micros, fee_bps = n.fee_bps, fee_micros = n.fee_micros, net_micros = n.net_micros,
       status = n.status, failure_reason = n.failure_reason, charged_at = n.charged_at
     FROM unnest($1::uuid[], $2::bigint[], $3::integer[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::timestamptz[])
       AS n (id, amount_micros, fee_bps, fee_micros, net_micros, status, failure_reason, charged_at)
     WHERE c.id = n.id AND c.status = 'FAILED' RETURNING c.id`,
    [
      charges.map((charge) => charge.id), charges.map((charge) => charge.amountMicros), charges.map((charge) => charge.feeBps),
      charges.map((charge) => charge.feeMicros), charges.map((charge) => charge.netMicros), charges.map((charge) => charge.status),
      charges.map((charge) => charge.failureReason), charges.map((charge) => instant(charge.chargedAt)),
    ],
  );
  if (updated.length !== charges.length) throw new Error(`${charges.length} failed charges were tried again, but ${updated.length} of them had failed.`);
}

export async function insertPeriods(tx: Sql, periods: readonly (DecidedPeriod & { readonly subscriptionId: string })[]): Promise<void> {
  if (periods.length === 0) return;
  await tx.query(
    `INSERT INTO subscription_period (subscription_id, index, starts_at, ends_at, state)
     SELECT * FROM unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::timestamptz[], $5::text[])`,
    [
      periods.map((period) => period.subscriptionId), periods.map((period) => period.index), periods.map((period) => instant(period.start)),
      periods.map((period) => instant(period.end)), periods.map((period) => period.state),
    ],
  );
}

/** Ends a period that was written earlier than it was to last. */
export async function cutPeriod(tx: Sql, subscriptionId: string, index: number, end: Date): Promise<void> {
  await tx.query('UPDATE subscription_period SET ends_at = $3 WHERE subscription_id = $1 AND index = $2', [subscriptionId, index, end]);
}
