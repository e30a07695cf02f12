import DataLoader from 'dataloader';
import {
  cached, decodeCursor, encodeCursor, invalidCursor, pageOf, pageSize, type Connection, type PageArgs, type RequestContext,
} from '../api/room.ts';
import { databaseService, isUuid, readCounters, type Sql } from '../database/room.ts';
import { GoalEntity, TierEntity, type Goal, type Tier } from './entities.ts';

/** The name of the counter of a creator's open tiers. */
export const TIERS = 'tiers';
/** The name of the counter of a creator's members; moved by whoever lets them in and out. */
export const MEMBERS = 'members';

/** One of a creator's counters; 0 before anything moved it. */
export function loadCounter(context: RequestContext, name: string, ownerId: string): Promise<number> {
  return cached(context, `creators.counter.${name}`, () =>
    new DataLoader<string, number>(async (ownerIds) => {
      const values = await readCounters(sqlOf(context), name, ownerIds);
      return ownerIds.map((id) => values.get(id) ?? 0);
    }),
  ).load(ownerId);
}

/** A creator's open tiers, oldest first. The pages of many creators are one statement. */
export async function tiersOf(context: RequestContext, creatorId: string, args: PageArgs): Promise<Connection<Tier>> {
  const size = pageSize(args);
  const after = decodeCursor('tiers', 1, args.after)?.[0] ?? null;
  if (after !== null && !isUuid(after)) throw invalidCursor(args.after as string);
  const loader = cached(context, `creators.tiers.${after}.${size}`, () =>
    new DataLoader<string, Tier[]>(async (creatorIds) => {
      const rows = await sqlOf(context).query<object>(
        `SELECT tier.* FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (creator_id, place)
         CROSS JOIN LATERAL (
           SELECT * FROM tier
           WHERE creator_id = wanted.creator_id AND archived_at IS NULL AND ($2::uuid IS NULL OR id > $2)
           ORDER BY id LIMIT $3
         ) tier
         ORDER BY wanted.place, tier.id`,
        [creatorIds, after, size + 1],
      );
      return grouped(creatorIds, rows.map((row) => context.em.map(TierEntity, row)));
    }),
  );
  return pageOf(await loader.load(creatorId), {
    size,
    cursorOf: (tier) => encodeCursor('tiers', tier.id),
    hasPreviousPage: after !== null,
    totalCount: () => loadCounter(context, TIERS, creatorId),
  });
}

/** A creator's goals that are not archived, oldest first. */
export function goalsOf(context: RequestContext, creatorId: string): Promise<Goal[]> {
  return cached(context, 'creators.goals', () =>
    new DataLoader<string, Goal[]>(async (creatorIds) => {
      const rows = await sqlOf(context).query<object>(
        'SELECT * FROM goal WHERE creator_id = ANY ($1::uuid[]) AND archived_at IS NULL ORDER BY id',
        [creatorIds],
      );
      return grouped(creatorIds, rows.map((row) => context.em.map(GoalEntity, row)));
    }),
  ).load(creatorId);
}

/** Tiers by id, archived ones too. */
export async function readTiers(context: RequestContext, ids: readonly string[]): Promise<(Tier | null)[]> {
  const rows = await sqlOf(context).query<object>('SELECT * FROM tier WHERE id = ANY ($1::uuid[])', [ids]);
  const found = new Map(rows.map((row) => context.em.map(TierEntity, row)).map((tier) => [tier.id, tier]));
  return ids.map((id) => found.get(id) ?? null);
}

/** Goals by id, archived ones too. */
export async function readGoals(context: RequestContext, ids: readonly string[]): Promise<(Goal | null)[]> {
  const rows = await sqlOf(context).query<object>('SELECT * FROM goal WHERE id = ANY ($1::uuid[])', [ids]);
  const found = new Map(rows.map((row) => context.em.map(GoalEntity, row)).map((goal) => [goal.id, goal]));
  return ids.map((id) => found.get(id) ?? null);
}

/** Reads a tier by id, many in one statement; null when there is none. */
export function loadTier(context: RequestContext, id: string): Promise<Tier | null> {
  return cached(context, 'creators.tierById', () => new DataLoader<string, Tier | null>((ids) => readTiers(context, ids))).load(id);
}

/** Reads a goal by id, many in one statement; null when there is none. */
export function loadGoal(context: RequestContext, id: string): Promise<Goal | null> {
  return cached(context, 'creators.goalById', () => new DataLoader<string, Goal | null>((ids) => readGoals(context, ids))).load(id);
}

/** Forgets the lists of the request after a change, so that a payload shows what it changed. */
export function forgetLists(context: RequestContext): void {
  for (const name of context.caches.keys()) {
    if (/^creators\.(?:tiers|goals|counter|tierById|goalById|moderat)/.test(name)) context.caches.delete(name);
  }
}

function grouped<T extends { creatorId: string }>(creatorIds: readonly string[], rows: readonly T[]): T[][] {
  const byCreator = Map.groupBy(rows, (row) => row.creatorId);
  return creatorIds.map((id) => byCreator.get(id) ?? []);
}

function sqlOf(context: RequestContext): Sql {
  return context.services.get(databaseService);
}
