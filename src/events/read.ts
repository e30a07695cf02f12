import type { Sql } from '../database/room.ts';
import type { EventData, StreamEvent } from './stream-event.ts';
import { keyColumns, type StreamKey, type Topic } from './topic.ts';

/** Where each stream stands, in the order of the keys; 0 for one that is not there. One statement. */
export async function readHeads(sql: Sql, keys: readonly StreamKey[]): Promise<bigint[]> {
  const rows = await sql.query<{ head: bigint }>(
    `SELECT coalesce(s.head, 0) AS head
     FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS wanted (creator_id, topic, place)
     LEFT JOIN stream s USING (creator_id, topic)
     ORDER BY wanted.place`,
    keyColumns(keys),
  );
  return rows.map((row) => row.head);
}

/** The next events after a sequence, oldest first, at most `limit`. */
export async function readEvents(sql: Sql, key: StreamKey, after: bigint, limit: number): Promise<StreamEvent[]> {
  const rows = await sql.query<EventRow>(
    `SELECT creator_id, topic, sequence, kind, subject_id, data, created_at
     FROM stream_event
     WHERE creator_id = $1 AND topic = $2 AND sequence > $3
     ORDER BY sequence
     LIMIT $4`,
    [key.creatorId, key.topic, after, limit],
  );
  return rows.map(eventOf);
}

export interface PageOptions {
  /** Only events with a lower sequence; absent: from the head. */
  readonly before?: bigint | null;
  readonly limit: number;
}

/**
 * A page of each creator's events, newest first, in the order of `creatorIds`. One statement, so that a list of creators costs
 * as many as one creator. Pages hold while events are appended, since sequences never change.
 */
export async function pageBackwards(sql: Sql, creatorIds: readonly string[], topic: Topic, page: PageOptions): Promise<StreamEvent[][]> {
  const rows = await sql.query<EventRow & { place: bigint }>(
    `SELECT wanted.place, e.creator_id, e.topic, e.sequence, e.kind, e.subject_id, e.data, e.created_at
     FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (creator_id, place)
     CROSS JOIN LATERAL (
       SELECT * FROM stream_event
       WHERE creator_id = wanted.creator_id AND topic = $2 AND ($3::bigint IS NULL OR sequence < $3)
       ORDER BY sequence DESC
       LIMIT $4
     ) e
     ORDER BY wanted.place, e.sequence DESC`,
    [creatorIds, topic, page.before ?? null, page.limit],
  );
  const pages: StreamEvent[][] = creatorIds.map(() => []);
  for (const row of rows) pages[Number(row.place) - 1]!.push(eventOf(row));
  return pages;
}

interface EventRow {
  readonly creator_id: string;
  readonly topic: Topic;
  readonly sequence: bigint;
  readonly kind: string;
  readonly subject_id: string;
  readonly data: EventData;
  readonly created_at: Date;
}

function eventOf(row: EventRow): StreamEvent {
  return {
    creatorId: row.creator_id,
    topic: row.topic,
    sequence: row.sequence,
    kind: row.kind,
    subjectId: row.subject_id,
    data: row.data,
    createdAt: row.created_at,
  };
}
