import DataLoader from 'dataloader';
import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, Info, Int, Resolver, Root } from 'type-graphql';
import { cached, daysOf, MoneyType, ViewerDependent, type Connection, type RequestContext, type Viewer } from '../api/room.ts';
import { afterLiveHead, CreatorDashboard, CreatorStats, CreatorType, liveHeads, type Creator, type StatsOf } from '../creators/room.ts';
import { clockService, databaseService } from '../database/room.ts';
import { encodeCursor } from '../events/room.ts';
import { ViewerType } from '../identity/room.ts';
import { money, type Money } from '../money/room.ts';
import { loadLiveSubscription, subscribersOf, subscriptionsOfPerson } from './subscription-lists.ts';
import type { Subscription } from './subscription.ts';
import { MicroSubscriptionConnection, MicroSubscriptionType, SubscriptionStatus } from './subscription-type.ts';

const first = 'How many: 1 to 100.';
const after = 'The cursor to go on from.';

@Resolver(() => CreatorType)
export class CreatorSubscription {
  @ViewerDependent()
  @FieldResolver(() => MicroSubscriptionType, {
    nullable: true,
    description: 'The signed-in fan\'s own micro-subscription to this creator; null when there is none, or it has ended.',
  })
  viewerSubscription(@Root() creator: Creator, @Ctx() context: RequestContext): Promise<Subscription | null> | null {
    return context.viewer && loadLiveSubscription(context, context.viewer.personId, creator.id);
  }
}

@Resolver(() => ViewerType)
export class ViewerSubscriptions {
  @FieldResolver(() => MicroSubscriptionConnection, { description: 'The account\'s micro-subscriptions, ended ones too, newest first.' })
  subscriptions(
    @Root() viewer: Viewer,
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: first }) size?: number | null,
    @Arg('after', () => String, { nullable: true, description: after }) place?: string | null,
  ): Promise<Connection<Subscription>> {
    return subscriptionsOfPerson(context, viewer.personId, { first: size, after: place });
  }
}

@Resolver(() => CreatorDashboard)
export class DashboardSubscribers {
  @FieldResolver(() => MicroSubscriptionConnection, { description: 'The page\'s micro-subscriptions, newest first.' })
  async subscribers(
    @Root() creator: Creator,
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: first }) size?: number | null,
    @Arg('after', () => String, { nullable: true, description: after }) place?: string | null,
    @Arg('status', () => SubscriptionStatus, { nullable: true, description: 'Those of one status; absent: all but ENDED.' }) status?: SubscriptionStatus | null,
  ): Promise<Connection<Subscription>> {
    await afterLiveHead(context, info, creator.id, 'members');
    return subscribersOf(context, creator.id, status ?? null, { first: size, after: place });
  }

  @FieldResolver(() => String, {
    description: 'Where membershipEvents stands now. The server reads it before subscribers and the figures of members; subscribe after it, and what overlaps is deduplicated by id.',
  })
  async membersCursor(@Root() creator: Creator, @Ctx() context: RequestContext): Promise<string> {
    const sequence = await liveHeads(context, 'members').load(creator.id);
    return encodeCursor({ creatorId: creator.id, topic: 'members', sequence });
  }
}

@Resolver(() => CreatorStats)
export class MembershipStats {
  @FieldResolver(() => MoneyType, {
    description: 'What the micro-subscriptions that are paid for are worth a month, at the period\'s end or now: of a day 365/12 times, of a week 365/84 times, of a year a twelfth.',
  })
  async monthlyRecurring(@Root() stats: StatsOf, @Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo): Promise<Money> {
    return money((await figuresOf(context, info, stats)).monthlyMicros, stats.creator.currency);
  }

  @FieldResolver(() => Int, { description: 'How many micro-subscriptions there are, at the period\'s end or now: all that have not ended.' })
  async activeSubscribers(@Root() stats: StatsOf, @Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo): Promise<number> {
    return Number((await figuresOf(context, info, stats)).active);
  }

  @FieldResolver(() => Int, { description: 'How many micro-subscriptions began in the period.' })
  async newSubscribers(@Root() stats: StatsOf, @Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo): Promise<number> {
    return Number((await figuresOf(context, info, stats)).started);
  }

  @FieldResolver(() => Int, { description: 'How many micro-subscriptions ended in the period.' })
  async churnedSubscribers(@Root() stats: StatsOf, @Ctx() context: RequestContext, @Info() info: GraphQLResolveInfo): Promise<number> {
    return Number((await figuresOf(context, info, stats)).churned);
  }
}

interface Figures {
  readonly started: bigint;
  readonly churned: bigint;
  readonly active: bigint;
  readonly monthlyMicros: bigint;
}

const none: Figures = { started: 0n, churned: 0n, active: 0n, monthlyMicros: 0n };

/** Sums of recorded deltas, those of many creators in one statement. */
async function figuresOf(context: RequestContext, info: GraphQLResolveInfo, { creator, period }: StatsOf): Promise<Figures> {
  await afterLiveHead(context, info, creator.id, 'members');
  return cached(context, `subscriptions.figures.${period}`, () =>
    new DataLoader<string, Figures>(async (creatorIds) => {
      const { startsOn, endsBefore } = daysOf(period, context.services.get(clockService).now());
      const rows = await context.services.get(databaseService).query<Figures & { creatorId: string }>(
        `SELECT creator_id AS "creatorId",
           coalesce(sum(started) FILTER (WHERE day >= $2::date), 0)::bigint AS started,
           coalesce(sum(churned) FILTER (WHERE day >= $2::date), 0)::bigint AS churned,
           sum(active_delta)::bigint AS active, sum(monthly_delta_micros)::bigint AS "monthlyMicros"
         FROM membership_day WHERE creator_id = ANY ($1::uuid[]) AND day < $3::date GROUP BY creator_id`,
        [creatorIds, startsOn, endsBefore],
      );
      const found = new Map(rows.map((row) => [row.creatorId, row]));
      return creatorIds.map((id) => found.get(id) ?? none);
    }),
  ).load(creator.id);
}
