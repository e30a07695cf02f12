import type { Invariant } from '../database/room.ts';
import { guardedKindList } from './accounts.ts';

/**
 * Every line answers the rows that break it, with their currency. $1: the ids of a slice of accounts. $2: true to prove them from
 * their first entry, false from their checkpoint.
 */
const base = `
  WITH base AS (
    SELECT a.id, a.kind, a.currency, a.balance, a.version,
      coalesce(c.version, 0) AS from_version, coalesce(c.balance, 0) AS from_balance
    FROM account a LEFT JOIN ledger_checkpoint c ON c.account_id = a.id AND NOT $2::boolean
    WHERE a.id = ANY ($1::uuid[]) AND a.kind IN (${guardedKindList})
  )`;

/** The postings in which a slice of accounts took part since their checkpoint. Parameters as for `accountLines`. */
export const recentPostings = `${base}
  SELECT DISTINCT e.posting_id AS id FROM base b JOIN entry e ON e.account_id = b.id AND e.version > b.from_version`;

/** Where a slice of accounts stands, to become its checkpoint once the lines hold. Parameters as for `accountLines`. */
export const standing = `${base} SELECT id, version, balance FROM base`;

// Sums of bigint are numeric in PostgreSQL, and the rest is cast, so that tampered figures show here instead of overflowing.
export const accountLines: readonly Invariant[] = [
  {
    name: 'every stored balance equals its entries',
    sql: `${base}
      SELECT b.currency, b.id AS account_id, b.kind, b.balance AS stored, b.from_balance + coalesce(e.total, 0) AS entries_sum
      FROM base b
      LEFT JOIN LATERAL (
        SELECT sum(e.amount) AS total FROM entry e WHERE e.account_id = b.id AND e.version > b.from_version
      ) e ON true
      WHERE b.balance <> b.from_balance + coalesce(e.total, 0)`,
  },
  {
    name: 'the versions of every account run 1, 2, 3 … to the stored one',
    sql: `${base}
      SELECT b.currency, b.id AS account_id, b.kind, b.version AS stored, b.from_version + e.count AS expected, e.last
      FROM base b
      LEFT JOIN LATERAL (
        SELECT count(*) AS count, coalesce(max(e.version), b.from_version) AS last
        FROM entry e WHERE e.account_id = b.id AND e.version > b.from_version
      ) e ON true
      WHERE b.version <> b.from_version + e.count OR b.version <> e.last`,
  },
  {
    name: 'every balance after an entry is the one before it plus its amount',
    sql: `${base}
      SELECT currency, id AS account_id, kind, posting_id, version, before, amount, balance_after
      FROM (
        SELECT b.currency, b.id, b.kind, e.posting_id, e.version, e.amount, e.balance_after,
          coalesce(lag(e.balance_after) OVER (PARTITION BY b.id ORDER BY e.version), b.from_balance) AS before
        FROM base b JOIN entry e ON e.account_id = b.id AND e.version > b.from_version
      ) chain
      WHERE balance_after <> before::numeric + amount`,
  },
  {
    name: 'no guarded balance is, or ever was, on its wrong side',
    sql: `${base}
      SELECT currency, id AS account_id, kind, version, balance
      FROM (
        SELECT currency, id, kind, version, balance FROM base
        UNION ALL
        SELECT b.currency, b.id, b.kind, e.version, e.balance_after
        FROM base b JOIN entry e ON e.account_id = b.id AND e.version > b.from_version
      ) balances
      WHERE CASE kind WHEN 'debt' THEN balance > 0 ELSE balance < 0 END`,
  },
];

/** What only the whole check proves of a slice of accounts, since it reads all that an account ever earned. */
export const wholeAccountLines: readonly Invariant[] = [
  {
    name: 'no hold bucket holds more than was earned in its hour',
    sql: `${base}
      SELECT b.currency, b.id AS account_id, b.kind, h.hour, h.amount AS held, coalesce(e.earned, 0) AS earned
      FROM base b JOIN earnings_hold h ON h.account_id = b.id
      LEFT JOIN (
        SELECT e.account_id, date_trunc('hour', coalesce(p.held_from, p.created_at), 'UTC') AS hour, sum(e.amount) AS earned
        FROM entry e JOIN posting p ON p.id = e.posting_id
        WHERE e.account_id = ANY ($1::uuid[]) AND e.version > 0 AND e.amount > 0
        GROUP BY 1, 2
      ) e ON e.account_id = h.account_id AND e.hour = h.hour
      WHERE b.kind <> 'earnings' OR h.amount > coalesce(e.earned, 0)`,
  },
];

/** $1: the ids of a slice of postings. */
export const postingLines: readonly Invariant[] = [
  {
    name: 'every posting has two entries or more, and they sum to zero',
    sql: `
      SELECT p.currency, p.id AS posting_id, p.kind, count(e.amount) AS entries, coalesce(sum(e.amount), 0) AS sum
      FROM posting p LEFT JOIN entry e ON e.posting_id = p.id
      WHERE p.id = ANY ($1::uuid[])
      GROUP BY p.id
      HAVING count(e.amount) < 2 OR sum(e.amount) <> 0`,
  },
  {
    name: 'every entry is in its posting’s currency',
    sql: `
      SELECT p.currency, p.id AS posting_id, p.kind, a.id AS account_id, a.currency AS account_currency
      FROM posting p JOIN entry e ON e.posting_id = p.id JOIN account a ON a.id = e.account_id
      WHERE p.id = ANY ($1::uuid[]) AND a.currency <> p.currency`,
  },
  {
    name: 'entries of guarded accounts, and no others, are numbered',
    sql: `
      SELECT p.currency, p.id AS posting_id, p.kind, a.id AS account_id, a.kind AS account_kind, e.version, e.balance_after
      FROM posting p JOIN entry e ON e.posting_id = p.id JOIN account a ON a.id = e.account_id
      WHERE p.id = ANY ($1::uuid[]) AND (e.version IS NOT NULL) <> (a.kind IN (${guardedKindList}))`,
  },
  {
    name: 'what a posting resolves is of its own currency',
    sql: `
      SELECT p.currency, p.id AS posting_id, p.kind, p.resolves, r.currency AS resolved_currency
      FROM posting p LEFT JOIN posting r ON r.id = p.resolves
      WHERE p.id = ANY ($1::uuid[]) AND p.resolves IS NOT NULL
        AND (r.id IS NULL OR r.currency <> p.currency)`,
  },
];

/** About all accounts at once, in one snapshot; cheap, since it reads balances and no entries. */
export const bookLines: readonly Invariant[] = [
  {
    name: 'every currency sums to zero',
    sql: `
      SELECT currency, sum(amount) AS sum
      FROM (
        SELECT currency, balance AS amount FROM account
        UNION ALL
        SELECT a.currency, d.amount FROM balance_delta d JOIN account a ON a.id = d.account_id
      ) balances
      GROUP BY currency
      HAVING sum(amount) <> 0`,
  },
  {
    name: 'only unguarded accounts have deltas, and they have no version',
    sql: `
      SELECT a.currency, a.id AS account_id, a.kind, a.version, d.id AS delta_id
      FROM account a LEFT JOIN balance_delta d ON d.account_id = a.id
      WHERE CASE WHEN a.kind IN (${guardedKindList}) THEN d.id IS NOT NULL ELSE a.version <> 0 END`,
  },
];

/** About all entries at once: each reads the whole table, so only the whole check asks. */
export const wholeBookLines: readonly Invariant[] = [
  {
    name: 'every unguarded balance, folded and not, equals its entries',
    sql: `
      SELECT a.currency, a.id AS account_id, a.kind, a.balance AS folded, coalesce(d.total, 0) AS deltas, coalesce(e.total, 0) AS entries_sum
      FROM account a
      LEFT JOIN (SELECT account_id, sum(amount) AS total FROM balance_delta GROUP BY account_id) d ON d.account_id = a.id
      LEFT JOIN (SELECT account_id, sum(amount) AS total FROM entry WHERE version IS NULL GROUP BY account_id) e ON e.account_id = a.id
      WHERE a.kind NOT IN (${guardedKindList}) AND a.balance + coalesce(d.total, 0) <> coalesce(e.total, 0)`,
  },
  {
    name: 'every entry has its posting and its account',
    sql: `
      SELECT a.currency, e.posting_id, e.account_id, e.amount
      FROM entry e LEFT JOIN posting p ON p.id = e.posting_id LEFT JOIN account a ON a.id = e.account_id
      WHERE p.id IS NULL OR a.id IS NULL`,
  },
];
