import { Arg, Ctx, Field, FieldResolver, Int, ObjectType, Resolver, Root } from 'type-graphql';
import { Allow, pageSize, type RequestContext } from '../../api/room.ts';
import { CreatorType, ownerOrModerator, type Creator } from '../../creators/room.ts';
import { QueueState } from './alert-enums.ts';
import { loadQueue, MOST_PENDING, pendingCountOf, pendingOf, recentOf, showingOf, type AlertQueue } from './alert-lists.ts';
import { AlertType } from './alert-type.ts';
import type { AlertRow } from './alert.ts';

/** Its root value is an `AlertQueue`. */
@ObjectType('AlertQueue', { description: 'What is to be shown on a creator\'s stream.' })
export class AlertQueueType {
  @Field(() => QueueState, { description: 'Whether alerts are shown.' })
  state!: QueueState;
}

@Resolver(() => AlertQueueType)
export class AlertQueueFields {
  @FieldResolver(() => AlertType, { nullable: true, description: 'What is on stream now; null when nothing is.' })
  showing(@Root() { creatorId }: AlertQueue, @Ctx() context: RequestContext): Promise<AlertRow | null> {
    return showingOf(context, creatorId);
  }

  @FieldResolver(() => [AlertType], {
    description: `What waits, held ones included, in the order of the queue: tests before all others. The first ${MOST_PENDING}.`,
  })
  pending(@Root() { creatorId }: AlertQueue, @Ctx() context: RequestContext): Promise<AlertRow[]> {
    return pendingOf(context, creatorId);
  }

  @FieldResolver(() => Int, { description: 'How many wait, held ones included.' })
  pendingCount(@Root() { creatorId }: AlertQueue, @Ctx() context: RequestContext): Promise<number> {
    return pendingCountOf(context, creatorId);
  }

  @FieldResolver(() => [AlertType], { description: 'What was shown, skipped or denied, the last first.' })
  recent(
    @Root() { creatorId }: AlertQueue,
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'How many: 1 to 100.' }) first?: number | null,
  ): Promise<AlertRow[]> {
    return recentOf(context, creatorId, pageSize({ first }));
  }
}

@Resolver(() => CreatorType)
export class CreatorAlertQueue {
  @Allow(ownerOrModerator)
  @FieldResolver(() => AlertQueueType, {
    nullable: true,
    description: 'Alerts on stream: owner and moderators; null plus a top-level FORBIDDEN for anyone else.',
  })
  alertQueue(@Root() creator: Creator, @Ctx() context: RequestContext): Promise<AlertQueue> {
    return loadQueue(context, creator.id);
  }
}
