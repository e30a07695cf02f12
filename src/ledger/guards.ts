import type { Sql } from '../database/room.ts';

/** What keeps the rows of one append-only table from being changed, for the role that asks. */
export interface Guard {
  readonly table: string;
  readonly role: string;
  /** True when the role has no right to UPDATE, DELETE or TRUNCATE. */
  readonly byPrivileges: boolean;
  /** True when enabled triggers refuse all three, whoever asks. */
  readonly byTriggers: boolean;
}

/** Reports the guards of every table that refuses changes, and of the ledger's own even when its triggers are gone. */
export async function guards(sql: Sql): Promise<Guard[]> {
  return sql.query<Guard>(
    `WITH refusing AS (
       SELECT t.tgrelid AS oid, t.tgtype, t.tgenabled IN ('O', 'A') AND current_setting('session_replication_role') <> 'replica'
         OR t.tgenabled = 'A' AS enabled
       FROM pg_trigger t WHERE t.tgfoid = 'refuse_change()'::regprocedure
     ), tables AS (
       SELECT oid FROM refusing UNION SELECT unnest(ARRAY['posting', 'entry']::regclass[])::oid
     )
     SELECT t.oid::regclass::text AS "table", current_user::text AS role,
       NOT (has_table_privilege(t.oid, 'UPDATE') OR has_table_privilege(t.oid, 'DELETE') OR has_table_privilege(t.oid, 'TRUNCATE'))
         AS "byPrivileges",
       -- The bits of tgtype: 8 DELETE, 16 UPDATE, 32 TRUNCATE (PostgreSQL, catalog/pg_trigger.h).
       coalesce((SELECT bit_or(r.tgtype::int) FROM refusing r WHERE r.oid = t.oid AND r.enabled) & 56 = 56, false) AS "byTriggers"
     FROM tables t ORDER BY 1`,
  );
}
