import type { Invariant } from '../../database/room.ts';

export const alertInvariants: readonly Invariant[] = [
  {
    name: 'at most one alert of a creator is showing',
    sql: `SELECT creator_id, count(*) AS showing FROM alert WHERE state = 'SHOWING' GROUP BY creator_id HAVING count(*) > 1`,
  },
  {
    name: 'every projected alert was made of an event of its creator\'s stream, about the same tip or subscription',
    sql: `SELECT alert.id, alert.topic, alert.sequence FROM alert
          LEFT JOIN stream_event event ON event.creator_id = alert.creator_id AND event.topic = alert.topic AND event.sequence = alert.sequence
          LEFT JOIN goal ON goal.id = alert.goal_id AND goal.creator_id = alert.creator_id
          WHERE alert.sequence IS NOT NULL AND (event.subject_id IS NULL
            OR (alert.kind <> 'GOAL_REACHED' AND event.subject_id IS DISTINCT FROM coalesce(alert.tip_id, alert.subscription_id))
            OR (alert.kind = 'GOAL_REACHED' AND goal.id IS NULL))`,
  },
  {
    name: 'no event became the same alert twice',
    sql: `SELECT creator_id, topic, sequence, kind, goal_id, count(*) AS times FROM alert WHERE sequence IS NOT NULL
          GROUP BY creator_id, topic, sequence, kind, goal_id HAVING count(*) > 1`,
  },
  {
    name: 'no queue has read further than its creator\'s streams go, and no alert is made of what it has not read',
    sql: `SELECT queue.creator_id, stream.topic, stream.head, queue.tips_projected, queue.members_projected, last.sequence
          FROM alert_queue queue
          JOIN stream ON stream.creator_id = queue.creator_id AND stream.topic IN ('tips', 'members')
          LEFT JOIN (SELECT creator_id, topic, max(sequence) AS sequence FROM alert GROUP BY creator_id, topic) last
            ON last.creator_id = queue.creator_id AND last.topic = stream.topic
          CROSS JOIN LATERAL (SELECT CASE stream.topic WHEN 'tips' THEN queue.tips_projected ELSE queue.members_projected END AS read) mark
          WHERE mark.read > stream.head OR last.sequence > mark.read`,
  },
  {
    name: 'every held message whose tip was read has an alert that it can be approved by, or was passed over with',
    sql: `SELECT tip.id FROM tip
          JOIN stream_event event ON event.creator_id = tip.creator_id AND event.topic = 'tips' AND event.subject_id = tip.id
          JOIN alert_queue queue ON queue.creator_id = tip.creator_id AND event.sequence <= queue.tips_projected
          WHERE tip.message_state = 'HELD'
            AND NOT EXISTS (SELECT FROM alert WHERE alert.tip_id = tip.id AND alert.state IN ('HELD', 'SKIPPED'))`,
  },
  {
    name: 'an alert is denied when its tip\'s message is and only then, held only while that is held, and neither waiting nor on stream before',
    sql: `SELECT alert.id, alert.state, tip.message_state FROM alert JOIN tip ON tip.id = alert.tip_id
          WHERE (alert.state = 'DENIED') <> (tip.message_state = 'DENIED')
            OR (alert.state = 'HELD' AND tip.message_state <> 'HELD')
            OR (alert.state IN ('QUEUED', 'SHOWING') AND tip.message_state = 'HELD')`,
  },
  {
    name: 'every goal that a tip reached was reached by a tip of its creator',
    sql: `SELECT goal.id, goal.reached_by FROM goal LEFT JOIN tip ON tip.id = goal.reached_by AND tip.creator_id = goal.creator_id
          WHERE goal.reached_by IS NOT NULL AND (tip.id IS NULL OR goal.reached_at IS NULL)`,
  },
];
