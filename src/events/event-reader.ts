import { failureKind } from '../database/room.ts';
import type { Channel } from './channel.ts';
import type { EventFollower } from './follower.ts';
import { SlowReader } from './interruption.ts';
import { PullIterator } from './pull-iterator.ts';
import type { StreamEvent } from './stream-event.ts';

/** How long a reader waits after a read that the database could not serve. */
const readRetryMs = 250;

/**
 * One subscriber's way through a stream: pages from the database while it is behind, and what this process commits as it comes.
 * Whatever the source, an event is taken only if it is the very next one, so none is missed and none comes twice.
 */
export class EventReader extends PullIterator<StreamEvent> implements EventFollower {
  readonly #channel: Channel;
  readonly #queueLimit: number;
  #queue: StreamEvent[] = [];
  /** The sequence of the last event taken into the queue. */
  #tail: bigint;
  #reading = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(channel: Channel, after: bigint, queueLimit: number) {
    super();
    this.#channel = channel;
    this.#tail = after;
    this.#queueLimit = queueLimit;
    channel.addReader(this);
  }

  /** Events that wait to be read. */
  get queued(): number {
    return this.#queue.length;
  }

  offer(events: readonly StreamEvent[]): void {
    for (const event of events) {
      if (event.sequence !== this.#tail + 1n) continue;
      if (this.#queue.length >= this.#queueLimit) return this.fail(new SlowReader(this.#queueLimit));
      this.#queue.push(event);
      this.#tail = event.sequence;
    }
    this.wake();
  }

  moved(): void {
    this.wake();
  }

  protected override take(): StreamEvent | undefined {
    const event = this.#queue.shift();
    if (!event && !this.#reading && this.#channel.head > this.#tail) this.#read();
    return event;
  }

  protected override release(): void {
    clearTimeout(this.#retry);
    this.#queue = [];
    this.#channel.removeReader(this);
  }

  #read(): void {
    this.#reading = true;
    this.#channel.page(this.#tail).then(
      (events) => {
        this.#reading = false;
        if (!this.ended) this.offer(events);
      },
      (error: Error) => {
        if (this.ended) return;
        if (failureKind(error) !== 'RETRY') return this.fail(error);
        this.#retry = setTimeout(() => {
          this.#reading = false;
          this.wake();
        }, readRetryMs);
      },
    );
  }
}
