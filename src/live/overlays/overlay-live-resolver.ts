import { Arg, Ctx, ID, Mutation, Resolver, Root, Subscription } from 'type-graphql';
import { Allow, type OverlayCredential, type RequestContext } from '../../api/room.ts';
import { ownerOrModerator } from '../../creators/room.ts';
import { overlay } from '../../identity/room.ts';
import { AllowSubscribe, opens } from '../allow-subscribe.ts';
import { AlertPayload, AlertQueuePayload } from '../queue/alert-payloads.ts';
import { AlertQueueType } from '../queue/queue-type.ts';
import { reportAlert } from '../queue/show.ts';
import { overlayConnectionsService } from './connections.ts';
import { OverlayEventType, OverlayWidget, ReportAlertInput, ReportOverlayInput } from './overlay-event-type.ts';
import { openOverlayFeed, type OverlayEvent, type OverlayFeedArgs } from './overlay-feed.ts';
import { openQueueFeed } from './queue-feed.ts';

@Resolver()
export class OverlaySubscriptions {
  @AllowSubscribe(overlay)
  @Subscription(() => OverlayEventType, {
    description:
      'For an overlay, signed in with its own token (connection_init payload {overlayToken}): without after, first the state it should be in. With after, what came since, and then what comes: nothing lost, nothing twice.',
    subscribe: opens<OverlayFeedArgs>(openOverlayFeed),
  })
  overlayEvents(
    @Root() event: OverlayEvent,
    @Arg('after', () => String, { nullable: true, description: 'The last cursor seen; left out: the state comes first.' }) _after: string | null | undefined,
    @Arg('widget', () => OverlayWidget, { defaultValue: OverlayWidget.ALERTS, description: 'What the overlay shows.' }) _widget: OverlayWidget,
  ): OverlayEvent {
    return event;
  }

  @AllowSubscribe(ownerOrModerator)
  @Subscription(() => AlertQueueType, {
    description: 'For owner and moderators: the queue, first as it is now and then whenever it moves. Moves that come faster than ten a second are shown together.',
    subscribe: opens<{ creatorId: string }>(({ creatorId }, context) => openQueueFeed(creatorId, context)),
  })
  alertQueueChanged(@Root() queue: object, @Arg('creatorId', () => ID, { description: 'Whose queue.' }) _creatorId: string): object {
    return queue;
  }
}

/** What an overlay says, over its own socket. */
@Resolver()
export class OverlayReports {
  @Allow(overlay)
  @Mutation(() => AlertPayload, {
    description: 'By an overlay, over its own socket: SHOWN, or QUEUED to give it back. The first SHOWN under a lease counts, and a repeat answers the same alert. A stale lease is INVALID_STATE.',
  })
  reportAlert(@Arg('input', () => ReportAlertInput, { description: 'What became of which alert.' }) input: ReportAlertInput, @Ctx() context: RequestContext): Promise<AlertPayload> {
    return reportAlert(context.services, { ...input, overlay: context.overlay as OverlayCredential });
  }

  @Allow(overlay)
  @Mutation(() => AlertQueuePayload, {
    description: 'By an overlay: whether OBS shows it. Nothing starts showing while no overlay is visible. The queue itself is not an overlay\'s to read: it is null in the answer.',
  })
  async reportOverlay(@Arg('input', () => ReportOverlayInput, { description: 'Whether it can be seen.' }) { visible }: ReportOverlayInput, @Ctx() context: RequestContext): Promise<AlertQueuePayload> {
    await context.services.get(overlayConnectionsService).setVisible((context.overlay as OverlayCredential).connectionId, visible);
    return { queue: null, errors: [] };
  }
}
