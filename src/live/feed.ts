import type { RequestContext } from '../api/room.ts';
import type { StreamEvent, StreamKey } from '../events/room.ts';

/** A subscription to every event of a stream, each shown once. */
export interface EventFeed {
  readonly kind: 'EVENTS';
  readonly stream: StreamKey;
  /** The last sequence the client saw, or that the opening stands for; `HEAD` without either. */
  readonly after: bigint | 'HEAD';
  /** What the root field resolves to first of all, before anything that comes after `after`; absent where nothing does. */
  readonly opening?: (context: RequestContext) => Promise<unknown>;
  /** Called when the subscription is live; what it answers is called at its end. */
  readonly joined?: () => () => void;
  /** What the subscription's rule judges. */
  readonly subject: unknown;
  /**
   * What the root field resolves to for each event, in their order; null for those that this feed does not show. Events without
   * their payload are read together, in one statement, as they are now.
   */
  roots(events: readonly StreamEvent[], context: RequestContext): Promise<readonly unknown[]>;
  /** The people, and the guest, to whom the subject of an event may read differently than to everybody else. */
  insiders(root: unknown): readonly string[];
}

/** A subscription to something's state: first as it is, then whenever it changed. States that nobody had time to take are skipped. */
export interface StateFeed {
  readonly kind: 'STATE';
  /** Names what is shown, such as a goal's id. */
  readonly name: string;
  /** Whenever this stream moves, the state may have changed. */
  readonly stream: StreamKey;
  readonly subject: unknown;
  /** Called when the subscription is live; what it answers is called at its end. */
  readonly joined?: () => () => void;
  /** What the root field resolves to, as it is now. */
  read(context: RequestContext): Promise<unknown>;
}

/** What the `subscribe` function of a subscription field answers; the hub runs it, not graphql-js. */
export type Feed = EventFeed | StateFeed;
