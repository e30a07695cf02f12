import type { Sql } from '../database/room.ts';
import type { NewEvent, StreamEvent } from './stream-event.ts';
import { keyColumns, streamName, type StreamHead, type StreamKey, type Topic } from './topic.ts';

/**
 * Advances the streams and inserts the events, in the order given, and answers them in their places. Call it last in the
 * transaction that made the facts: it holds the streams' locks until the commit, which is what makes commit order sequence order.
 * Throws when a stream was never opened.
 */
export async function writeEvents(tx: Sql, events: readonly NewEvent[]): Promise<StreamEvent[]> {
  if (events.length === 0) return [];
  const heads = await lockHeads(tx, events);
  const placed = events.map((event): StreamEvent => {
    const name = streamName(event);
    const sequence = heads.get(name)!.head + 1n;
    heads.set(name, { creatorId: event.creatorId, topic: event.topic, head: sequence });
    return { ...event, data: event.data ?? {}, sequence };
  });
  await insert(tx, [...heads.values()], placed);
  return placed;
}

interface HeadRow {
  readonly creator_id: string;
  readonly topic: Topic;
  readonly head: bigint;
}

async function lockHeads(tx: Sql, events: readonly StreamKey[]): Promise<Map<string, StreamHead>> {
  const wanted = new Map(events.map((event) => [streamName(event), event]));
  const rows = await tx.query<HeadRow>(
    `SELECT s.creator_id, s.topic, s.head
     FROM stream s JOIN unnest($1::uuid[], $2::text[]) AS wanted (creator_id, topic) USING (creator_id, topic)
     ORDER BY s.creator_id, s.topic
     FOR NO KEY UPDATE OF s`,
    keyColumns([...wanted.values()]),
  );
  const heads = new Map<string, StreamHead>();
  for (const row of rows) {
    const head = { creatorId: row.creator_id, topic: row.topic, head: row.head };
    heads.set(streamName(head), head);
  }
  for (const name of wanted.keys()) {
    if (!heads.has(name)) throw new Error(`The stream ${name} is not there: openStreams must be committed before the first append.`);
  }
  return heads;
}

async function insert(tx: Sql, heads: readonly StreamHead[], events: readonly StreamEvent[]): Promise<void> {
  await tx.query(
    `WITH advanced AS (
       UPDATE stream s SET head = moved.head
       FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS moved (creator_id, topic, head)
       WHERE s.creator_id = moved.creator_id AND s.topic = moved.topic
     )
     INSERT INTO stream_event (creator_id, topic, sequence, kind, subject_id, data, created_at)
     SELECT * FROM unnest($4::uuid[], $5::text[], $6::bigint[], $7::text[], $8::uuid[], $9::jsonb[], $10::timestamptz[])`,
    [
      ...keyColumns(heads),
      heads.map((head) => head.head),
      ...keyColumns(events),
      events.map((event) => event.sequence),
      events.map((event) => event.kind),
      events.map((event) => event.subjectId),
      events.map((event) => JSON.stringify(event.data)),
      events.map((event) => event.createdAt.toISOString()),
    ],
  );
}
