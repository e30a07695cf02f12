import { Ctx, Field, FieldResolver, ID, Int, ObjectType, Resolver, Root } from 'type-graphql';
import {
  connectionType, DateTimeScalar, encodeId, Interval, MoneyType, NodeInterface, type RequestContext,
} from '../api/room.ts';
import { money, type Money } from '../money/room.ts';
import { CreatorType } from './creator-type.ts';
import type { Creator, Tier } from './entities.ts';
import { loadKnownCreator } from './load-creator.ts';

/** The prefix of a tier's id. */
export const TIER_PREFIX = 'tie';

@ObjectType('Tier', { implements: NodeInterface, description: 'A membership that fans may subscribe to.' })
export class TierType {
  @Field(() => String, { description: 'The tier\'s name.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What the creator says about it.' })
  description!: string | null;

  @Field(() => Interval, { description: 'How often its price is paid.' })
  interval!: Interval;

  @Field(() => [String], { description: 'What members get.' })
  benefits!: string[];

  @Field(() => Int, { nullable: true, description: 'How many members it takes at once; null when unlimited.' })
  capacity!: number | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was closed to new members; null while it is open.' })
  archivedAt!: Date | null;
}

export const TierConnection = connectionType('Tier', () => TierType);

@Resolver(() => TierType)
export class TierFields {
  @FieldResolver(() => ID, { description: 'Opaque: tie_ and a UUIDv7.' })
  id(@Root() tier: Tier): string {
    return encodeId(TIER_PREFIX, tier.id);
  }

  @FieldResolver(() => CreatorType, { description: 'Whose tier it is.' })
  creator(@Root() tier: Tier, @Ctx() context: RequestContext): Promise<Creator> {
    return loadKnownCreator(context, tier.creatorId);
  }

  @FieldResolver(() => MoneyType, { description: 'What new members pay each interval; existing ones keep the price they joined at.' })
  price(@Root() tier: Tier): Money {
    return money(tier.priceMicros, tier.currency);
  }

  @FieldResolver(() => Int, { nullable: true, description: 'How many places are left; null when unlimited.' })
  remaining(@Root() tier: Tier): number | null {
    return tier.capacity === null ? null : tier.capacity - tier.taken;
  }
}
