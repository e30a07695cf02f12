import type { StreamKey, Topic } from './topic.ts';

/** These numbers are in cursors that clients keep, so they never change. */
const topicNumbers: Readonly<Record<Topic, number>> = { tips: 1, members: 2, alerts: 3, payments: 4 };

const cursorBytes = 1 + 16 + 8;

/** A place in a stream as opaque text: topic, creator and sequence, so that a cursor of one stream is refused by another. */
export function encodeCursor(place: StreamKey & { readonly sequence: bigint }): string {
  const bytes = Buffer.alloc(cursorBytes);
  bytes.writeUInt8(topicNumbers[place.topic], 0);
  bytes.write(place.creatorId.replaceAll('-', ''), 1, 'hex');
  bytes.writeBigInt64BE(place.sequence, 17);
  return bytes.toString('base64url');
}

/** The sequence a cursor stands for, or null for text that is no cursor of this stream. */
export function decodeCursor(text: string, key: StreamKey): bigint | null {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== cursorBytes) return null;
  const sequence = bytes.readBigInt64BE(17);
  // Decoding forgives characters that do not belong; only the text that this place encodes to is its cursor.
  return sequence >= 0n && encodeCursor({ ...key, sequence }) === text ? sequence : null;
}
