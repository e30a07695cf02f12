import type { Sql } from '../../database/room.ts';
import type { AlertKindName, AlertStateName } from '../entities.ts';

/** The prefix of an alert's id. */
export const ALERT_PREFIX = 'alr';

/** An alert as it is stored. Its fan's texts are in the tip that it names. */
export interface AlertRow {
  readonly id: string;
  readonly creatorId: string;
  /** The stream and the place in it that it was made of; null for replays, tests and digests. */
  readonly topic: 'tips' | 'members' | null;
  readonly sequence: bigint | null;
  readonly kind: AlertKindName;
  readonly goalId: string | null;
  readonly tipId: string | null;
  readonly subscriptionId: string | null;
  readonly replayOf: string | null;
  readonly isTest: boolean;
  /** Of a test alone. */
  readonly message: string | null;
  /** How many alerts a digest stands for; null for others. */
  readonly digestCount: number | null;
  /** Its place in the queue: lower ones are shown first, and tests before all others. */
  readonly position: bigint;
  readonly state: AlertStateName;
  readonly variant: string;
  readonly durationMs: number;
  readonly currency: string | null;
  readonly amountMicros: bigint | null;
  /** 1 at first; one more each time it came back from showing. */
  readonly attempt: number;
  /** Of the showing that runs, or that was accepted. */
  readonly lease: string | null;
  readonly leaseUntil: Date | null;
  /** What was left of the lease when the row was read, by the database's clock; null unless SHOWING. */
  readonly leaseRemainingMs: number | null;
  readonly createdAt: Date;
  /** Since when its age counts: when it happened, or when somebody approved it. */
  readonly waitingSince: Date;
  readonly shownAt: Date | null;
  readonly endedAt: Date | null;
}

/** What a SELECT from `alert` lists to answer `AlertRow`s. */
export const alertColumns = `
  alert.id, alert.creator_id AS "creatorId", alert.topic, alert.sequence, alert.kind, alert.goal_id AS "goalId", alert.tip_id AS "tipId",
  alert.subscription_id AS "subscriptionId", alert.replay_of AS "replayOf", alert.is_test AS "isTest", alert.message,
  alert.digest_count AS "digestCount", alert.position, alert.state, alert.variant, alert.duration_ms AS "durationMs", alert.currency,
  alert.amount_micros AS "amountMicros", alert.attempt, alert.lease, alert.lease_until AS "leaseUntil",
  CASE WHEN alert.lease_until IS NOT NULL
    THEN greatest(0, extract(epoch FROM alert.lease_until - clock_timestamp()) * 1000)::integer END AS "leaseRemainingMs",
  alert.created_at AS "createdAt", alert.waiting_since AS "waitingSince", alert.shown_at AS "shownAt", alert.ended_at AS "endedAt"`;

/** The order in which waiting alerts are shown. */
export const queueOrder = 'alert.is_test DESC, alert.position, alert.id';

/** Reads alerts by id, in no order; one that is not there is missing. */
export function readAlerts(sql: Sql, ids: readonly string[]): Promise<AlertRow[]> {
  return sql.query<AlertRow>(`SELECT ${alertColumns} FROM alert WHERE alert.id = ANY ($1::uuid[])`, [ids]);
}

/** Inserts alerts; those that are there already, or were projected already, are left out. Answers the ones that are new. */
export async function insertAlerts(tx: Sql, alerts: readonly AlertRow[]): Promise<AlertRow[]> {
  if (alerts.length === 0) return [];
  const inserted = await tx.query<{ id: string }>(
    `INSERT INTO alert SELECT * FROM jsonb_populate_recordset(NULL::alert, $1)
     ON CONFLICT DO NOTHING RETURNING id`,
    [JSON.stringify(alerts.map(stored))],
  );
  const fresh = new Set(inserted.map(({ id }) => id));
  return alerts.filter(({ id }) => fresh.has(id));
}

/** Stores what can change of alerts that are there. */
export async function updateAlerts(tx: Sql, alerts: readonly AlertRow[]): Promise<void> {
  if (alerts.length === 0) return;
  await tx.query(
    `UPDATE alert SET state = c.state, attempt = c.attempt, lease = c.lease, lease_until = c.lease_until, waiting_since = c.waiting_since,
       shown_at = c.shown_at, ended_at = c.ended_at
     FROM jsonb_populate_recordset(NULL::alert, $1) AS c WHERE alert.id = c.id`,
    [JSON.stringify(alerts.map(stored))],
  );
}

/** The row under the names of its columns, as `jsonb_populate_recordset` takes it. */
function stored(alert: AlertRow): object {
  const { leaseRemainingMs: _, ...columns } = alert;
  return Object.fromEntries(
    Object.entries(columns).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      typeof value === 'bigint' ? value.toString() : value,
    ]),
  );
}
