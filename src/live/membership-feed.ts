import type { RequestContext } from '../api/room.ts';
import { encodeCursor, type StreamEvent } from '../events/room.ts';
import { loadSubscription, type Subscription, type TransitionKind } from '../subscriptions/room.ts';
import { openCreatorStream, type CreatorStreamArgs } from './creator-stream.ts';
import type { EventFeed } from './feed.ts';

/** What became of one micro-subscription, in its creator's stream, as `MembershipEvent` shows it. */
export interface MembershipEvent {
  readonly cursor: string;
  readonly sequence: bigint;
  readonly kind: TransitionKind;
  readonly subscription: Subscription;
  readonly at: Date;
}

/** Opens what becomes of a creator's members. Throws NOT_FOUND for no creator and CURSOR_INVALID for a cursor of another stream. */
export async function openMembershipFeed(args: CreatorStreamArgs, context: RequestContext): Promise<EventFeed> {
  const { creator, stream, after } = await openCreatorStream(args, 'members', context);
  return {
    kind: 'EVENTS',
    stream,
    after,
    subject: { id: creator.id, ownerId: creator.ownerId },
    roots: (events, context) => Promise.all(events.map((event) => membershipEvent(event, context))),
    // The owner alone watches: there is nobody to whom it could read differently.
    insiders: () => [],
  };
}

/** The process that committed an event has the subscription in memory; elsewhere, and in replays, those asked for together are read together. */
async function membershipEvent(event: StreamEvent, context: RequestContext): Promise<MembershipEvent> {
  const subscription = (event.payload as Subscription | undefined) ?? (await loadSubscription(context, event.subjectId));
  if (!subscription) {
    throw new Error(`The event ${event.sequence} of the creator ${event.creatorId} names a subscription ${event.subjectId} that is not there.`);
  }
  return { cursor: encodeCursor(event), sequence: event.sequence, kind: event.kind as TransitionKind, subscription, at: event.createdAt };
}
