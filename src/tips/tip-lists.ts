import DataLoader from 'dataloader';
import type { GraphQLResolveInfo } from 'graphql';
import {
  cached, decodeCursor, encodeCursor, invalidCursor, pageOf, pageSize, type Connection, type PageArgs, type RequestContext,
} from '../api/room.ts';
import { afterLiveHead, liveHeads } from '../creators/room.ts';
import { databaseService, isUuid, readCounters } from '../database/room.ts';
import { pageBackwards, type StreamEvent } from '../events/room.ts';
import { readTipsById, readTipsOf } from './tip-rows.ts';
import type { Tip } from './tip.ts';

/** Reads tips by id, many in one statement; null for one that is not there. */
export function loadTip(context: RequestContext, id: string): Promise<Tip | null> {
  return cached(context, 'tips.byId', () => new DataLoader<string, Tip | null>((ids) => readTips(context, ids))).load(id);
}

export async function readTips(context: RequestContext, ids: readonly string[]): Promise<(Tip | null)[]> {
  const byId = await readTipsById(context.services.get(databaseService), ids);
  return ids.map((id) => byId.get(id) ?? null);
}

interface PaidTip extends Tip {
  readonly sequence: bigint;
}

/**
 * A creator's tips, newest first: a page of their stream read backwards, so the place in the list is the sequence number, and the
 * stream's head is how many there are.
 */
export async function tipsOfCreator(context: RequestContext, creatorId: string, args: PageArgs, info: GraphQLResolveInfo): Promise<Connection<Tip>> {
  const size = pageSize(args);
  const place = decodeCursor('tips', 1, args.after)?.[0];
  if (place !== undefined && !/^\d{1,18}$/.test(place)) throw invalidCursor(args.after as string);
  await afterLiveHead(context, info, creatorId);
  const events = await eventLoader(context, place, size).load(creatorId);
  const rows = await Promise.all(events.map(async (event): Promise<PaidTip> => ({ ...(await knownTip(context, event)), sequence: event.sequence })));
  return pageOf<PaidTip>(rows, {
    size,
    cursorOf: (tip) => encodeCursor('tips', String(tip.sequence)),
    hasPreviousPage: place !== undefined,
    totalCount: async () => Number(await liveHeads(context).load(creatorId)),
  });
}

async function knownTip(context: RequestContext, event: StreamEvent): Promise<Tip> {
  const tip = await loadTip(context, event.subjectId);
  if (!tip) throw new Error(`Event ${event.sequence} of ${event.creatorId} names a tip ${event.subjectId} that is not there.`);
  return tip;
}

function eventLoader(context: RequestContext, place: string | undefined, size: number): DataLoader<string, StreamEvent[]> {
  const before = place === undefined ? undefined : BigInt(place);
  return cached(context, `tips.page.${place}.${size}`, () => {
    const db = context.services.get(databaseService);
    return new DataLoader<string, StreamEvent[]>((creatorIds) => pageBackwards(db, creatorIds, 'tips', { before, limit: size + 1 }));
  });
}

/** The tips an account sent, newest first. Ids are UUIDv7, made in the order of decision, so they are the order of the list. */
export async function tipsOfSender(context: RequestContext, senderId: string, args: PageArgs): Promise<Connection<Tip>> {
  const size = pageSize(args);
  const place = decodeCursor('sent-tips', 1, args.after)?.[0];
  if (place !== undefined && !isUuid(place)) throw invalidCursor(args.after as string);
  const db = context.services.get(databaseService);
  return pageOf(await readTipsOf(db, senderId, place ?? null, size + 1), {
    size,
    cursorOf: (tip) => encodeCursor('sent-tips', tip.id),
    hasPreviousPage: place !== undefined,
    totalCount: async () => (await readCounters(db, 'tips', [senderId])).get(senderId) ?? 0,
  });
}
