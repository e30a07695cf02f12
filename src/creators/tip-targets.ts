import type { Sql } from '../database/room.ts';

/** What a tip has to know of the creator it is for. */
export interface TipTarget {
  readonly creatorId: string;
  /** The person who runs the page, and so cannot tip it. */
  readonly ownerId: string;
  readonly currency: string;
  readonly tipMinimumMicros: bigint;
  readonly tipMaximumMicros: bigint;
  /** In code points. */
  readonly maxMessageLength: number;
  readonly holdTipsForApproval: boolean;
  readonly earningsAccountId: string;
  readonly debtAccountId: string;
}

/** Both accounts are opened in the transaction that makes the creator, so an inner join loses nobody. */
const select = `
  SELECT c.id AS "creatorId", c.owner_id AS "ownerId", c.currency,
    c.tip_minimum_micros AS "tipMinimumMicros", c.tip_maximum_micros AS "tipMaximumMicros",
    c.max_message_length AS "maxMessageLength", c.hold_tips_for_approval AS "holdTipsForApproval",
    earnings.id AS "earningsAccountId", debt.id AS "debtAccountId"
  FROM creator c
  JOIN account earnings ON earnings.owner_id = c.id AND earnings.kind = 'earnings' AND earnings.currency = c.currency
  JOIN account debt ON debt.owner_id = c.id AND debt.kind = 'debt' AND debt.currency = c.currency
  WHERE c.id = ANY ($1::uuid[])`;

/** Reads many creators in one statement and takes no lock; an id that is no creator's is missing from the answer. */
export async function readTipTargets(sql: Sql, creatorIds: readonly string[]): Promise<Map<string, TipTarget>> {
  const rows = await sql.query<TipTarget>(select, [[...new Set(creatorIds)]]);
  return new Map(rows.map((row) => [row.creatorId, row]));
}
