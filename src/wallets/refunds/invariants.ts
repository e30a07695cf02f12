import type { Invariant } from '../../database/room.ts';

const kind = `CASE WHEN refund.tip_id IS NULL THEN 'TOP_UP_REFUND' ELSE 'TIP_REFUND' END`;
const has = (name: string) => `EXISTS (SELECT FROM posting WHERE posting.cause_id = refund.id AND posting.kind = ${name})`;
const sent = has(`${kind} || '_SENT'`);
const returned = has(`${kind} || '_RETURN'`);

const kinds = `('TIP_REFUND', 'TIP_REFUND_SENT', 'TIP_REFUND_RETURN', 'TOP_UP_REFUND', 'TOP_UP_REFUND_SENT', 'TOP_UP_REFUND_RETURN')`;

/** About every refund, of tips as of top-ups. */
export const refundInvariants: readonly Invariant[] = [
  {
    name: 'every refund has the postings of its state: taken, then sent or returned',
    sql: `SELECT refund.id, refund.currency, refund.status FROM refund
          WHERE NOT ${has(kind)} OR CASE
            WHEN refund.provider IS NULL THEN ${sent} OR ${returned}
            WHEN refund.status = 'PENDING' THEN ${sent} OR ${returned}
            WHEN refund.status = 'SUCCEEDED' THEN NOT ${sent} OR ${returned}
            ELSE NOT ${returned} OR ${sent} <> (refund.provider_refund_id IS NOT NULL) END`,
  },
  {
    name: 'every refund posting has its refund, of the same currency, and moves what it says',
    sql: `SELECT posting.id, posting.currency, refund.id AS refund_id
          FROM posting LEFT JOIN refund ON refund.id = posting.cause_id AND refund.currency = posting.currency AND posting.kind LIKE ${kind} || '%'
          LEFT JOIN LATERAL (SELECT sum(amount) AS credited FROM entry WHERE entry.posting_id = posting.id AND amount > 0) moved ON true
          WHERE posting.kind IN ${kinds} AND (refund.id IS NULL OR moved.credited IS DISTINCT FROM refund.amount_micros)`,
  },
  {
    name: 'the platform gave of every refund the fee that the refund says, and got it back with a returned one',
    sql: `SELECT refund.id, refund.currency, refund.fee_returned_micros, coalesce(given.fee, 0) AS given
          FROM refund LEFT JOIN LATERAL (
            SELECT -sum(entry.amount) AS fee FROM posting JOIN entry ON entry.posting_id = posting.id JOIN account ON account.id = entry.account_id
            WHERE posting.cause_id = refund.id AND account.kind = 'platform_fee') given ON true
          WHERE coalesce(given.fee, 0) <> CASE refund.status WHEN 'FAILED' THEN 0 ELSE refund.fee_returned_micros END`,
  },
  {
    name: 'no payment gives back more than was paid',
    sql: `SELECT paid.id, paid.currency, paid.amount_micros, sum(refund.amount_micros) AS refunded
          FROM refund JOIN (SELECT id, currency, amount_micros FROM tip UNION ALL SELECT id, currency, amount_micros FROM top_up) paid
            ON paid.id = coalesce(refund.tip_id, refund.top_up_id)
          WHERE refund.status <> 'FAILED' GROUP BY paid.id, paid.currency, paid.amount_micros
          HAVING sum(refund.amount_micros) > paid.amount_micros`,
  },
];

/** About every dispute, of tips as of top-ups. */
export const disputeInvariants: readonly Invariant[] = [
  {
    name: 'every dispute took its money, and a won one, and no other, gave it back',
    sql: `SELECT dispute.id, dispute.currency, dispute.status FROM dispute
          WHERE NOT EXISTS (SELECT FROM posting WHERE posting.cause_id = dispute.id AND posting.kind = 'DISPUTE')
            OR (dispute.status = 'WON') <> EXISTS (SELECT FROM posting WHERE posting.cause_id = dispute.id AND posting.kind = 'DISPUTE_RETURN')`,
  },
  {
    name: 'every dispute posting has its dispute, of the same currency, and moves what it says',
    sql: `SELECT posting.id, posting.currency, dispute.id AS dispute_id
          FROM posting LEFT JOIN dispute ON dispute.id = posting.cause_id AND dispute.currency = posting.currency
          LEFT JOIN LATERAL (SELECT sum(entry.amount) AS moved FROM entry JOIN account ON account.id = entry.account_id
            WHERE entry.posting_id = posting.id AND account.kind = 'clearing') cleared ON true
          WHERE posting.kind IN ('DISPUTE', 'DISPUTE_RETURN') AND (dispute.id IS NULL
            OR cleared.moved IS DISTINCT FROM CASE posting.kind WHEN 'DISPUTE' THEN dispute.amount_micros ELSE -dispute.amount_micros END)`,
  },
  {
    name: 'an account with an open dispute of a top-up is frozen',
    sql: `SELECT dispute.id, dispute.person_id FROM dispute JOIN person ON person.id = dispute.person_id
          WHERE dispute.top_up_id IS NOT NULL AND dispute.status = 'OPEN' AND person.frozen_at IS NULL`,
  },
];

// Summed before the join: most payments have neither, and looked up one by one they would cost more than all the rest.
const standing = (table: string, payment: string) => `
  SELECT paid.id, paid.currency, paid.status FROM ${table} paid
  LEFT JOIN (SELECT ${payment} AS id, sum(amount_micros) AS micros FROM refund WHERE status = 'SUCCEEDED' GROUP BY ${payment}) back ON back.id = paid.id
  LEFT JOIN (SELECT DISTINCT ${payment} AS id FROM dispute WHERE status <> 'WON') contested ON contested.id = paid.id
  WHERE paid.status NOT IN ('PENDING', 'ACTION_REQUIRED', 'FAILED') AND paid.status <> CASE
    WHEN contested.id IS NOT NULL THEN 'DISPUTED'
    WHEN back.id IS NULL THEN 'SUCCEEDED'
    WHEN back.micros < paid.amount_micros THEN 'PARTIALLY_REFUNDED'
    ELSE 'REFUNDED' END`;

/** What both rooms state of their payments: that refunds and disputes gave them their status. */
export function standingInvariant(table: 'tip' | 'top_up'): Invariant {
  const name = table === 'tip' ? 'every paid tip stands where its refunds and disputes brought it' : 'every paid top-up stands where its refunds and disputes brought it';
  return { name, sql: standing(table, `${table}_id`) };
}
