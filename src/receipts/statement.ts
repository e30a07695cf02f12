import { databaseService, type Services, type Sql } from '../database/room.ts';
import { findAccounts } from '../ledger/room.ts';

/** Whose statement it is: an account's wallet in a currency, or what a page earned. */
export type StatementOf =
  | { readonly kind: 'WALLET'; readonly accountId: string; readonly currency: string; readonly holder: string }
  | { readonly kind: 'PAGE'; readonly accountId: string; readonly debtId: string; readonly currency: string; readonly holder: string };

/** A calendar month in UTC, such as "2026-03"; null for all time. */
export type Month = string | null;

/** The part of an account's entries that a statement shows: those above version `after`, up to version `to`. */
export interface Slice {
  readonly after: bigint;
  readonly to: bigint;
  readonly openingMicros: bigint;
  readonly closingMicros: bigint;
}

/** Reads a month as its first moment and that of the next one; null when the text is no month. */
export function monthBounds(month: string): { readonly start: Date; readonly end: Date } | null {
  const [, year, number] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month) ?? [];
  if (year === undefined || number === undefined) return null;
  return { start: new Date(Date.UTC(Number(year), Number(number) - 1)), end: new Date(Date.UTC(Number(year), Number(number))) };
}

/** The statement of a wallet, by the id of its account; null when there is no such wallet. */
export async function walletStatement(services: Services, accountId: string): Promise<StatementOf | null> {
  const [row] = await services.get(databaseService).query<{ currency: string; holder: string }>(
    `SELECT account.currency, person.display_name AS holder FROM account JOIN person ON person.id = account.owner_id
     WHERE account.id = $1 AND account.kind = 'wallet'`,
    [accountId],
  );
  return row ? { kind: 'WALLET', accountId, ...row } : null;
}

/** The statement of what a page earned; null when there is no such page. */
export async function pageStatement(services: Services, creatorId: string): Promise<StatementOf | null> {
  const db = services.get(databaseService);
  const [row] = await db.query<{ currency: string; holder: string }>(
    `SELECT currency, display_name || ' (@' || handle || ')' AS holder FROM creator WHERE id = $1`,
    [creatorId],
  );
  if (!row) return null;
  const names = (['earnings', 'debt'] as const).map((kind) => ({ ownerId: creatorId, kind, currency: row.currency }));
  const [accountId, debtId] = await findAccounts(db, names);
  if (!accountId || !debtId) throw new Error(`The creator ${creatorId} has no earnings account.`);
  return { kind: 'PAGE', accountId, debtId, ...row };
}

/**
 * Which entries are a month's: those after the last one of the months before, up to its own last one. Entries are numbered in the order
 * in which they were booked, so months that are read so lie side by side without a gap: what one closes with, the next opens with,
 * even where two processes' clocks disagree.
 */
export async function sliceOf(sql: Sql, accountId: string, month: Month): Promise<Slice> {
  const bounds = month === null ? null : monthBounds(month);
  const [opening, closing] = await Promise.all([bounds ? standingBefore(sql, accountId, bounds.start) : nothing, standingBefore(sql, accountId, bounds?.end ?? null)]);
  return { after: opening.version, to: closing.version, openingMicros: opening.micros, closingMicros: closing.micros };
}

interface Standing {
  readonly version: bigint;
  readonly micros: bigint;
}

const nothing: Standing = { version: 0n, micros: 0n };

async function standingBefore(sql: Sql, accountId: string, moment: Date | null): Promise<Standing> {
  const [row] = await sql.query<Standing>(
    `SELECT entry.version, entry.balance_after AS micros FROM entry JOIN posting ON posting.id = entry.posting_id
     WHERE entry.account_id = $1 AND entry.version IS NOT NULL AND ($2::timestamptz IS NULL OR posting.created_at < $2)
     ORDER BY entry.version DESC LIMIT 1`,
    [accountId, moment],
  );
  return row ?? nothing;
}

/** A movement with what is known of its cause. */
export interface StatementRow {
  readonly version: bigint;
  readonly amountMicros: bigint;
  readonly balanceAfterMicros: bigint;
  readonly kind: string;
  /** What it is about, by the kind of that one's own posting and its id: of a dispute, the payment that is contested. */
  readonly aboutKind: string;
  readonly aboutId: string;
  readonly createdAt: Date;
  /** What was paid, and what of it went to the platform and to the card's processor; below zero where it went back. */
  readonly paidMicros: bigint | null;
  readonly feeMicros: bigint | null;
  readonly processorFeeMicros: bigint | null;
  /** Who paid, by the name on the tip or of the account; null where nobody may know. */
  readonly payer: string | null;
  readonly message: string | null;
  readonly creator: string | null;
}

const rowsPerPage = 1_000;

/** The rows of a slice, oldest first, read page by page: entries never change, so the pages are of one moment. */
export async function* statementRows(sql: Sql, accountId: string, { after, to }: Slice): AsyncGenerator<readonly StatementRow[]> {
  for (let place = after; place < to; ) {
    const rows: StatementRow[] = await sql.query<StatementRow>(
      `SELECT entry.version, entry.amount AS "amountMicros", entry.balance_after AS "balanceAfterMicros", posting.kind,
         CASE WHEN dispute.tip_id IS NOT NULL THEN 'TIP' WHEN dispute.top_up_id IS NOT NULL THEN 'TOP_UP' ELSE posting.kind END AS "aboutKind",
         coalesce(dispute.tip_id, dispute.top_up_id, posting.cause_id) AS "aboutId", posting.created_at AS "createdAt",
         figures.paid AS "paidMicros", figures.platform AS "feeMicros", figures.processor AS "processorFeeMicros",
         CASE WHEN tip.is_anonymous THEN NULL ELSE coalesce(tip.display_name, subscriber.display_name) END AS payer,
         CASE WHEN tip.message_state = 'VISIBLE' THEN tip.message END AS message,
         creator.display_name || ' (@' || creator.handle || ')' AS creator
       FROM entry JOIN posting ON posting.id = entry.posting_id
       LEFT JOIN refund ON refund.id = posting.cause_id AND posting.kind IN ('TIP_REFUND', 'TIP_REFUND_RETURN', 'TOP_UP_REFUND', 'TOP_UP_REFUND_RETURN')
       LEFT JOIN dispute ON dispute.id = posting.cause_id AND posting.kind IN ('DISPUTE', 'DISPUTE_RETURN')
       LEFT JOIN top_up ON top_up.id = posting.cause_id AND posting.kind = 'TOP_UP'
       LEFT JOIN tip ON tip.id = CASE WHEN posting.kind = 'TIP' THEN posting.cause_id ELSE coalesce(refund.tip_id, dispute.tip_id) END
       LEFT JOIN charge ON charge.id = posting.cause_id AND posting.kind IN ('SUBSCRIPTION', 'SUBSCRIPTION_PRORATION')
       LEFT JOIN subscription ON subscription.id = charge.subscription_id
       LEFT JOIN person subscriber ON subscriber.id = subscription.person_id
       LEFT JOIN creator ON creator.id = coalesce(tip.creator_id, subscription.creator_id)
       CROSS JOIN LATERAL (SELECT CASE WHEN posting.kind LIKE '%\\_RETURN' THEN 1 ELSE -1 END AS sign) way
       CROSS JOIN LATERAL (
         -- The fee of a refund that failed may have passed to a dispute meanwhile.
         SELECT refund.amount_micros * sign AS paid, (refund.fee_returned_micros - CASE WHEN sign > 0 AND refund.tip_id IS NOT NULL THEN refund.to_disputes_micros ELSE 0 END) * sign AS platform,
           0::bigint AS processor WHERE refund.id IS NOT NULL
         UNION ALL
         SELECT dispute.amount_micros * sign, (dispute.fee_returned_micros + CASE WHEN sign > 0 AND dispute.tip_id IS NOT NULL THEN dispute.from_refunds_micros ELSE 0 END) * sign, 0
           WHERE dispute.id IS NOT NULL
         UNION ALL
         SELECT coalesce(top_up.charged_micros, tip.amount_micros, charge.amount_micros), coalesce(tip.fee_micros, charge.fee_micros),
           coalesce(top_up.processor_fee_micros, tip.processor_fee_micros) WHERE refund.id IS NULL AND dispute.id IS NULL
       ) figures
       WHERE entry.account_id = $1 AND entry.version > $2 AND entry.version <= $3 ORDER BY entry.version LIMIT $4`,
      [accountId, place, to, rowsPerPage],
    );
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    place = last.version;
  }
}

/** What one kind of movement came to. For what was earned, before and after fees; debt is what repaid it, above zero. */
export interface KindTotal {
  readonly kind: string;
  readonly count: number;
  readonly movedMicros: bigint;
  readonly repaidMicros: bigint;
  readonly feeMicros: bigint;
  readonly processorFeeMicros: bigint;
}

/** The kinds of movement that are what fans paid to a page, or what of it went back. */
export const earningKinds: readonly string[] = [
  'TIP', 'TIP_REFUND', 'TIP_REFUND_RETURN', 'DISPUTE', 'DISPUTE_RETURN', 'SUBSCRIPTION', 'SUBSCRIPTION_PRORATION',
];

/** The totals of slices of an account and of its debt, by kind of movement. What a provider keeps for a dispute is the platform's, and not among them. */
export async function kindTotals(sql: Sql, account: readonly [string, Slice], debt: readonly [string, Slice] | null): Promise<KindTotal[]> {
  const [accountId, slice] = account;
  const rows = await sql.query<Omit<KindTotal, 'count'> & { count: bigint }>(
    `WITH moved AS (
       SELECT posting_id, coalesce(sum(amount) FILTER (WHERE account_id = $1), 0) AS moved, coalesce(sum(amount) FILTER (WHERE account_id = $4), 0) AS repaid
       FROM entry WHERE (account_id = $1 AND version > $2 AND version <= $3) OR (account_id = $4 AND version > $5 AND version <= $6)
       GROUP BY posting_id
     )
     SELECT posting.kind, count(*) AS count, sum(moved.moved)::bigint AS "movedMicros", sum(moved.repaid)::bigint AS "repaidMicros",
       coalesce(sum(fees.platform), 0)::bigint AS "feeMicros", coalesce(sum(fees.processor), 0)::bigint AS "processorFeeMicros"
     FROM moved JOIN posting ON posting.id = moved.posting_id
     LEFT JOIN LATERAL (
       SELECT sum(entry.amount) FILTER (WHERE account.kind = 'platform_fee') AS platform, sum(entry.amount) FILTER (WHERE account.kind = 'processor_fee' AND posting.kind <> 'DISPUTE') AS processor
       FROM entry JOIN account ON account.id = entry.account_id
       WHERE entry.posting_id = moved.posting_id AND posting.kind = ANY ($7::text[])
     ) fees ON true
     GROUP BY posting.kind ORDER BY posting.kind`,
    [accountId, slice.after, slice.to, debt?.[0] ?? null, debt?.[1].after ?? 0n, debt?.[1].to ?? 0n, earningKinds],
  );
  return rows.map((row) => ({ ...row, count: Number(row.count) }));
}
