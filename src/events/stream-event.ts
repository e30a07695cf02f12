import { defineEntity, p } from '@mikro-orm/core';
import type { StreamKey, Topic } from './topic.ts';

/** What an event says besides its subject: small, public, and never a fan's text, since events cannot be erased. */
export type EventData = Readonly<Record<string, unknown>>;

/** An event to append. */
export interface NewEvent extends StreamKey {
  /** What happened, in the words of the room that appends it, such as `TIP_SENT`. */
  readonly kind: string;
  /** The id of what it happened to. */
  readonly subjectId: string;
  readonly data?: EventData;
  readonly createdAt: Date;
  /** The subject itself, for subscribers of this process alone. It is handed over as it is and never stored. */
  readonly payload?: unknown;
}

/** An event in its place. `payload` is there only when this process committed it and the reader was up to date. */
export interface StreamEvent extends StreamKey {
  /** 1, 2, 3 … within the stream, in commit order and without a gap. */
  readonly sequence: bigint;
  readonly kind: string;
  readonly subjectId: string;
  readonly data: EventData;
  readonly createdAt: Date;
  readonly payload?: unknown;
}

export const StreamEventSchema = defineEntity({
  name: 'StreamEvent',
  tableName: 'stream_event',
  properties: {
    creatorId: p.uuid().primary(),
    topic: p.text().$type<Topic>().primary(),
    sequence: p.bigint().primary(),
    kind: p.text(),
    subjectId: p.uuid(),
    data: p.json<EventData>().defaultRaw(`'{}'`),
    createdAt: p.datetime().columnType('timestamptz'),
  },
});
