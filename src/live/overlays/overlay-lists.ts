import DataLoader from 'dataloader';
import { cached, type RequestContext } from '../../api/room.ts';
import { databaseService, type Sql } from '../../database/room.ts';
import { connectionLifeSeconds, type OverlayWidgetName } from '../entities.ts';
import type { Overlay, OverlaySource } from './overlay-type.ts';

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
  readonly sources: readonly OverlaySource[];
  /** When the last of them was heard of; null when nobody was lately. */
  readonly seenAt: Date | null;
}

interface SeenConnection {
  readonly overlayId: string;
  readonly widget: OverlayWidgetName | null;
  readonly isVisible: boolean;
  readonly seenAt: Date;
  readonly isOpen: boolean;
}

export function presenceOf(context: RequestContext, overlayId: string): Promise<Presence> {
  return cached(context, 'live.overlayPresence', () =>
    new DataLoader<string, Presence>(async (overlayIds) => {
      const rows = await context.services.get(databaseService).query<SeenConnection>(
        `SELECT overlay_id AS "overlayId", widget, is_visible AS "isVisible", seen_at AS "seenAt", seen_at > now() - make_interval(secs => $2) AS "isOpen"
         FROM overlay_connection WHERE overlay_id = ANY ($1::uuid[]) ORDER BY seen_at, id`,
        [overlayIds, connectionLifeSeconds],
      );
      const byOverlay = Map.groupBy(rows, (row) => row.overlayId);
      return overlayIds.map((id) => presenceIn(byOverlay.get(id) ?? []));
    }),
  ).load(overlayId);
}

/** The connections come in the order in which they were last seen. */
function presenceIn(rows: readonly SeenConnection[]): Presence {
  return { sources: rows.filter(({ isOpen }) => isOpen), seenAt: rows.at(-1)?.seenAt ?? null };
}
