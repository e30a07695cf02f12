import type { StreamEvent } from './stream-event.ts';

/** Who follows a stream, as the stream's channel sees them. */
interface Follower {
  /** Ends the subscription with an error. */
  fail(error: Error): void;
}

/** Follows the events themselves. */
export interface EventFollower extends Follower {
  /** Takes the events that come next; others are left to be read from the database. */
  offer(events: readonly StreamEvent[]): void;
  /** The channel's head rose. */
  moved(): void;
}

/** Follows only how far the stream goes. */
export interface HeadFollower extends Follower {
  moved(head: bigint): void;
}
