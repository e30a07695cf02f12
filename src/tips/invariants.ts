import type { Invariant } from '../database/room.ts';

/** Tips that were paid, whatever became of them since. */
const paid = `status IN ('SUCCEEDED', 'PARTIALLY_REFUNDED', 'REFUNDED', 'DISPUTED')`;

export const tipInvariants: Invariant[] = [
  {
    name: 'every paid tip has its posting',
    sql: `SELECT tip.id FROM tip WHERE ${paid}
          AND NOT EXISTS (SELECT FROM posting WHERE posting.cause_id = tip.id AND posting.kind = 'TIP')`,
  },
  {
    name: 'every tip posting has its paid tip, of the same currency, and moves what it says between the right kinds of account',
    // What the provider took more or less of a card than was quoted is the platform's.
    sql: `SELECT posting.id, tip.id AS tip_id
          FROM posting
          LEFT JOIN tip ON tip.id = posting.cause_id AND tip.currency = posting.currency AND ${paid}
          LEFT JOIN LATERAL (
            SELECT -sum(entry.amount) FILTER (WHERE account.kind IN ('wallet', 'clearing')) AS taken,
              sum(entry.amount) FILTER (WHERE account.kind IN ('earnings', 'debt')) AS earned,
              coalesce(sum(entry.amount) FILTER (WHERE account.kind NOT IN ('wallet', 'clearing', 'earnings', 'debt')), 0) AS fees,
              bool_or(account.kind = 'clearing') AS is_by_card
            FROM entry JOIN account ON account.id = entry.account_id WHERE entry.posting_id = posting.id) moved ON true
          WHERE posting.kind = 'TIP' AND (tip.id IS NULL OR tip.amount_micros IS DISTINCT FROM moved.taken OR tip.net_micros IS DISTINCT FROM moved.earned
            OR tip.fee_micros + tip.processor_fee_micros IS DISTINCT FROM moved.fees OR (tip.funding = 'CARD') IS DISTINCT FROM moved.is_by_card)`,
  },
  {
    name: 'every tip that is not paid moved nothing',
    sql: `SELECT tip.id, tip.status FROM tip JOIN posting ON posting.cause_id = tip.id WHERE NOT ${paid}`,
  },
  {
    name: 'what a tip brought, less what was kept of it, is its creator\'s',
    sql: `SELECT tip.id, tip.creator_id
          FROM posting JOIN tip ON tip.id = posting.cause_id
          JOIN entry ON entry.posting_id = posting.id JOIN account ON account.id = entry.account_id
          WHERE posting.kind = 'TIP' GROUP BY tip.id
          HAVING sum(entry.amount) FILTER (WHERE account.kind IN ('earnings', 'debt') AND account.owner_id = tip.creator_id)
            IS DISTINCT FROM tip.net_micros`,
  },
  {
    name: 'every paid tip is in its creator\'s stream exactly once',
    // Counted before the join: no index is by subject, and looked up tip by tip a creator's events would be read once for each tip.
    sql: `SELECT tip.id, coalesce(event.times, 0) AS times
          FROM tip LEFT JOIN (
            SELECT creator_id, subject_id, count(*) AS times FROM stream_event WHERE topic = 'tips' GROUP BY creator_id, subject_id
          ) event ON event.creator_id = tip.creator_id AND event.subject_id = tip.id
          WHERE ${paid} AND event.times IS DISTINCT FROM 1`,
  },
  {
    name: 'every event of a tips stream names a tip of that creator',
    sql: `SELECT event.creator_id, event.sequence FROM stream_event event
          LEFT JOIN tip ON tip.id = event.subject_id AND tip.creator_id = event.creator_id
          WHERE event.topic = 'tips' AND tip.id IS NULL`,
  },
  {
    name: 'every sender\'s count of tips is how many they sent',
    sql: `SELECT coalesce(counter.owner_id, sent.sender_id) AS sender_id, counter.value, sent.tips
          FROM (SELECT * FROM counter WHERE name = 'tips') counter
          FULL JOIN (SELECT sender_id, count(*) AS tips FROM tip WHERE sender_id IS NOT NULL GROUP BY sender_id) sent
            ON sent.sender_id = counter.owner_id
          WHERE counter.value IS DISTINCT FROM sent.tips`,
  },
];
