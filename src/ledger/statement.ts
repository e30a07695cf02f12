import type { Sql } from '../database/room.ts';

/** Which entries of a guarded account: the `limit` newest, or the newest of those older than version `before`. */
export interface StatementRequest {
  readonly accountId: string;
  readonly before?: bigint | null;
  readonly limit: number;
}

/** One line of an account's statement. Its place is `version`, which is ledger order; the time is only shown. */
export interface StatementLine {
  readonly accountId: string;
  readonly version: bigint;
  readonly amountMicros: bigint;
  readonly balanceAfterMicros: bigint;
  readonly postingId: string;
  readonly kind: string;
  readonly causeId: string;
  readonly createdAt: Date;
}

/**
 * Pages of statements, newest first, one a request and in the requests' order: one statement for all of them. Since entries are
 * numbered, an account's `version` is how many there are. Unguarded accounts have no statement.
 */
export async function readStatements(sql: Sql, requests: readonly StatementRequest[]): Promise<StatementLine[][]> {
  const rows = await sql.query<StatementLine & { place: number }>(
    `SELECT wanted.place::int AS place, line.*
     FROM unnest($1::uuid[], $2::bigint[], $3::int[]) WITH ORDINALITY AS wanted (account_id, before, page_limit, place)
     CROSS JOIN LATERAL (
       SELECT e.account_id AS "accountId", e.version, e.amount AS "amountMicros", e.balance_after AS "balanceAfterMicros",
         e.posting_id AS "postingId", p.kind, p.cause_id AS "causeId", p.created_at AS "createdAt"
       FROM entry e JOIN posting p ON p.id = e.posting_id
       WHERE e.account_id = wanted.account_id AND e.version < coalesce(wanted.before, 9223372036854775807)
       ORDER BY e.version DESC
       LIMIT wanted.page_limit
     ) line
     ORDER BY wanted.place, line.version DESC`,
    [
      requests.map((request) => request.accountId),
      requests.map((request) => request.before ?? null),
      requests.map((request) => request.limit),
    ],
  );
  const pages: StatementLine[][] = requests.map(() => []);
  for (const { place, ...line } of rows) pages[place - 1]?.push(line);
  return pages;
}

/** How many entries each guarded account has, without counting them. */
export async function entryCounts(sql: Sql, accountIds: readonly string[]): Promise<Map<string, bigint>> {
  const rows = await sql.query<{ id: string; version: bigint }>('SELECT id, version FROM account WHERE id = ANY ($1::uuid[])', [accountIds]);
  return new Map(rows.map((row) => [row.id, row.version]));
}
