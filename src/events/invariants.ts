import type { Invariant } from '../database/room.ts';

/** Sequences are unique and start above 0, so as many events as the highest sequence means that none is missing. */
export const eventInvariants: readonly Invariant[] = [
  {
    name: "every stream's head is the number of its events and the last one's sequence",
    sql: `SELECT s.creator_id, s.topic, s.head, count(e.sequence) AS events, coalesce(max(e.sequence), 0) AS last_sequence
          FROM stream s LEFT JOIN stream_event e USING (creator_id, topic)
          GROUP BY s.creator_id, s.topic, s.head
          HAVING s.head <> count(e.sequence) OR s.head <> coalesce(max(e.sequence), 0)`,
  },
];
