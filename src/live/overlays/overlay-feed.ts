import { enforce, type RequestContext } from '../../api/room.ts';
import { databaseService, type Sql } from '../../database/room.ts';
import { encodeCursor, type StreamEvent, type StreamKey } from '../../events/room.ts';
import { overlay as overlayRule } from '../../identity/room.ts';
import { sequenceAfter } from '../creator-stream.ts';
import type { OverlayWidgetName } from '../entities.ts';
import type { EventFeed } from '../feed.ts';
import { conductorService } from '../queue/conductor.ts';
import { overlayConnectionsService } from './connections.ts';
import { stateOf, widgets, type Payload } from './widgets.ts';

export interface OverlayFeedArgs {
  readonly after?: string | null;
  readonly widget: OverlayWidgetName;
}

/** One event for an overlay, as `OverlayEvent` shows it. */
export interface OverlayEvent {
  readonly cursor: string;
  readonly sequence: bigint;
  readonly payload: Payload;
}

/**
 * Opens what an overlay shows. Without a cursor the state comes first, and then what belongs to it, as if it had come since. Throws
 * FORBIDDEN for who is no overlay and CURSOR_INVALID for a cursor of another stream.
 */
export async function openOverlayFeed({ after, widget }: OverlayFeedArgs, context: RequestContext): Promise<EventFeed> {
  await enforce(overlayRule, context, null);
  const { creatorId, connectionId } = context.overlay!;
  const { topic, payloads, beginning } = widgets[widget];
  const stream: StreamKey = { creatorId, topic };
  const connections = context.services.get(overlayConnectionsService);
  const given = sequenceAfter(after, stream);
  const start = given === 'HEAD' ? await beginningOf(context.services.get(databaseService), creatorId, topic, beginning) : given;
  return {
    kind: 'EVENTS',
    stream,
    after: start,
    subject: { creatorId },
    opening: given === 'HEAD' ? async () => overlayEvent({ ...stream, sequence: start }, stateOf(creatorId)) : undefined,
    joined: () => {
      const ends = [connections.watch(connectionId, widget), context.services.get(conductorService).watch(creatorId)];
      return () => ends.forEach((end) => end());
    },
    roots: async (events, context) => (await payloads(events, context)).map((payload, index) => payload && overlayEvent(events[index]!, payload)),
    // Nobody in particular looks at an overlay.
    insiders: () => [],
  };
}

async function beginningOf(sql: Sql, creatorId: string, topic: StreamKey['topic'], text: string): Promise<bigint> {
  const [row] = await sql.query<{ after: bigint }>(text, [creatorId, topic]);
  return row?.after ?? 0n;
}

function overlayEvent(place: StreamKey & Pick<StreamEvent, 'sequence'>, payload: Payload): OverlayEvent {
  return { cursor: encodeCursor(place), sequence: place.sequence, payload };
}
