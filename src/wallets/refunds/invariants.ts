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
          CROSS JOIN LATERAL (SELECT coalesce(sum(entry.amount), 0) AS credited FROM entry JOIN account ON account.id = entry.account_id
            WHERE entry.posting_id = posting.id AND entry.amount > 0 AND account.kind <> 'platform_loss') moved
          WHERE posting.kind IN ${kinds} AND (refund.id IS NULL OR moved.credited IS DISTINCT FROM refund.amount_micros + CASE posting.kind
            WHEN 'TOP_UP_REFUND' THEN refund.withheld_micros
            WHEN 'TOP_UP_REFUND_RETURN' THEN refund.withheld_micros - refund.to_disputes_micros ELSE 0 END)`,
  },
  {
    name: 'every refund is of its payment, to who paid it, of its charge and through its provider',
    sql: `SELECT refund.id, refund.currency, refund.person_id, paid.payer_id, refund.provider_charge_id, paid.provider_charge_id AS charged
          FROM refund JOIN (
            SELECT id, currency, sender_id AS payer_id, provider, provider_charge_id FROM tip
            UNION ALL SELECT id, currency, person_id, provider, provider_charge_id FROM top_up) paid ON paid.id = coalesce(refund.tip_id, refund.top_up_id)
          WHERE (refund.currency, refund.person_id, refund.provider, refund.provider_charge_id)
            IS DISTINCT FROM (paid.currency, paid.payer_id, paid.provider, paid.provider_charge_id)`,
  },
  {
    name: 'the platform gave and kept of every refund what the refund says, and as much of it left as it says',
    sql: `SELECT refund.id, refund.currency, refund.fee_returned_micros, moved.fee AS given, moved.loss AS made_good
          FROM refund CROSS JOIN LATERAL (
            SELECT coalesce(-sum(entry.amount) FILTER (WHERE account.kind = 'platform_fee'), 0) AS fee,
              coalesce(sum(entry.amount) FILTER (WHERE account.kind = 'platform_loss'), 0) AS loss,
              coalesce(sum(entry.amount) FILTER (WHERE account.kind = 'clearing'), 0) AS sent
            FROM posting JOIN entry ON entry.posting_id = posting.id JOIN account ON account.id = entry.account_id
            WHERE posting.cause_id = refund.id) moved
          -- What disputes took over of a failed refund did not come back: of a tip's its fee, of a top-up's its money.
          WHERE (moved.fee, moved.loss, moved.sent) IS DISTINCT FROM (
            CASE WHEN refund.status <> 'FAILED' THEN refund.fee_returned_micros WHEN refund.tip_id IS NULL THEN 0 ELSE refund.to_disputes_micros END,
            CASE WHEN refund.status = 'SUCCEEDED' THEN refund.withheld_micros WHEN refund.tip_id IS NULL THEN refund.to_disputes_micros ELSE 0 END,
            CASE WHEN refund.status = 'SUCCEEDED' AND refund.provider IS NOT NULL THEN refund.amount_micros ELSE 0 END)`,
  },
  {
    name: 'no payment gives back more than was paid',
    sql: `SELECT paid.id, paid.currency, paid.amount_micros, sum(refund.amount_micros + refund.withheld_micros) AS refunded
          FROM refund JOIN (SELECT id, currency, amount_micros FROM tip UNION ALL SELECT id, currency, amount_micros FROM top_up) paid
            ON paid.id = coalesce(refund.tip_id, refund.top_up_id)
          WHERE refund.status <> 'FAILED' GROUP BY paid.id, paid.currency, paid.amount_micros
          HAVING sum(refund.amount_micros + refund.withheld_micros) > paid.amount_micros`,
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
          CROSS JOIN LATERAL (
            SELECT coalesce(sum(entry.amount) FILTER (WHERE account.kind = 'clearing'), 0) AS cleared,
              coalesce(sum(entry.amount) FILTER (WHERE account.kind = 'processor_fee'), 0) AS provider_fee,
              coalesce(-sum(entry.amount) FILTER (WHERE account.kind = 'platform_loss'), 0) AS lost,
              coalesce(-sum(entry.amount) FILTER (WHERE account.kind = 'platform_fee'), 0) AS fee,
              coalesce(-sum(entry.amount) FILTER (WHERE account.kind IN ('wallet', 'earnings', 'debt')), 0) AS borne
            FROM entry JOIN account ON account.id = entry.account_id WHERE entry.posting_id = posting.id) moved
          -- One that was won gives back as it was left by refunds that failed meanwhile: with more of a fee, or with less of a loss.
          CROSS JOIN LATERAL (SELECT CASE posting.kind WHEN 'DISPUTE' THEN 1 ELSE -1 END AS sign, CASE posting.kind WHEN 'DISPUTE' THEN 0 ELSE dispute.from_refunds_micros END AS later) way
          CROSS JOIN LATERAL (
            SELECT CASE WHEN sign > 0 THEN dispute.provider_fee_micros ELSE 0 END AS provider_fee,
              sign * (dispute.loss_micros - CASE WHEN dispute.tip_id IS NULL THEN later ELSE 0 END) AS lost,
              sign * (dispute.fee_returned_micros + CASE WHEN dispute.tip_id IS NULL THEN 0 ELSE later END) AS fee) said
          WHERE posting.kind IN ('DISPUTE', 'DISPUTE_RETURN') AND (dispute.id IS NULL
            OR (moved.cleared, moved.provider_fee, moved.lost, moved.fee, moved.borne) IS DISTINCT FROM
              (sign * dispute.amount_micros, said.provider_fee, said.lost + said.provider_fee, said.fee, sign * dispute.amount_micros - said.lost - said.fee))`,
  },
  {
    name: 'disputes took over of refunds what these passed to them',
    sql: `SELECT coalesce(dispute.id, refund.id) AS id, dispute.taken, refund.passed
          FROM (SELECT coalesce(tip_id, top_up_id) AS id, sum(from_refunds_micros) AS taken FROM dispute GROUP BY 1) dispute
          FULL JOIN (SELECT coalesce(tip_id, top_up_id) AS id, sum(to_disputes_micros) AS passed FROM refund GROUP BY 1) refund ON refund.id = dispute.id
          WHERE coalesce(dispute.taken, 0) <> coalesce(refund.passed, 0)`,
  },
  {
    name: 'every dispute is of its payment: its payer, its provider, and at most its amount off the totals',
    sql: `SELECT dispute.id, dispute.currency, dispute.person_id, paid.payer_id
          FROM dispute JOIN (
            SELECT id, currency, sender_id AS payer_id, provider FROM tip UNION ALL SELECT id, currency, person_id, provider FROM top_up) paid
            ON paid.id = coalesce(dispute.tip_id, dispute.top_up_id)
          WHERE (dispute.currency, dispute.person_id, dispute.provider) IS DISTINCT FROM (paid.currency, paid.payer_id, paid.provider)
            OR dispute.totals_micros > dispute.amount_micros`,
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
  LEFT JOIN (SELECT ${payment} AS id, sum(amount_micros + withheld_micros) AS micros FROM refund WHERE status = 'SUCCEEDED' GROUP BY ${payment}) back ON back.id = paid.id
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
