import DataLoader from 'dataloader';
import { cached, type RequestContext } from '../../api/room.ts';
import { databaseService, type Sql } from '../../database/room.ts';
import type { QueueStateName } from '../entities.ts';
import { alertColumns, queueOrder, readAlerts, type AlertRow } from './alert.ts';
import { advanceQueue } from './show.ts';

/** Reads alerts by id in one statement, in the order of the ids; null for one that is not there. */
export async function readAlertNodes(context: RequestContext, ids: readonly string[]): Promise<(AlertRow | null)[]> {
  const found = new Map((await readAlerts(sqlOf(context), ids)).map((alert) => [alert.id, alert]));
  return ids.map((id) => found.get(id) ?? null);
}

/** Reads an alert by id, many in one statement; null when there is none. */
export function loadAlert(context: RequestContext, id: string): Promise<AlertRow | null> {
  return cached(context, 'live.alerts', () => new DataLoader<string, AlertRow | null>((ids) => readAlertNodes(context, ids))).load(id);
}

/** A creator's queue: what the API's `AlertQueue` stands on. */
export interface AlertQueue {
  readonly creatorId: string;
  readonly state: QueueStateName;
}

interface QueueSight extends AlertQueue {
  readonly lags: boolean;
}

async function readQueue(sql: Sql, creatorId: string): Promise<QueueSight | undefined> {
  const [queue] = await sql.query<QueueSight>(
    `SELECT queue.creator_id AS "creatorId", queue.state, EXISTS (
       SELECT FROM stream WHERE stream.creator_id = queue.creator_id
         AND stream.head > CASE stream.topic WHEN 'tips' THEN queue.tips_projected WHEN 'members' THEN queue.members_projected ELSE stream.head END) AS lags
     FROM alert_queue queue WHERE queue.creator_id = $1`,
    [creatorId],
  );
  return queue;
}

/** A creator's queue as it is now, with everything that was paid before: it is made at the first look, and brought up to date where it lags. */
export async function loadQueue(context: RequestContext, creatorId: string): Promise<AlertQueue> {
  const sql = sqlOf(context);
  const queue = await readQueue(sql, creatorId);
  if (queue && !queue.lags) return queue;
  await advanceQueue(context.services, creatorId);
  return (await readQueue(sql, creatorId)) as AlertQueue;
}

/** How many waiting alerts are listed. */
export const MOST_PENDING = 100;

/** What is on stream now; null when nothing is. */
export async function showingOf(context: RequestContext, creatorId: string): Promise<AlertRow | null> {
  const [alert] = await sqlOf(context).query<AlertRow>(
    `SELECT ${alertColumns} FROM alert WHERE alert.creator_id = $1 AND alert.state = 'SHOWING'`, [creatorId]);
  return alert ?? null;
}

/** What waits, in the order in which it would be shown; what is held stands where it will be shown once approved. */
export function pendingOf(context: RequestContext, creatorId: string): Promise<AlertRow[]> {
  const of = (state: string) =>
    `(SELECT * FROM alert WHERE alert.creator_id = $1 AND alert.state = '${state}' ORDER BY ${queueOrder} LIMIT ${MOST_PENDING})`;
  return sqlOf(context).query<AlertRow>(
    `SELECT ${alertColumns} FROM (${of('QUEUED')} UNION ALL ${of('HELD')}) alert ORDER BY ${queueOrder} LIMIT ${MOST_PENDING}`,
    [creatorId],
  );
}

export async function pendingCountOf(context: RequestContext, creatorId: string): Promise<number> {
  const [row] = await sqlOf(context).query<{ count: number }>(
    `SELECT count(*)::integer AS count FROM alert WHERE creator_id = $1 AND state IN ('QUEUED', 'HELD')`, [creatorId]);
  return row?.count ?? 0;
}

/** What was shown, skipped or denied, the last first. */
export function recentOf(context: RequestContext, creatorId: string, first: number): Promise<AlertRow[]> {
  return sqlOf(context).query<AlertRow>(
    `SELECT ${alertColumns} FROM alert WHERE alert.creator_id = $1 AND alert.ended_at IS NOT NULL ORDER BY alert.ended_at DESC, alert.id DESC LIMIT $2`,
    [creatorId, first],
  );
}

function sqlOf(context: RequestContext): Sql {
  return context.services.get(databaseService);
}
