import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, ID, Info, Int, Resolver, Root } from 'type-graphql';
import {
  Allow, encodeId, Period, ViewerDependent, type Connection, type RequestContext,
} from '../api/room.ts';
import { encodeCursor } from '../events/room.ts';
import { owner } from '../identity/room.ts';
import { money } from '../money/room.ts';
import { CREATOR_PREFIX, CreatorRole, CreatorType, TipSettings } from './creator-type.ts';
import { CreatorDashboard } from './dashboard.ts';
import type { Creator, Goal, Tier } from './entities.ts';
import { GoalType } from './goal-type.ts';
import { goalsOf, loadCounter, MEMBERS, tiersOf } from './lists.ts';
import { afterLiveHead, liveHeads } from './live-heads.ts';
import { roleOf } from './moderator-lists.ts';
import { SupporterType, topTippers } from './supporters.ts';
import { TierConnection } from './tier-type.ts';

const first = 'How many: 1 to 100.';
const after = 'The cursor to go on from.';

@Resolver(() => CreatorType)
export class CreatorFields {
  @FieldResolver(() => ID, { description: 'Opaque: cre_ and a UUIDv7.' })
  id(@Root() creator: Creator): string {
    return encodeId(CREATOR_PREFIX, creator.id);
  }

  @FieldResolver(() => TipSettings, { description: 'What a tip to this creator may be.' })
  tipSettings(@Root() creator: Creator): TipSettings {
    const amount = (micros: bigint) => money(micros, creator.currency);
    return {
      presets: creator.tipPresetMicros.map(amount),
      minimum: amount(creator.tipMinimumMicros),
      maximum: amount(creator.tipMaximumMicros),
      maxMessageLength: creator.maxMessageLength,
      holdForApproval: creator.holdTipsForApproval,
    };
  }

  @FieldResolver(() => TierConnection, { description: 'Memberships that are open to new members, oldest first.' })
  tiers(
    @Root() creator: Creator,
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: first }) size?: number | null,
    @Arg('after', () => String, { nullable: true, description: after }) place?: string | null,
  ): Promise<Connection<Tier>> {
    return tiersOf(context, creator.id, { first: size, after: place });
  }

  @FieldResolver(() => [SupporterType], {
    description: 'By the last name given on a tip that was not anonymous; anonymous tips count for nobody.',
  })
  async topTippers(
    @Root() creator: Creator,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
    @Arg('period', () => Period, { defaultValue: Period.ALL_TIME, description: 'Which calendar period, in UTC.' }) period: Period,
    @Arg('first', () => Int, { nullable: true, defaultValue: 10, description: first }) size?: number | null,
  ): Promise<object[]> {
    await afterLiveHead(context, info, creator.id);
    const top = await topTippers(context, creator.id, period, size ?? 10);
    return top.map(({ displayName, totalMicros }) => ({ displayName, total: money(totalMicros, creator.currency) }));
  }

  @FieldResolver(() => [GoalType], { description: 'Goals that are not archived, oldest first.' })
  async goals(@Root() creator: Creator, @Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo): Promise<Goal[]> {
    await afterLiveHead(context, info, creator.id);
    return goalsOf(context, creator.id);
  }

  @FieldResolver(() => Int, { description: 'How many micro-subscriptions have not ended: of tiers and of amounts of one\'s own, PAST_DUE and PAUSED ones too.' })
  memberCount(@Root() creator: Creator, @Ctx() context: RequestContext): Promise<number> {
    return loadCounter(context, MEMBERS, creator.id);
  }

  @FieldResolver(() => String, {
    description: 'Where tipReceived stands now. The server reads it before any list of the operation; subscribe after it, and what overlaps is deduplicated by id.',
  })
  async liveCursor(@Root() creator: Creator, @Ctx() context: RequestContext): Promise<string> {
    const sequence = await liveHeads(context).load(creator.id);
    return encodeCursor({ creatorId: creator.id, topic: 'tips', sequence });
  }

  @ViewerDependent()
  @FieldResolver(() => CreatorRole, { description: 'NONE, MODERATOR or OWNER, for the signed-in account.' })
  viewerRole(@Root() creator: Creator, @Ctx() context: RequestContext): Promise<CreatorRole> {
    return roleOf(context, creator);
  }

  @Allow(owner)
  @FieldResolver(() => CreatorDashboard, {
    nullable: true,
    description: 'The owner\'s own view: null plus a top-level FORBIDDEN for anyone else.',
  })
  dashboard(@Root() creator: Creator): Creator {
    return creator;
  }
}
