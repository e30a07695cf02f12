import type { Sql } from '../../database/room.ts';
import type { DisputedPayment } from './dispute.ts';

/** The payments that disputes are about, in the order of the disputes' ids; null where there is no such dispute. */
export async function readDisputedPayments(sql: Sql, disputeIds: readonly string[]): Promise<(DisputedPayment | null)[]> {
  const rows = await sql.query<DisputedPayment & { readonly disputeId: string }>(
    `SELECT id AS "disputeId", CASE WHEN tip_id IS NULL THEN 'TOP_UP' ELSE 'TIP' END AS kind, coalesce(tip_id, top_up_id) AS id
     FROM dispute WHERE id = ANY ($1::uuid[])`,
    [disputeIds],
  );
  const payments = new Map(rows.map(({ disputeId, kind, id }) => [disputeId, { kind, id }]));
  return disputeIds.map((id) => payments.get(id) ?? null);
}
