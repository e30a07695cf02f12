import { ApiError, decodeIdOf, quoteText, type RequestContext } from '../api/room.ts';
import { CREATOR_PREFIX, loadCreator, type Creator } from '../creators/room.ts';
import { decodeCursor, encodeCursor, type StreamEvent, type StreamKey } from '../events/room.ts';
import { loadTip, type Tip } from '../tips/room.ts';
import type { EventFeed } from './feed.ts';

/** One tip in its creator's stream, as `TipEvent` shows it. */
export interface TipEvent {
  readonly cursor: string;
  readonly sequence: bigint;
  readonly tip: Tip;
}

export interface TipFeedArgs {
  readonly creatorId: string;
  readonly after?: string | null;
}

/** Opens a creator's tips. Throws NOT_FOUND for no creator and CURSOR_INVALID for a cursor that this stream never gave out. */
export async function openTipFeed(args: TipFeedArgs, context: RequestContext): Promise<EventFeed> {
  const uuid = decodeIdOf(CREATOR_PREFIX, args.creatorId);
  const creator = uuid === null ? null : await loadCreator(context, uuid);
  if (!creator) throw new ApiError('NOT_FOUND', `There is no creator ${quoteText(args.creatorId)}.`);
  const stream: StreamKey = { creatorId: creator.id, topic: 'tips' };
  return tipFeed(creator, stream, sequenceAfter(args.after, stream));
}

function sequenceAfter(after: string | null | undefined, stream: StreamKey): bigint | 'HEAD' {
  if (after === null || after === undefined) return 'HEAD';
  const sequence = decodeCursor(after, stream);
  if (sequence === null) throw new ApiError('CURSOR_INVALID', `The cursor ${quoteText(after)} is not one of this creator's tips.`);
  return sequence;
}

function tipFeed(creator: Creator, stream: StreamKey, after: bigint | 'HEAD'): EventFeed {
  const { id, ownerId } = creator;
  return {
    kind: 'EVENTS',
    stream,
    after,
    subject: { id, ownerId },
    roots: (events, context) => Promise.all(events.map((event) => tipEvent(event, context))),
    insiders: (root) => {
      const { senderId } = (root as TipEvent).tip;
      return senderId === null ? [ownerId] : [ownerId, senderId];
    },
  };
}

/** The process that committed a tip has it in memory; elsewhere, and in replays, those asked for together are read together. */
async function tipEvent(event: StreamEvent, context: RequestContext): Promise<TipEvent> {
  const tip = (event.payload as Tip | undefined) ?? (await loadTip(context, event.subjectId));
  if (!tip) throw new Error(`The event ${event.sequence} of the creator ${event.creatorId} names a tip ${event.subjectId} that is not there.`);
  return { cursor: encodeCursor(event), sequence: event.sequence, tip };
}
