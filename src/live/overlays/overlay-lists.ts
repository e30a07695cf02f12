import DataLoader from 'dataloader';
import { cached, type RequestContext } from '../../api/room.ts';
import { databaseService, type Sql } from '../../database/room.ts';
import { connectionLifeSeconds } from '../entities.ts';
import type { Overlay } from './overlay-type.ts';

const columns = 'overlay.id, overlay.creator_id AS "creatorId", creator.owner_id AS "ownerId", overlay.name, overlay.created_at AS "createdAt", overlay.last_seen_at AS "lastSeenAt"';

/** Overlays by id; null for one that is not there. */
export async function readOverlays(sql: Sql, ids: readonly string[]): Promise<(Overlay | null)[]> {
  const rows = await sql.query<Overlay>(
    `SELECT ${columns} FROM overlay JOIN creator ON creator.id = overlay.creator_id WHERE overlay.id = ANY ($1::uuid[])`,
    [ids],
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => found.get(id) ?? null);
}

/** A creator's overlays, oldest first. */
export function overlaysOf(context: RequestContext, creatorId: string): Promise<Overlay[]> {
  return cached(context, 'live.overlaysOf', () =>
    new DataLoader<string, Overlay[]>(async (creatorIds) => {
      const rows = await context.services.get(databaseService).query<Overlay>(
        `SELECT ${columns} FROM overlay JOIN creator ON creator.id = overlay.creator_id WHERE overlay.creator_id = ANY ($1::uuid[]) ORDER BY overlay.id`,
        [creatorIds],
      );
      const byCreator = Map.groupBy(rows, (row) => row.creatorId);
      return creatorIds.map((id) => byCreator.get(id) ?? []);
    }),
  ).load(creatorId);
}

/** Who is connected with an overlay's token. */
export interface Presence {
  readonly connections: number;
  /** When the last of them was heard of; null when nobody was lately. */
  readonly seenAt: Date | null;
}

export function presenceOf(context: RequestContext, overlayId: string): Promise<Presence> {
  return cached(context, 'live.overlayPresence', () =>
    new DataLoader<string, Presence>(async (overlayIds) => {
      const rows = await context.services.get(databaseService).query<{ overlay_id: string; connections: bigint; seen_at: Date }>(
        `SELECT overlay_id, count(*) FILTER (WHERE seen_at > now() - make_interval(secs => $2)) AS connections, max(seen_at) AS seen_at
         FROM overlay_connection WHERE overlay_id = ANY ($1::uuid[]) GROUP BY overlay_id`,
        [overlayIds, connectionLifeSeconds],
      );
      const found = new Map(rows.map((row) => [row.overlay_id, { connections: Number(row.connections), seenAt: row.seen_at }]));
      return overlayIds.map((id) => found.get(id) ?? { connections: 0, seenAt: null });
    }),
  ).load(overlayId);
}
