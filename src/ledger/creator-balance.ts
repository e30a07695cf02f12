import type { Sql } from '../database/room.ts';

/** What one owner has earned in one currency, in micros. */
export interface CreatorBalance {
  readonly ownerId: string;
  readonly currency: string;
  /** May be paid out now. */
  readonly availableMicros: bigint;
  /** Earned too recently to be paid out. With `availableMicros` it makes up `earningsMicros`. */
  readonly heldMicros: bigint;
  readonly earningsMicros: bigint;
  /** What later credits repay first, above zero. */
  readonly debtMicros: bigint;
  /** On its way to a bank. */
  readonly inTransitMicros: bigint;
}

export interface HoldRule {
  /** A credit is held this many days, and up to an hour more since buckets are whole hours. 0 holds nothing. */
  readonly holdDays: number;
  readonly now: Date;
}

const hourMs = 3_600_000;

/**
 * The balances of creators, one row for each owner and currency that has an earnings, debt or payout account: all figures of a row
 * are of one moment. Owners without accounts have no row.
 */
export async function creatorBalances(
  sql: Sql,
  ownerIds: readonly string[],
  { holdDays, now }: HoldRule,
): Promise<CreatorBalance[]> {
  // A bucket lives until the youngest credit that it can hold has been held for its days.
  const bornAfter = new Date(now.getTime() - (holdDays * 24 + 1) * hourMs);
  return sql.query<CreatorBalance>(
    `SELECT owner_id AS "ownerId", currency, earnings AS "earningsMicros", -debt AS "debtMicros", in_transit AS "inTransitMicros",
       greatest(0, earnings - live) AS "availableMicros", least(earnings, live) AS "heldMicros"
     FROM (
       SELECT a.owner_id, a.currency,
         coalesce(sum(a.balance) FILTER (WHERE a.kind = 'earnings'), 0)::bigint AS earnings,
         coalesce(sum(a.balance) FILTER (WHERE a.kind = 'debt'), 0)::bigint AS debt,
         coalesce(sum(a.balance) FILTER (WHERE a.kind = 'payout'), 0)::bigint AS in_transit,
         coalesce(sum(h.live), 0)::bigint AS live
       FROM account a
       LEFT JOIN LATERAL (
         SELECT sum(h.amount) AS live FROM earnings_hold h WHERE h.account_id = a.id AND h.hour > $2 AND $3::boolean
       ) h ON a.kind = 'earnings'
       WHERE a.owner_id = ANY ($1::uuid[]) AND a.kind IN ('earnings', 'debt', 'payout')
       GROUP BY a.owner_id, a.currency
     ) balances
     ORDER BY owner_id, currency`,
    [ownerIds, bornAfter, holdDays > 0],
  );
}
