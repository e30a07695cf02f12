import type { Invariant } from '../database/room.ts';
import { RETRY_DAYS } from './dunning.ts';

const lastTryHours = Math.max(...RETRY_DAYS) * 24;

export const billingInvariants: readonly Invariant[] = [
  {
    // Here, since no room below knows of both tips and charges.
    name: 'what somebody spent on a day is what their tips and charges of that day took',
    sql: `SELECT person_id, currency, day, taken.micros, spending_day.spent_micros
          FROM (
            SELECT person_id, currency, (at AT TIME ZONE 'UTC')::date AS day, sum(micros) AS micros
            FROM (
              SELECT sender_id AS person_id, currency, created_at AS at, amount_micros AS micros FROM tip
              WHERE sender_id IS NOT NULL AND status <> 'FAILED'
              UNION ALL
              SELECT subscription.person_id, charge.currency, charge.charged_at, charge.amount_micros
              FROM charge JOIN subscription ON subscription.id = charge.subscription_id
              WHERE charge.charged_at IS NOT NULL) AS payment
            GROUP BY 1, 2, 3) AS taken
          FULL JOIN spending_day USING (person_id, currency, day)
          WHERE coalesce(taken.micros, 0) <> coalesce(spending_day.spent_micros, 0)`,
  },
  {
    name: 'who is past due is tried again within the days of dunning',
    sql: `SELECT id, period_end, past_due_since, next_charge_at, failed_attempts FROM subscription
          WHERE status = 'PAST_DUE' AND (next_charge_at IS NULL OR past_due_since < period_end OR failed_attempts < 1
            OR next_charge_at <= past_due_since OR next_charge_at > past_due_since + make_interval(hours => ${lastTryHours}))`,
  },
];
