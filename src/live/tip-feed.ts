import type { RequestContext } from '../api/room.ts';
import { loadModeratorIds, type Creator } from '../creators/room.ts';
import { encodeCursor, type StreamEvent, type StreamKey } from '../events/room.ts';
import { loadTip, type Tip } from '../tips/room.ts';
import { openCreatorStream, type CreatorStreamArgs } from './creator-stream.ts';
import type { EventFeed } from './feed.ts';

/** One tip in its creator's stream, as `TipEvent` shows it. */
export interface TipEvent {
  readonly cursor: string;
  readonly sequence: bigint;
  readonly tip: Tip;
  /** Who may read a text that others may not (yet): empty where everybody may. */
  readonly moderatorIds: readonly string[];
}

/** Opens a creator's tips. Throws NOT_FOUND for no creator and CURSOR_INVALID for a cursor that this stream never gave out. */
export async function openTipFeed(args: CreatorStreamArgs, context: RequestContext): Promise<EventFeed> {
  const { creator, stream, after } = await openCreatorStream(args, 'tips', context);
  return tipFeed(creator, stream, after);
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
      const { tip: { senderId, guestId }, moderatorIds } = root as TipEvent;
      return [ownerId, senderId, guestId, ...moderatorIds].filter((id) => id !== null);
    },
  };
}

/** The process that committed a tip has it in memory; elsewhere, and in replays, those asked for together are read together. */
async function tipEvent(event: StreamEvent, context: RequestContext): Promise<TipEvent> {
  const tip = (event.payload as Tip | undefined) ?? (await loadTip(context, event.subjectId));
  if (!tip) throw new Error(`The event ${event.sequence} of the creator ${event.creatorId} names a tip ${event.subjectId} that is not there.`);
  const moderatorIds = tip.message !== null && tip.messageState !== 'VISIBLE' ? await loadModeratorIds(context, tip.creatorId) : [];
  return { cursor: encodeCursor(event), sequence: event.sequence, tip, moderatorIds };
}
