import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventReader, StreamEvent } from '../events/room.ts';

/** Events that are executed at once, and whose subjects are read in one statement. */
const mostAtOnce = 100;

/** The next event, and what else waits behind it; null when the reader ended. Throws what the reader throws. */
export async function nextEvents(reader: EventReader): Promise<StreamEvent[] | null> {
  const first = await reader.next();
  if (first.done) return null;
  const more = Array.from({ length: Math.min(reader.queued, mostAtOnce - 1) }, () => reader.next());
  const rest = await Promise.all(more);
  // Where there is much to do, sockets and the database get their turns in between.
  if (more.length === mostAtOnce - 1) await nextTurn();
  return [first.value, ...rest.flatMap((one) => (one.done ? [] : [one.value]))];
}
