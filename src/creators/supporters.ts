import DataLoader from 'dataloader';
import { Field, ObjectType } from 'type-graphql';
import { ApiError, cached, daysOf, MoneyType, mostPerPage, Period, type RequestContext } from '../api/room.ts';
import { clockService, databaseService } from '../database/room.ts';

@ObjectType('Supporter', { description: 'A fan by the last name given on a tip that was not anonymous.' })
export class SupporterType {
  @Field(() => String, { description: 'The name the fan gave.' })
  displayName!: string;

  @Field(() => MoneyType, { description: 'What the fan tipped in the period, less refunds, anonymous tips left out.' })
  total!: MoneyType;
}

export interface Supporter {
  readonly displayName: string;
  readonly totalMicros: bigint;
}

/** Rows of these periods are stored as they are; weeks and years are summed from the days and months in them. */
const stored = {
  [Period.DAY]: 'DAY',
  [Period.WEEK]: 'DAY',
  [Period.MONTH]: 'MONTH',
  [Period.YEAR]: 'MONTH',
  [Period.ALL_TIME]: 'ALL_TIME',
} as const;

// One row a fan, in the order of supporter_total_top: a page of a creator with very many fans reads no more than the page.
const storedTop = `
  SELECT wanted.creator_id, s.display_name, top.total
  FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (creator_id, place)
  CROSS JOIN LATERAL (
    SELECT tipper_id, total_micros AS total FROM supporter_total
    WHERE creator_id = wanted.creator_id AND period = $2 AND starts_on = $3::date AND total_micros > 0
    ORDER BY total_micros DESC, tipper_id LIMIT $4
  ) top
  JOIN supporter s ON s.creator_id = wanted.creator_id AND s.tipper_id = top.tipper_id
  ORDER BY wanted.place, top.total DESC, top.tipper_id`;

const summedTop = `
  SELECT wanted.creator_id, s.display_name, top.total
  FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (creator_id, place)
  CROSS JOIN LATERAL (
    SELECT tipper_id, sum(total_micros)::bigint AS total FROM supporter_total
    WHERE creator_id = wanted.creator_id AND period = $2 AND starts_on >= $3::date AND starts_on < $4::date
    GROUP BY tipper_id HAVING sum(total_micros) > 0
    ORDER BY total DESC, tipper_id LIMIT $5
  ) top
  JOIN supporter s ON s.creator_id = wanted.creator_id AND s.tipper_id = top.tipper_id
  ORDER BY wanted.place, top.total DESC, top.tipper_id`;

interface TopRow {
  readonly creator_id: string;
  readonly display_name: string;
  readonly total: bigint;
}

/** Who tipped a creator most in the current period, 1 to 100 of them. Many creators are one statement. */
export function topTippers(context: RequestContext, creatorId: string, period: Period, first: number): Promise<Supporter[]> {
  if (first < 1 || first > mostPerPage) throw new ApiError('BAD_USER_INPUT', `"first" is ${first}; it may be 1 to ${mostPerPage}.`);
  return cached(context, `creators.top.${period}.${first}`, () =>
    new DataLoader<string, Supporter[]>(async (creatorIds) => {
      const { startsOn, endsBefore } = daysOf(period, context.services.get(clockService).now());
      const db = context.services.get(databaseService);
      const rows = period === Period.WEEK || period === Period.YEAR
        ? await db.query<TopRow>(summedTop, [creatorIds, stored[period], startsOn, endsBefore, first])
        : await db.query<TopRow>(storedTop, [creatorIds, stored[period], startsOn, first]);
      const byCreator = Map.groupBy(rows, (row) => row.creator_id);
      return creatorIds.map((id) =>
        (byCreator.get(id) ?? []).map((row) => ({ displayName: row.display_name, totalMicros: row.total })));
    }),
  ).load(creatorId);
}
