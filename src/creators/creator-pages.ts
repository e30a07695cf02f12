import {
  decodeCursor, encodeCursor, invalidCursor, pageOf, pageSize, type Connection, type PageArgs, type RequestContext,
} from '../api/room.ts';
import { databaseService, isUuid, readCounters } from '../database/room.ts';
import { PLATFORM_OWNER_ID } from '../ledger/room.ts';
import type { Creator } from './entities.ts';
import { creatorsFromRows } from './load-creator.ts';
import { parseSearch, type Search } from './search.ts';

/** The name of the platform's counter of creator pages. */
export const CREATORS = 'creators';

/** Every page, newest first; or those a search finds, the nearest handles first. A blank search is none. */
export async function creatorPages(context: RequestContext, search: string | null | undefined, args: PageArgs): Promise<Connection<Creator>> {
  const parsed = parseSearch(search);
  return parsed ? foundPages(context, parsed, args) : allPages(context, args);
}

async function allPages(context: RequestContext, args: PageArgs): Promise<Connection<Creator>> {
  const size = pageSize(args);
  const before = decodeCursor('creators', 1, args.after)?.[0] ?? null;
  if (before !== null && !isUuid(before)) throw invalidCursor(args.after as string);
  const db = context.services.get(databaseService);
  const rows = await db.query<object>('SELECT * FROM creator WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2', [before, size + 1]);
  return pageOf(creatorsFromRows(context, rows), {
    size,
    cursorOf: (creator) => encodeCursor('creators', creator.id),
    hasPreviousPage: before !== null,
    totalCount: async () => (await readCounters(db, CREATORS, [PLATFORM_OWNER_ID])).get(PLATFORM_OWNER_ID) ?? 0,
  });
}

/**
 * A page's rank (0: the handle itself, 1: a handle that starts so, 2: any other) never changes, since handles do not, so a cursor of
 * rank and id holds while pages are added.
 */
const foundText = `
  SELECT creator.* FROM creator
  CROSS JOIN LATERAL (SELECT CASE WHEN lower(handle) = $2 THEN 0 WHEN starts_with(lower(handle), $2) THEN 1 ELSE 2 END AS rank) AS nearness
  WHERE array_to_tsvector(search_words) @@ $1::tsquery AND ($3::int IS NULL OR rank > $3 OR (rank = $3 AND id < $4::uuid))
  ORDER BY rank, id DESC LIMIT $5`;

function rankOf(creator: Creator, { handle }: Search): string {
  const own = creator.handle.toLowerCase();
  return own === handle ? '0' : handle !== null && own.startsWith(handle) ? '1' : '2';
}

async function foundPages(context: RequestContext, search: Search, args: PageArgs): Promise<Connection<Creator>> {
  const size = pageSize(args);
  const [rank, id] = decodeCursor('creators.found', 2, args.after) ?? [null, null];
  if (rank !== null && !(/^[012]$/.test(rank!) && isUuid(id!))) throw invalidCursor(args.after as string);
  const db = context.services.get(databaseService);
  const rows = search.tsquery === null ? [] : await db.query<object>(foundText, [search.tsquery, search.handle, rank, id, size + 1]);
  return pageOf(creatorsFromRows(context, rows), {
    size,
    cursorOf: (creator) => encodeCursor('creators.found', rankOf(creator, search), creator.id),
    hasPreviousPage: rank !== null,
    totalCount: async () => {
      if (search.tsquery === null) return 0;
      const [counted] = await db.query<{ count: bigint }>(
        'SELECT count(*) FROM creator WHERE array_to_tsvector(search_words) @@ $1::tsquery', [search.tsquery]);
      return Number(counted!.count);
    },
  });
}
