import type { EventFollower, HeadFollower } from './follower.ts';
import { StreamInterrupted } from './interruption.ts';
import type { StreamEvent } from './stream-event.ts';
import type { StreamReads } from './stream-reads.ts';
import { streamName, type StreamKey } from './topic.ts';

/** One stream as this process serves it: how far it is known to go, and who follows it. */
export class Channel {
  readonly key: StreamKey;
  readonly #reads: StreamReads;
  readonly #abandoned: () => void;
  readonly #readers = new Set<EventFollower>();
  readonly #watchers = new Set<HeadFollower>();
  #opening = 0;
  #head = 0n;

  /** Calls `abandoned` when nobody follows the stream any more. */
  constructor(key: StreamKey, reads: StreamReads, abandoned: () => void) {
    this.key = key;
    this.#reads = reads;
    this.#abandoned = abandoned;
  }

  /** The highest sequence known to be committed. */
  get head(): bigint {
    return this.#head;
  }

  get readers(): number {
    return this.#readers.size;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /**
   * Reads where the stream stands and lets `join` add a follower there. What this process hears meanwhile is kept, so no event
   * falls between the read and the follower.
   */
  async open<T>(join: (head: bigint) => T): Promise<T> {
    this.#opening++;
    try {
      const head = await this.#reads.head(this.key);
      this.note(head);
      return join(head);
    } finally {
      this.#opening--;
      this.#leaveIfEmpty();
    }
  }

  addReader(reader: EventFollower): void {
    this.#readers.add(reader);
  }

  removeReader(reader: EventFollower): void {
    this.#readers.delete(reader);
    this.#leaveIfEmpty();
  }

  addWatcher(watcher: HeadFollower): void {
    this.#watchers.add(watcher);
  }

  removeWatcher(watcher: HeadFollower): void {
    this.#watchers.delete(watcher);
    this.#leaveIfEmpty();
  }

  /** The next events after a sequence below the head. Readers that stand at the same place share the read. */
  page(after: bigint): Promise<StreamEvent[]> {
    return this.#reads.page(this.key, after);
  }

  /** Takes the events of one commit of this process: readers for whom they come next need no read. */
  publish(events: readonly StreamEvent[]): void {
    for (const reader of this.#readers) reader.offer(events);
    this.note(events.at(-1)!.sequence);
  }

  /** Takes a hint that the stream reached `head`; one that is older than what is known changes nothing. */
  note(head: bigint): void {
    if (head <= this.#head) return;
    this.#head = head;
    for (const reader of this.#readers) reader.moved();
    for (const watcher of this.#watchers) watcher.moved(head);
  }

  /**
   * Takes the head as it was read when `known` was known already. A lower one means that the database lost commits, by a restore or
   * a failover: nobody may wait for sequences that will be given out a second time.
   */
  confirm(head: bigint, known: bigint): void {
    if (head >= known) return this.note(head);
    this.interrupt(new StreamInterrupted('STREAM_REWOUND', `The stream ${streamName(this.key)} went back from ${known} to ${head}.`));
  }

  /** Ends every subscription. */
  interrupt(error: StreamInterrupted): void {
    for (const follower of [...this.#readers, ...this.#watchers]) follower.fail(error);
  }

  #leaveIfEmpty(): void {
    if (this.#opening + this.#readers.size + this.#watchers.size === 0) this.#abandoned();
  }
}
