import type { Invariant } from '../database/room.ts';
import { creatorTopics } from '../events/room.ts';
import { PLATFORM_OWNER_ID } from '../ledger/room.ts';

const topicList = creatorTopics.map((topic) => `('${topic}')`).join(', ');

export const creatorInvariants: readonly Invariant[] = [
  {
    name: 'every creator has the accounts that tips are paid to',
    sql: `SELECT creator.id, wanted.kind FROM creator
          CROSS JOIN (VALUES ('earnings'), ('debt')) AS wanted (kind)
          WHERE NOT EXISTS (SELECT FROM account
            WHERE account.owner_id = creator.id AND account.kind = wanted.kind AND account.currency = creator.currency)`,
  },
  {
    name: 'every creator has a stream of every topic',
    sql: `SELECT creator.id, wanted.topic FROM creator
          CROSS JOIN (VALUES ${topicList}) AS wanted (topic)
          WHERE NOT EXISTS (SELECT FROM stream WHERE stream.creator_id = creator.id AND stream.topic = wanted.topic)`,
  },
  {
    name: 'the count of creators is how many there are',
    sql: `SELECT counted.creators, counter.value
          FROM (SELECT count(*) AS creators FROM creator) counted
          LEFT JOIN counter ON counter.owner_id = '${PLATFORM_OWNER_ID}' AND counter.name = 'creators'
          WHERE counted.creators <> coalesce(counter.value, 0)`,
  },
  {
    name: 'every creator\'s count of tiers is how many are open',
    sql: `SELECT coalesce(counter.owner_id, open.creator_id) AS creator_id, open.tiers, counter.value
          FROM (SELECT creator_id, count(*) AS tiers FROM tier WHERE archived_at IS NULL GROUP BY creator_id) open
          FULL JOIN (SELECT * FROM counter WHERE name = 'tiers') counter ON counter.owner_id = open.creator_id
          WHERE coalesce(open.tiers, 0) <> coalesce(counter.value, 0)`,
  },
  {
    name: 'no tier has more members than places',
    sql: 'SELECT id, taken, capacity FROM tier WHERE taken < 0 OR taken > capacity',
  },
  {
    name: 'every goal that was raised in full was reached',
    sql: 'SELECT id, raised_micros, target_micros FROM goal WHERE raised_micros < 0 OR (raised_micros >= target_micros AND reached_at IS NULL)',
  },
  {
    name: 'what each fan gave in all is the sum of its days, and of its months',
    sql: `SELECT creator_id, tipper_id,
            sum(total_micros) FILTER (WHERE period = 'ALL_TIME') AS all_time,
            sum(total_micros) FILTER (WHERE period = 'MONTH') AS months,
            sum(total_micros) FILTER (WHERE period = 'DAY') AS days
          FROM supporter_total GROUP BY creator_id, tipper_id
          HAVING sum(total_micros) FILTER (WHERE period = 'ALL_TIME') IS DISTINCT FROM sum(total_micros) FILTER (WHERE period = 'DAY')
            OR sum(total_micros) FILTER (WHERE period = 'ALL_TIME') IS DISTINCT FROM sum(total_micros) FILTER (WHERE period = 'MONTH')`,
  },
  {
    name: 'no day of a creator took in less than its fans gave by name',
    sql: `SELECT named.creator_id, named.day, named.total, creator_day.tips_total_micros
          FROM (SELECT creator_id, starts_on AS day, sum(total_micros) AS total FROM supporter_total WHERE period = 'DAY' GROUP BY creator_id, starts_on) named
          LEFT JOIN creator_day ON creator_day.creator_id = named.creator_id AND creator_day.day = named.day
          WHERE named.total > coalesce(creator_day.tips_total_micros, 0)`,
  },
];
