import type { Invariant } from '../database/room.ts';

export const payoutInvariants: readonly Invariant[] = [
  {
    name: 'every payout has the postings of its state, and no others',
    // A payout that came back after it was paid has all three.
    sql: `SELECT payout.id, payout.status, payout.paid_at, array_agg(posting.kind ORDER BY posting.kind) AS postings
          FROM payout LEFT JOIN posting ON posting.cause_id = payout.id
          GROUP BY payout.id
          HAVING array_agg(posting.kind ORDER BY posting.kind) IS DISTINCT FROM CASE
            WHEN payout.status = 'PENDING' THEN ARRAY['PAYOUT']
            WHEN payout.status = 'SUCCEEDED' THEN ARRAY['PAYOUT', 'PAYOUT_SETTLED']
            WHEN payout.paid_at IS NULL THEN ARRAY['PAYOUT', 'PAYOUT_RETURN']
            ELSE ARRAY['PAYOUT', 'PAYOUT_RETURN', 'PAYOUT_SETTLED'] END`,
  },
  {
    name: 'every posting of a payout has its payout, of the same currency and amount, and ends its reservation once',
    sql: `SELECT posting.id, posting.kind, payout.id AS payout_id
          FROM posting LEFT JOIN payout ON payout.id = posting.cause_id AND payout.currency = posting.currency
          LEFT JOIN posting reserved ON reserved.cause_id = posting.cause_id AND reserved.kind = 'PAYOUT'
          WHERE posting.kind IN ('PAYOUT', 'PAYOUT_SETTLED', 'PAYOUT_RETURN') AND (payout.id IS NULL
            OR payout.amount_micros IS DISTINCT FROM (SELECT sum(-entry.amount) FROM entry WHERE entry.posting_id = posting.id AND entry.amount < 0)
            OR posting.resolves IS DISTINCT FROM CASE
              WHEN posting.kind = 'PAYOUT_SETTLED' OR (posting.kind = 'PAYOUT_RETURN' AND payout.paid_at IS NULL) THEN reserved.id END)`,
  },
  {
    name: 'what is on its way to each creator is the sum of the payouts that are pending',
    sql: `SELECT account.owner_id AS creator_id, account.currency, account.balance, coalesce(pending.total, 0) AS pending
          FROM account LEFT JOIN (
            SELECT creator_id, currency, sum(amount_micros) AS total FROM payout WHERE status = 'PENDING' GROUP BY creator_id, currency
          ) pending ON pending.creator_id = account.owner_id AND pending.currency = account.currency
          WHERE account.kind = 'payout' AND account.balance <> coalesce(pending.total, 0)`,
  },
  {
    name: 'every payout went to a destination that was verified before',
    sql: `SELECT payout.id, destination.id AS destination_id FROM payout
          JOIN payout_destination destination ON destination.id = payout.destination_id
          WHERE destination.verified_at IS NULL OR destination.verified_at > payout.created_at
            OR destination.provider <> payout.provider OR destination.destination_token <> payout.destination_token`,
  },
  {
    name: 'every creator\'s count of payouts is how many there are',
    sql: `SELECT coalesce(counted.owner_id, made.creator_id) AS creator_id, counted.value, made.payouts
          FROM (SELECT owner_id, value FROM counter WHERE name = 'payouts') counted
          FULL JOIN (SELECT creator_id, count(*) AS payouts FROM payout GROUP BY creator_id) made ON made.creator_id = counted.owner_id
          WHERE counted.value IS DISTINCT FROM made.payouts`,
  },
];
