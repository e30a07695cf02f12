import type { Job, Sql } from '../../database/room.ts';
import { databaseService } from '../../database/room.ts';
import { connectionLifeSeconds, type OverlayWidgetName } from '../entities.ts';

export interface ConnectionRow {
  readonly id: string;
  readonly overlayId: string;
  readonly tokenHash: Buffer;
  readonly widget: OverlayWidgetName | null;
  readonly isVisible: boolean;
}

/**
 * Stores connections as they are now, seen now, and answers which of them may stay: those whose token still opens their overlay.
 * A change of a token that is under way is waited for. A row that was taken for dead while its process could not say otherwise comes back.
 */
export async function keepConnections(sql: Sql, rows: readonly ConnectionRow[]): Promise<Set<string>> {
  const kept = await sql.query<{ id: string }>(
    `WITH alive AS MATERIALIZED (
       SELECT given.id, given.overlay_id, given.widget, given.is_visible
       FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[], $5::boolean[]) AS given (id, overlay_id, token_hash, widget, is_visible)
       JOIN overlay ON overlay.id = given.overlay_id AND overlay.token_hash = given.token_hash
       ORDER BY overlay.id
       FOR KEY SHARE OF overlay
     )
     INSERT INTO overlay_connection (id, overlay_id, widget, is_visible, seen_at)
     SELECT id, overlay_id, widget, is_visible, now() FROM alive ORDER BY id
     ON CONFLICT (id) DO UPDATE SET widget = excluded.widget, is_visible = excluded.is_visible, seen_at = excluded.seen_at
     RETURNING id`,
    [rows.map((row) => row.id), rows.map((row) => row.overlayId), rows.map((row) => row.tokenHash), rows.map((row) => row.widget), rows.map((row) => row.isVisible)],
  );
  return new Set(kept.map(({ id }) => id));
}

/** Takes connections out whose sockets are gone, and notes when their overlays were last seen. */
export async function removeConnections(sql: Sql, ids: readonly string[]): Promise<void> {
  await sql.query(
    `WITH gone AS (
       DELETE FROM overlay_connection
       WHERE id IN (SELECT id FROM overlay_connection WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE)
       RETURNING overlay_id
     )
     UPDATE overlay SET last_seen_at = now() WHERE id IN (SELECT overlay_id FROM gone)`,
    [ids],
  );
}

/** Forgets the rows of processes that ended without a word. They counted for nothing already. */
export const forgetDeadConnections: Job = {
  name: 'live.forget-dead-overlay-connections',
  everyMs: 60_000,
  run: async (services) => {
    await services.get(databaseService).query(
      `WITH gone AS (
         DELETE FROM overlay_connection
         WHERE id IN (
           SELECT id FROM overlay_connection WHERE seen_at < now() - make_interval(secs => $1) ORDER BY id FOR UPDATE SKIP LOCKED
         )
         RETURNING overlay_id, seen_at
       )
       UPDATE overlay SET last_seen_at = greatest(overlay.last_seen_at, last.seen_at)
       FROM (SELECT overlay_id, max(seen_at) AS seen_at FROM gone GROUP BY overlay_id) last WHERE overlay.id = last.overlay_id`,
      [connectionLifeSeconds * 2],
    );
  },
};
