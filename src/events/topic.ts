/** What a creator's streams are about. Each is a counter of its own. */
export const creatorTopics = ['tips', 'members', 'alerts'] as const;

/** Those and what a person's own stream is about, which stands under the person's id. */
export const topics = [...creatorTopics, 'payments'] as const;

export type Topic = (typeof topics)[number];

export function isTopic(text: string): text is Topic {
  return (topics as readonly string[]).includes(text);
}

/** Names one stream. */
export interface StreamKey {
  readonly creatorId: string;
  readonly topic: Topic;
}

/** Where a stream stands: `head` is the sequence of its last event, 0 when it has none. */
export interface StreamHead extends StreamKey {
  readonly head: bigint;
}

/** The stream as text, to tell streams apart in a Map. */
export function streamName(key: StreamKey): string {
  return `${key.creatorId}:${key.topic}`;
}

/** The two columns of many keys, as `unnest($1::uuid[], $2::text[])` takes them. */
export function keyColumns(keys: readonly StreamKey[]): [creatorIds: string[], topicNames: Topic[]] {
  return [keys.map((key) => key.creatorId), keys.map((key) => key.topic)];
}
