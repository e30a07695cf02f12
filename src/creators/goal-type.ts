import { Field, FieldResolver, ID, ObjectType, Resolver, Root } from 'type-graphql';
import { DateTimeScalar, encodeId, MoneyType, NodeInterface } from '../api/room.ts';
import { money, type Money } from '../money/room.ts';
import type { Goal } from './entities.ts';

/** The prefix of a goal's id. */
export const GOAL_PREFIX = 'goa';

@ObjectType('Goal', { implements: NodeInterface, description: 'What a creator collects tips for.' })
export class GoalType {
  @Field(() => String, { description: 'What it is for.' })
  title!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When tips first came to the target; null before. A higher target starts anew.' })
  reachedAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was closed: later tips do not count for it.' })
  archivedAt!: Date | null;
}

@Resolver(() => GoalType)
export class GoalFields {
  @FieldResolver(() => ID, { description: 'Opaque: goa_ and a UUIDv7.' })
  id(@Root() goal: Goal): string {
    return encodeId(GOAL_PREFIX, goal.id);
  }

  @FieldResolver(() => MoneyType, { description: 'How much is wanted.' })
  target(@Root() goal: Goal): Money {
    return money(goal.targetMicros, goal.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'What fans tipped since it was made, before fees and less refunds; it may pass the target.' })
  raised(@Root() goal: Goal): Money {
    return money(goal.raisedMicros, goal.currency);
  }
}
