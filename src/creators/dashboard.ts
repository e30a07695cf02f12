import DataLoader from 'dataloader';
import { Arg, Ctx, Field, FieldResolver, Int, ObjectType, Resolver, Root } from 'type-graphql';
import { cached, daysOf, MoneyType, Period, type RequestContext } from '../api/room.ts';
import { clockService, databaseService } from '../database/room.ts';
import { money, type Money } from '../money/room.ts';
import { loadPerson, PublicProfileType, type Person } from '../identity/room.ts';
import type { Creator } from './entities.ts';
import { loadModeratorIds } from './moderator-lists.ts';

@ObjectType({ description: 'What a creator page took in over a period.' })
export class CreatorStats {
  @Field(() => MoneyType, { description: 'Tips of the period before fees, less what was refunded of them since.' })
  tipsTotal!: MoneyType;

  @Field(() => Int, { description: 'How many tips were paid in the period, refunded ones included.' })
  tipCount!: number;
}

/** The object of `CreatorStats`: higher rooms add fields to it with `@Root() stats: StatsOf`. */
export interface StatsOf {
  readonly creator: Creator;
  readonly period: Period;
}

/** Its object is the creator itself, so that higher rooms add fields with `@Root() creator: Creator`. Only the owner gets one. */
@ObjectType({ description: 'A creator page as its owner sees it.' })
export class CreatorDashboard {}

@Resolver(() => CreatorDashboard)
export class DashboardFields {
  @FieldResolver(() => [PublicProfileType], { description: 'Who moderates the page beside its owner, in the order in which they were added: 50 at most.' })
  async moderators(@Root() creator: Creator, @Ctx() context: RequestContext): Promise<Person[]> {
    const ids = await loadModeratorIds(context, creator.id);
    const people = await Promise.all(ids.map((id) => loadPerson(context, id)));
    return people.filter((person) => person !== null);
  }

  @FieldResolver(() => CreatorStats, { description: 'The figures of the current period.' })
  async stats(
    @Root() creator: Creator,
    @Ctx() context: RequestContext,
    @Arg('period', () => Period, { defaultValue: Period.MONTH, description: 'Which calendar period, in UTC.' }) period: Period,
  ): Promise<StatsOf & { tipsTotal: Money; tipCount: number }> {
    const sum = await statsLoader(context, period).load(creator.id);
    return { creator, period, tipsTotal: money(sum.totalMicros, creator.currency), tipCount: sum.count };
  }
}

interface Sum {
  readonly totalMicros: bigint;
  readonly count: number;
}

function statsLoader(context: RequestContext, period: Period): DataLoader<string, Sum> {
  return cached(context, `creators.stats.${period}`, () =>
    new DataLoader<string, Sum>(async (creatorIds) => {
      const { startsOn, endsBefore } = daysOf(period, context.services.get(clockService).now());
      const rows = await context.services.get(databaseService).query<{ creator_id: string; total: bigint; count: bigint }>(
        `SELECT creator_id, sum(tips_total_micros)::bigint AS total, sum(tip_count)::bigint AS count
         FROM creator_day WHERE creator_id = ANY ($1::uuid[]) AND day >= $2::date AND day < $3::date GROUP BY creator_id`,
        [creatorIds, startsOn, endsBefore],
      );
      const found = new Map(rows.map((row) => [row.creator_id, { totalMicros: row.total, count: Number(row.count) }]));
      return creatorIds.map((id) => found.get(id) ?? { totalMicros: 0n, count: 0 });
    }),
  );
}
