import { MEMBERS } from '../creators/room.ts';
import type { Invariant } from '../database/room.ts';
import { GRACE_HOURS, subscriptionStatuses } from './subscription.ts';
import { statusCounter, SUBSCRIPTIONS } from './write-moves.ts';

/** Charges that took money, whatever became of them since. */
const paid = `charge.status <> 'FAILED'`;
const kinds = `('SUBSCRIPTION', 'SUBSCRIPTION_PRORATION')`;
const postingKind = `CASE charge.kind WHEN 'PERIOD' THEN 'SUBSCRIPTION' ELSE 'SUBSCRIPTION_PRORATION' END`;

/** Must equal `monthlyWorth` in figures.ts: whole micros, rounded down. */
const monthlyWorth = `CASE WHEN status IN ('PAUSED', 'ENDED') THEN 0 ELSE CASE interval
  WHEN 'DAY' THEN amount_micros * 365 / 12 WHEN 'WEEK' THEN amount_micros * 365 / 84 WHEN 'MONTH' THEN amount_micros ELSE amount_micros / 12 END END`;

/** When the current period of a schedule ends. Must equal `periodAt` in periods.ts: by the calendar in UTC, and always from the anchor. */
const scheduledEnd = `CASE WHEN interval IN ('DAY', 'WEEK')
  THEN anchor + make_interval(hours => (period_index + 1 - anchor_index) * CASE interval WHEN 'DAY' THEN 24 ELSE 168 END)
  ELSE (anchor AT TIME ZONE 'UTC' + make_interval(months => (period_index + 1 - anchor_index) * CASE interval WHEN 'MONTH' THEN 1 ELSE 12 END)) AT TIME ZONE 'UTC' END`;

const graceHours = `CASE interval ${Object.entries(GRACE_HOURS).map(([interval, hours]) => `WHEN '${interval}' THEN ${hours}`).join(' ')} END`;

const statusList = subscriptionStatuses.map((status) => `('${status}', '${statusCounter(status)}')`).join(', ');

export const subscriptionInvariants: Invariant[] = [
  {
    name: 'every charge that took money has its posting',
    sql: `SELECT charge.id FROM charge WHERE ${paid}
          AND NOT EXISTS (SELECT FROM posting WHERE posting.cause_id = charge.id AND posting.kind = ${postingKind})`,
  },
  {
    name: 'every subscription posting has its charge, of the same currency and amounts',
    sql: `SELECT posting.id, charge.id AS charge_id
          FROM posting
          LEFT JOIN charge ON charge.id = posting.cause_id AND charge.currency = posting.currency AND ${paid} AND posting.kind = ${postingKind}
          WHERE posting.kind IN ${kinds} AND (charge.id IS NULL
            OR charge.amount_micros IS DISTINCT FROM (SELECT sum(-entry.amount) FROM entry WHERE entry.posting_id = posting.id AND entry.amount < 0)
            OR charge.fee_micros IS DISTINCT FROM (SELECT coalesce(sum(entry.amount), 0) FROM entry JOIN account ON account.id = entry.account_id
                WHERE entry.posting_id = posting.id AND account.kind = 'platform_fee'))`,
  },
  {
    name: 'every charge is in the currency of its subscription, and is paid by its subscriber',
    sql: `SELECT charge.id FROM charge JOIN subscription ON subscription.id = charge.subscription_id
          WHERE charge.currency <> subscription.currency OR (${paid} AND NOT EXISTS (
            SELECT FROM posting JOIN entry ON entry.posting_id = posting.id JOIN account ON account.id = entry.account_id
            WHERE posting.cause_id = charge.id AND entry.amount = -charge.amount_micros AND account.kind = 'wallet' AND account.owner_id = subscription.person_id))`,
  },
  {
    name: 'what a charge took, less its fee, is its creator\'s',
    // With the amount taken and the fee proven above, and as a posting sums to zero, nothing is left for anybody else.
    sql: `SELECT charge.id, charge.subscription_id
          FROM posting JOIN charge ON charge.id = posting.cause_id JOIN subscription ON subscription.id = charge.subscription_id
          JOIN entry ON entry.posting_id = posting.id JOIN account ON account.id = entry.account_id
          WHERE posting.kind IN ${kinds} GROUP BY charge.id
          HAVING sum(entry.amount) FILTER (WHERE account.kind IN ('earnings', 'debt') AND account.owner_id = subscription.creator_id)
            IS DISTINCT FROM charge.net_micros`,
  },
  {
    name: 'every charge is parted by its own rate',
    sql: `SELECT id, amount_micros, fee_bps, fee_micros FROM charge WHERE fee_micros <> div(amount_micros::numeric * fee_bps, 10000)`,
  },
  {
    name: 'no charge is said to be returned, as nothing returns any',
    sql: `SELECT id, status FROM charge WHERE status NOT IN ('SUCCEEDED', 'FAILED')`,
  },
  {
    name: 'every period has at most one period charge',
    sql: `SELECT subscription_id, period_index, count(*) AS charges FROM charge WHERE kind = 'PERIOD'
          GROUP BY subscription_id, period_index HAVING count(*) > 1`,
  },
  {
    name: 'a period is CHARGED if and only if its charge took money',
    sql: `SELECT coalesce(period.subscription_id, charge.subscription_id) AS subscription_id, coalesce(period.index, charge.period_index) AS index, period.state
          FROM (SELECT * FROM subscription_period WHERE state = 'CHARGED') period
          FULL JOIN (SELECT * FROM charge WHERE kind = 'PERIOD' AND ${paid}) charge
            ON charge.subscription_id = period.subscription_id AND charge.period_index = period.index
          WHERE period.subscription_id IS NULL OR charge.id IS NULL`,
  },
  {
    name: 'the periods of a subscription neither gap nor overlap, from its start to the last one',
    sql: `SELECT * FROM (
            SELECT period.subscription_id, period.index, period.starts_at,
              lag(period.index) OVER life AS index_before, lag(period.ends_at) OVER life AS ends_before, subscription.started_at
            FROM subscription_period period JOIN subscription ON subscription.id = period.subscription_id
            WINDOW life AS (PARTITION BY period.subscription_id ORDER BY period.index)) placed
          WHERE (index_before IS NULL AND (index <> 1 OR starts_at <> started_at))
            OR (index_before IS NOT NULL AND (index <> index_before + 1 OR starts_at <> ends_before))`,
  },
  {
    name: 'every subscription stands at its last period',
    sql: `SELECT subscription.id FROM subscription LEFT JOIN LATERAL (
            SELECT * FROM subscription_period WHERE subscription_id = subscription.id ORDER BY index DESC LIMIT 1) last ON true
          WHERE (last.index, last.starts_at, last.ends_at) IS DISTINCT FROM (subscription.period_index, subscription.period_start, subscription.period_end)`,
  },
  {
    name: 'the period of every live subscription ends when its schedule says',
    sql: `SELECT id, interval, anchor, anchor_index, period_index, period_end FROM subscription WHERE status <> 'ENDED' AND period_end <> ${scheduledEnd}`,
  },
  {
    name: 'every live subscription is looked at again when its period or its pause ends',
    // When one that is past due is tried again is a matter of dunning: see the room "billing".
    sql: `SELECT id, status, next_charge_at, period_end, paused_until FROM subscription
          WHERE (status IN ('ACTIVE', 'CANCELING') AND next_charge_at IS DISTINCT FROM period_end)
            OR (status = 'PAUSED' AND next_charge_at IS DISTINCT FROM paused_until)
            OR (status <> 'PAUSED' AND paused_until IS NOT NULL)`,
  },
  {
    name: 'no benefits last longer than what was paid for and the grace',
    sql: `SELECT id, status, interval, period_end, access_until, ended_at FROM subscription
          WHERE access_until > CASE status WHEN 'ENDED' THEN ended_at WHEN 'PAST_DUE' THEN period_end + make_interval(hours => ${graceHours}) ELSE period_end END`,
  },
  {
    name: 'every subscription knows how many charges it has',
    sql: `SELECT subscription.id, subscription.charge_count, count(charge.id) AS charges
          FROM subscription LEFT JOIN charge ON charge.subscription_id = subscription.id
          GROUP BY subscription.id HAVING count(charge.id) <> subscription.charge_count`,
  },
  {
    name: 'every tier has as many places taken as live subscriptions hold',
    sql: `SELECT tier.id, tier.taken, coalesce(held.places, 0) AS held
          FROM tier LEFT JOIN (
            SELECT tier_id, count(*) AS places FROM (
              SELECT id, tier_id FROM subscription WHERE status <> 'ENDED' AND tier_id IS NOT NULL
              UNION SELECT id, pending_tier_id FROM subscription WHERE status <> 'ENDED' AND pending_tier_id IS NOT NULL) places
            GROUP BY tier_id) held ON held.tier_id = tier.id
          WHERE tier.taken <> coalesce(held.places, 0)`,
  },
  {
    name: 'no fan has two live subscriptions to a creator',
    sql: `SELECT person_id, creator_id FROM subscription WHERE status <> 'ENDED' GROUP BY person_id, creator_id HAVING count(*) > 1`,
  },
  {
    name: 'every creator\'s count of members is how many live subscriptions there are',
    sql: `SELECT coalesce(counter.owner_id, live.creator_id) AS creator_id, counter.value, live.members
          FROM (SELECT * FROM counter WHERE name = '${MEMBERS}') counter
          FULL JOIN (SELECT creator_id, count(*) AS members FROM subscription WHERE status <> 'ENDED' GROUP BY creator_id) live ON live.creator_id = counter.owner_id
          WHERE coalesce(counter.value, 0) <> coalesce(live.members, 0)`,
  },
  {
    name: 'every creator\'s counts by status are how many subscriptions have it',
    sql: `SELECT coalesce(counter.owner_id, had.creator_id) AS creator_id, coalesce(counter.name, had.name) AS name, counter.value, had.subscriptions
          FROM (SELECT * FROM counter WHERE name LIKE '${MEMBERS}.%') counter
          FULL JOIN (SELECT creator_id, named.name, count(*) AS subscriptions FROM subscription
              JOIN (VALUES ${statusList}) AS named (status, name) ON named.status = subscription.status GROUP BY creator_id, named.name) had
            ON had.creator_id = counter.owner_id AND had.name = counter.name
          WHERE coalesce(counter.value, 0) <> coalesce(had.subscriptions, 0)`,
  },
  {
    name: 'every fan\'s count of subscriptions is how many they began',
    sql: `SELECT coalesce(counter.owner_id, begun.person_id) AS person_id, counter.value, begun.subscriptions
          FROM (SELECT * FROM counter WHERE name = '${SUBSCRIPTIONS}') counter
          FULL JOIN (SELECT person_id, count(*) AS subscriptions FROM subscription GROUP BY person_id) begun ON begun.person_id = counter.owner_id
          WHERE counter.value IS DISTINCT FROM begun.subscriptions`,
  },
  {
    name: 'what began and ended each day is what the creators\' days say',
    sql: `SELECT coalesce(stated.creator_id, true_day.creator_id) AS creator_id, coalesce(stated.day, true_day.day) AS day,
            stated.started, stated.churned, true_day.started AS true_started, true_day.churned AS true_churned
          FROM membership_day stated FULL JOIN (
            SELECT creator_id, day, sum(started) AS started, sum(churned) AS churned FROM (
              SELECT creator_id, (started_at AT TIME ZONE 'UTC')::date AS day, 1 AS started, 0 AS churned FROM subscription
              UNION ALL SELECT creator_id, (ended_at AT TIME ZONE 'UTC')::date, 0, 1 FROM subscription WHERE ended_at IS NOT NULL) moves
            GROUP BY creator_id, day) true_day ON true_day.creator_id = stated.creator_id AND true_day.day = stated.day
          WHERE coalesce(stated.started, 0) <> coalesce(true_day.started, 0) OR coalesce(stated.churned, 0) <> coalesce(true_day.churned, 0)
            OR stated.active_delta <> stated.started - stated.churned`,
  },
  {
    name: 'what the creators\' days say of members and of their monthly worth sums to what the subscriptions are',
    sql: `SELECT coalesce(stated.creator_id, truth.creator_id) AS creator_id, stated.active, stated.monthly, truth.active AS true_active, truth.monthly AS true_monthly
          FROM (SELECT creator_id, sum(active_delta) AS active, sum(monthly_delta_micros) AS monthly FROM membership_day GROUP BY creator_id) stated
          FULL JOIN (SELECT creator_id, count(*) FILTER (WHERE status <> 'ENDED') AS active, sum(${monthlyWorth}) AS monthly FROM subscription GROUP BY creator_id) truth
            ON truth.creator_id = stated.creator_id
          WHERE coalesce(stated.active, 0) <> coalesce(truth.active, 0) OR coalesce(stated.monthly, 0) <> coalesce(truth.monthly, 0)`,
  },
  {
    name: 'every change that cost something at once has its charge, of that amount',
    sql: `SELECT change.id FROM subscription_change change LEFT JOIN charge ON charge.id = change.charge_id
          WHERE change.due_now_micros > 0 AND (charge.id IS NULL OR charge.subscription_id <> change.subscription_id OR charge.amount_micros <> change.due_now_micros)`,
  },
  {
    name: 'every charge for the rest of a period has one change, made within that period',
    sql: `SELECT charge.id, charge.subscription_id, charge.period_index, coalesce(change.times, 0) AS changes
          FROM charge
          LEFT JOIN (SELECT charge_id, count(*) AS times, min(effective_at) AS effective_at FROM subscription_change
            WHERE charge_id IS NOT NULL GROUP BY charge_id) change ON change.charge_id = charge.id
          LEFT JOIN subscription_period period ON period.subscription_id = charge.subscription_id AND period.index = charge.period_index
            AND change.effective_at BETWEEN period.starts_at AND period.ends_at
          WHERE charge.kind = 'PRORATION' AND (change.times IS DISTINCT FROM 1 OR period.index IS NULL)`,
  },
  {
    name: 'the stream of members tells every start, renewal and end exactly once',
    // Each period that was paid for is a renewal but the first, and those that a change of interval began.
    sql: `SELECT subscription.id, told.started, told.renewed, told.ended, paid.periods, coalesce(change.periods, 0) AS begun_by_changes FROM subscription
          LEFT JOIN (SELECT creator_id, subject_id, count(*) FILTER (WHERE kind = 'STARTED') AS started, count(*) FILTER (WHERE kind = 'RENEWED') AS renewed,
              count(*) FILTER (WHERE kind = 'ENDED') AS ended FROM stream_event WHERE topic = 'members' GROUP BY creator_id, subject_id) told
            ON told.subject_id = subscription.id AND told.creator_id = subscription.creator_id
          LEFT JOIN (SELECT subscription_id, count(*) AS periods FROM subscription_period WHERE state = 'CHARGED' GROUP BY subscription_id) paid
            ON paid.subscription_id = subscription.id
          LEFT JOIN (SELECT change.subscription_id, count(*) AS periods FROM subscription_change change JOIN charge ON charge.id = change.charge_id
              WHERE charge.kind = 'PERIOD' GROUP BY change.subscription_id) change
            ON change.subscription_id = subscription.id
          WHERE told.started IS DISTINCT FROM 1 OR told.ended IS DISTINCT FROM (CASE subscription.status WHEN 'ENDED' THEN 1 ELSE 0 END)
            OR told.renewed IS DISTINCT FROM paid.periods - 1 - coalesce(change.periods, 0)`,
  },
];
