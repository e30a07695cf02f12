import type { Writable } from 'node:stream';

let held: Writable[] = [];

/**
 * Lets everything that is written to a stream in this turn of the event loop leave together: a write to a socket costs more than all
 * the work that makes a frame of an event.
 */
export function holdWrites(stream: Writable): void {
  if (stream.writableCorked > 0) return;
  if (held.length === 0) process.nextTick(release);
  held.push(stream);
  stream.cork();
}

function release(): void {
  const streams = held;
  held = [];
  for (const stream of streams) stream.uncork();
}
