import { databaseService, transaction, type Services, type Sql, type Tx } from '../../database/room.ts';
import { eventHubService, type EventData, type NewEvent } from '../../events/room.ts';
import type { AlertStateName, QueueStateName } from '../entities.ts';
import { updateAlerts, type AlertRow } from './alert.ts';
import { moved } from './queue-rules.ts';
import { settingsIn, type AlertSettings } from './settings.ts';

/** What happened in a queue, as the events of the topic `alerts` say it. */
export type AlertEventKind = 'QUEUED' | 'HELD' | 'SHOWING' | 'SHOWN' | 'SKIPPED' | 'DENIED' | 'GIVEN_BACK' | 'QUEUE_STATE' | 'SETTINGS';

interface QueueRow {
  readonly state: QueueStateName;
  readonly tipsProjected: bigint;
  readonly membersProjected: bigint;
  readonly lastPosition: bigint;
}

/** Makes a creator's queue unless it is there: from then on their tips become alerts. Answers whether it was made now. */
export async function ensureQueue(sql: Sql, creatorId: string): Promise<boolean> {
  const made = await sql.query(
    `INSERT INTO alert_queue (creator_id, state, tips_projected, members_projected, last_position) VALUES ($1, 'PLAYING', 0, 0, 0)
     ON CONFLICT DO NOTHING RETURNING creator_id`,
    [creatorId],
  );
  return made.length > 0;
}

/** A creator's queue under its lock: whoever holds it decides alone. What is told here is appended to the stream when the work is done. */
export class LockedQueue {
  readonly tx: Tx;
  readonly creatorId: string;
  /** The database's clock, read under the lock. */
  readonly now: Date;
  state: QueueStateName;
  tipsProjected: bigint;
  membersProjected: bigint;
  #lastPosition: bigint;
  readonly #asRead: QueueRow;
  readonly #events: NewEvent[] = [];
  #settings: Promise<AlertSettings> | undefined;

  constructor(tx: Tx, creatorId: string, row: QueueRow, now: Date) {
    this.tx = tx;
    this.creatorId = creatorId;
    this.now = now;
    this.#asRead = row;
    this.state = row.state;
    this.tipsProjected = row.tipsProjected;
    this.membersProjected = row.membersProjected;
    this.#lastPosition = row.lastPosition;
  }

  /** Whether nothing ever came into it. */
  get isNew(): boolean {
    return this.tipsProjected === 0n && this.membersProjected === 0n && this.#lastPosition === 0n;
  }

  /** The creator's settings, read once. */
  settings(): Promise<AlertSettings> {
    return (this.#settings ??= settingsIn(this.tx, this.creatorId));
  }

  /** The next place at the end. */
  nextPosition(): bigint {
    return (this.#lastPosition += 1n);
  }

  /** Notes what happened to an alert. */
  tell(kind: AlertEventKind, alert: AlertRow, data: EventData = {}): void {
    this.#events.push({ creatorId: this.creatorId, topic: 'alerts', kind, subjectId: alert.id, data, createdAt: this.now, payload: alert });
  }

  /** Notes what happened to the queue itself. */
  tellOfQueue(kind: 'QUEUE_STATE' | 'SETTINGS'): void {
    this.#events.push({ creatorId: this.creatorId, topic: 'alerts', kind, subjectId: this.creatorId, createdAt: this.now });
  }

  /** Moves an alert on, stores it, and tells. Answers it as it is then. */
  async move(alert: AlertRow, to: AlertStateName, lease?: string): Promise<AlertRow> {
    const after = moved(alert, to, { now: this.now, lease });
    await updateAlerts(this.tx, [after]);
    if (to === 'SHOWING') this.tell('SHOWING', after, { attempt: after.attempt });
    else this.tell(to === 'QUEUED' && alert.state !== 'HELD' ? 'GIVEN_BACK' : to, after, { from: alert.state });
    return after;
  }

  /** Writes the row if it changed, and the events last. */
  async finish(append: (tx: Tx, events: readonly NewEvent[]) => Promise<unknown>): Promise<void> {
    const { state, tipsProjected, membersProjected, creatorId } = this;
    const now: QueueRow = { state, tipsProjected, membersProjected, lastPosition: this.#lastPosition };
    const changed = (Object.keys(now) as (keyof QueueRow)[]).some((name) => now[name] !== this.#asRead[name]);
    if (changed) {
      await this.tx.query(
        'UPDATE alert_queue SET state = $2, tips_projected = $3, members_projected = $4, last_position = $5 WHERE creator_id = $1',
        [creatorId, state, tipsProjected, membersProjected, this.#lastPosition],
      );
    }
    await append(this.tx, this.#events);
  }
}

/**
 * Runs a change of a creator's queue under its lock; the queue is made if it is not there. `before` runs ahead of the lock, for what
 * is locked earlier, such as a tip. It may run again after a lost COMMIT, so what it does must bear that.
 */
export function changeQueue<T, Before = undefined>(
  services: Services,
  creatorId: string,
  work: (queue: LockedQueue, before: Before) => Promise<T>,
  before?: (tx: Tx) => Promise<Before>,
): Promise<T> {
  const bus = services.get(eventHubService);
  return transaction(
    services.get(databaseService),
    async (tx) => {
      const prepared = (await before?.(tx)) as Before;
      const queue = await lockQueue(tx, creatorId);
      const answer = await work(queue, prepared);
      await queue.finish((tx, events) => bus.append(tx, events));
      return answer;
    },
    { rerunLostCommit: true },
  );
}

async function lockQueue(tx: Tx, creatorId: string): Promise<LockedQueue> {
  // The clock is asked by a statement of its own: the lock may have been waited for.
  const [, [row], [clock]] = await Promise.all([
    ensureQueue(tx, creatorId),
    tx.query<QueueRow>(
      `SELECT state, tips_projected AS "tipsProjected", members_projected AS "membersProjected", last_position AS "lastPosition"
       FROM alert_queue WHERE creator_id = $1 FOR NO KEY UPDATE`,
      [creatorId],
    ),
    tx.query<{ now: Date }>('SELECT clock_timestamp() AS now'),
  ]);
  if (!row || !clock) throw new Error(`The queue of the creator ${creatorId} is not there, though it was made.`);
  return new LockedQueue(tx, creatorId, row, clock.now);
}
