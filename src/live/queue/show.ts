import { randomUUID } from 'node:crypto';
import { decodeIdOf, ErrorCode, quoteText, ValidationError, type OverlayCredential, type UserError } from '../../api/room.ts';
import { isUuid, type Services, type Sql } from '../../database/room.ts';
import { connectionLifeSeconds, type AlertStateName } from '../entities.ts';
import { ALERT_PREFIX, alertColumns, queueOrder, readAlerts, type AlertRow } from './alert.ts';
import { foldStale } from './digest.ts';
import { readRefunded } from './facts.ts';
import { leaseGraceService } from './lease-grace.ts';
import { changeQueue, type LockedQueue } from './locked-queue.ts';
import { enqueue, project } from './project.ts';
import { judgeReport, leaseIsOver, mayStart } from './queue-rules.ts';

/**
 * Does whatever is due in a creator's queue: makes alerts of new events, takes back what was not reported in time, and starts the next
 * where an overlay is visible. Any process may call it at any time.
 */
export async function advanceQueue(services: Services, creatorId: string): Promise<void> {
  for (let hasMore = true; hasMore; ) {
    hasMore = await changeQueue(services, creatorId, async (queue) => {
      const more = await project(queue);
      await takeBack(queue, services.get(leaseGraceService).ms);
      await startNext(queue);
      return more;
    });
  }
}

/** Gives the alert back to the queue, in its old place, whose overlays did not report in time. */
async function takeBack(queue: LockedQueue, graceMs: number): Promise<void> {
  const [showing] = await queue.tx.query<AlertRow>(`SELECT ${alertColumns} FROM alert WHERE alert.creator_id = $1 AND alert.state = 'SHOWING'`, [queue.creatorId]);
  if (showing && leaseIsOver(showing, queue.now, graceMs)) await queue.move(showing, 'QUEUED');
}

/** Starts the first alert that waits, if nothing is showing, the queue plays and somebody would see it. */
export async function startNext(queue: LockedQueue): Promise<void> {
  const { tx, creatorId, state } = queue;
  const [sight] = await tx.query<{ isShowing: boolean; waits: boolean; isWatched: boolean }>(
    `SELECT EXISTS (SELECT FROM alert WHERE creator_id = $1 AND state = 'SHOWING') AS "isShowing",
       EXISTS (SELECT FROM alert WHERE creator_id = $1 AND state = 'QUEUED') AS waits,
       ${watched} AS "isWatched"`,
    [creatorId, null],
  );
  if (!sight?.waits || !mayStart({ ...sight, state })) return;
  await enqueue(queue, await foldStale(queue, await queue.settings()));
  const next = await nextToShow(queue);
  if (next) await queue.move(next, 'SHOWING', randomUUID());
}

/** A test that waited longer was for an overlay that did not come, and is not for the stream that begins now. */
const TEST_LIFE_MS = 600_000;

/** The moment before which tests are too old to be shown. */
export function oldestTest({ now }: LockedQueue): Date {
  return new Date(now.getTime() - TEST_LIFE_MS);
}

/** The first alert that waits; what there is no more reason to show is skipped on the way: old tests, and tips that were refunded. */
async function nextToShow(queue: LockedQueue): Promise<AlertRow | null> {
  for (;;) {
    const [next] = await queue.tx.query<AlertRow>(
      `SELECT ${alertColumns} FROM alert WHERE alert.creator_id = $1 AND alert.state = 'QUEUED' ORDER BY ${queueOrder} LIMIT 1`,
      [queue.creatorId],
    );
    if (!next) return null;
    const isPast = next.isTest && next.createdAt < oldestTest(queue);
    const isRefunded = next.tipId !== null && (await readRefunded(queue.tx, [next.tipId])).has(next.tipId);
    if (!isPast && !isRefunded) return next;
    await queue.move(next, 'SKIPPED');
  }
}

/** Whether a visible overlay of the creator $1 is connected, the connection $2 left out. */
const watched = `EXISTS (
  SELECT FROM overlay_connection connection JOIN overlay ON overlay.id = connection.overlay_id
  WHERE overlay.creator_id = $1 AND connection.id IS DISTINCT FROM $2::uuid AND connection.widget = 'ALERTS' AND connection.is_visible
    AND connection.seen_at > clock_timestamp() - interval '${connectionLifeSeconds} seconds')`;

async function othersWatch(sql: Sql, { creatorId, connectionId }: OverlayCredential): Promise<boolean> {
  const [row] = await sql.query<{ others: boolean }>(`SELECT ${watched} AS others`, [creatorId, connectionId]);
  return row?.others ?? false;
}

/** What an overlay says of an alert, as it came in. */
export interface AlertReport {
  readonly overlay: OverlayCredential;
  /** As the API writes it. */
  readonly alertId: string;
  readonly lease: string;
  readonly state: AlertStateName;
}

export interface ReportedAlert {
  /** Null when there are errors. */
  readonly alert: AlertRow | null;
  readonly errors: UserError[];
}

/**
 * Takes an overlay's report: SHOWN is accepted once under a lease, and answers the same alert again; QUEUED gives it back when no other
 * overlay shows it. The next alert starts at once. NOT_FOUND for an alert of another creator, INVALID_STATE for a lease that is over.
 */
export function reportAlert(services: Services, { overlay, alertId, lease, state }: AlertReport): Promise<ReportedAlert> {
  const uuid = decodeIdOf(ALERT_PREFIX, alertId);
  return changeQueue(services, overlay.creatorId, async (queue) => {
    const [alert] = uuid === null ? [] : await readAlerts(queue.tx, [uuid]);
    if (alert?.creatorId !== queue.creatorId) return refused(ErrorCode.NOT_FOUND, `There is no alert ${quoteText(alertId)} here.`, 'alertId');
    if (!isUuid(lease)) return refused(ErrorCode.INVALID_STATE, `${quoteText(lease)} is no lease of the alert ${quoteText(alertId)}.`, 'lease');
    const verdict = judgeReport(alert, { lease, state, othersWatch: await othersWatch(queue.tx, overlay) });
    if (verdict.kind === 'REFUSE') return refused(ErrorCode.INVALID_STATE, `The alert ${quoteText(alertId)} ${verdict.reason}`, 'lease');
    if (verdict.kind !== 'MOVE') return { alert, errors: [] };
    const after = await queue.move(alert, verdict.to);
    // Whoever gave it back would get it again: nothing starts before somebody else is visible.
    if (after.state === 'SHOWN') await startNext(queue);
    return { alert: after, errors: [] };
  });
}

function refused(code: ErrorCode, message: string, field: string): ReportedAlert {
  return { alert: null, errors: [new ValidationError(code, message, ['input', field])] };
}
