import { Arg, Field, ID, ObjectType, Resolver, Root, Subscription } from 'type-graphql';
import { BigIntScalar, NodeInterface } from '../api/room.ts';
import { GoalType, type Goal } from '../creators/room.ts';
import { anyone, owner, payer } from '../identity/room.ts';
import { TipType } from '../tips/room.ts';
import { AllowSubscribe, opens } from './allow-subscribe.ts';
import type { CreatorStreamArgs } from './creator-stream.ts';
import { openGoalFeed } from './goal-feed.ts';
import { openMembershipFeed, type MembershipEvent } from './membership-feed.ts';
import { MembershipEventType } from './membership-type.ts';
import { openPaymentFeed } from './payment-feed.ts';
import { openTipFeed, type TipEvent } from './tip-feed.ts';

@ObjectType('TipEvent', { description: 'One tip in a creator\'s stream.' })
export class TipEventType {
  @Field(() => String, { description: 'The tip\'s place in the stream: give the last one seen as `after` to go on from there.' })
  cursor!: string;

  @Field(() => BigIntScalar, { description: 'Counts 1, 2, 3 … per creator, without a gap.' })
  sequence!: bigint;

  @Field(() => TipType, { description: 'The tip: as it was paid when live, as it is now when replayed.' })
  tip!: TipType;
}

@Resolver()
export class LiveSubscriptions {
  @AllowSubscribe(anyone, { subjectField: 'tip' })
  @Subscription(() => TipEventType, {
    description:
      'Public: a creator\'s tips as they are paid, in order. With after, first everything since that cursor, then live: nothing lost, nothing twice. A replayed tip is shown as it is now.',
    subscribe: opens<CreatorStreamArgs>(openTipFeed),
  })
  tipReceived(
    @Root() event: TipEvent,
    @Arg('creatorId', () => ID, { description: 'Whose tips.' }) _creatorId: string,
    @Arg('after', () => String, { nullable: true, description: 'The last cursor seen, or a creator\'s liveCursor; left out: from now on.' })
    _after?: string | null,
  ): TipEvent {
    return event;
  }

  @AllowSubscribe(owner)
  @Subscription(() => MembershipEventType, {
    description:
      'The creator\'s: micro-subscriptions started, renewed, changed, past due, paused, resumed, canceled and ended, in order. With after, first everything since that cursor, then live: nothing lost, nothing twice.',
    subscribe: opens<CreatorStreamArgs>(openMembershipFeed),
  })
  membershipEvents(
    @Root() event: MembershipEvent,
    @Arg('creatorId', () => ID, { description: 'Whose members.' }) _creatorId: string,
    @Arg('after', () => String, { nullable: true, description: 'The last cursor seen, or the dashboard\'s membersCursor; left out: from now on.' })
    _after?: string | null,
  ): MembershipEvent {
    return event;
  }

  @AllowSubscribe(anyone)
  @Subscription(() => GoalType, {
    description: 'Public: a goal, first as it is now and then whenever it changed. Changes that come faster than ten a second are shown together.',
    subscribe: opens<{ goalId: string }>(({ goalId }, context) => openGoalFeed(goalId, context)),
  })
  goalProgress(@Root() goal: Goal, @Arg('goalId', () => ID, { description: 'Which goal.' }) _goalId: string): Goal {
    return goal;
  }

  @AllowSubscribe(payer)
  @Subscription(() => NodeInterface, {
    description:
      'The signed-in account\'s own top-ups, card tips, charges and refunds, or a guest\'s own tips and refunds, whenever one changes state, and cards whose saving was waited for: each as it is by then.',
    subscribe: opens<object>(openPaymentFeed),
  })
  paymentUpdated(@Root() payment: object): object {
    return payment;
  }
}
