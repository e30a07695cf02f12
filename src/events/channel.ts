import { failureKind } from '../database/room.ts';
import type { EventReader } from './event-reader.ts';
import { StreamInterrupted } from './interruption.ts';
import type { Fault } from './notifier.ts';
import type { StreamEvent } from './stream-event.ts';
import type { StreamReads } from './stream-reads.ts';
import { streamName, type StreamKey } from './topic.ts';
import type { Watcher } from './watcher.ts';

/** One stream as this process serves it: every subscriber of the stream shares its reads of what is new. */
export class Channel {
  readonly key: StreamKey;
  readonly #reads: StreamReads;
  readonly #report: (fault: Fault) => void;
  readonly #abandoned: () => void;
  readonly #readers = new Set<EventReader>();
  readonly #watchers = new Set<Watcher>();
  #opening = 0;
  /** The highest sequence known to be committed. */
  #head = 0n;
  /** The last sequence offered to the readers; null until the stream's head was first read. */
  #tail: bigint | null = null;
  #pulling = false;

  constructor(key: StreamKey, reads: StreamReads, report: (fault: Fault) => void, abandoned: () => void) {
    this.key = key;
    this.#reads = reads;
    this.#report = report;
    this.#abandoned = abandoned;
  }

  get tail(): bigint {
    return this.#tail ?? 0n;
  }

  get readers(): number {
    return this.#readers.size;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /**
   * Reads where the stream stands and lets `join` add a subscriber there. What this process hears meanwhile is kept, so no event
   * falls between the read and the subscriber.
   */
  async open<T>(join: (head: bigint) => T): Promise<T> {
    this.#opening++;
    try {
      const head = await this.#reads.head(this.key);
      this.#tail ??= head;
      this.note(head);
      return join(head);
    } finally {
      this.#opening--;
      this.#leaveIfEmpty();
    }
  }

  addReader(reader: EventReader): void {
    this.#readers.add(reader);
  }

  removeReader(reader: EventReader): void {
    this.#readers.delete(reader);
    this.#leaveIfEmpty();
  }

  addWatcher(watcher: Watcher): void {
    this.#watchers.add(watcher);
  }

  removeWatcher(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    this.#leaveIfEmpty();
  }

  page(after: bigint): Promise<StreamEvent[]> {
    return this.#reads.page(this.key, after);
  }

  /** Takes events of one commit of this process, which cost no read when they come next. */
  publish(events: readonly StreamEvent[]): void {
    if (this.#tail !== null && events[0]!.sequence <= this.#tail + 1n) this.#offer(events);
    this.note(events.at(-1)!.sequence);
  }

  /** Takes a hint that the stream reached `head`; one that is older than what is known changes nothing. */
  note(head: bigint): void {
    if (head > this.#head) {
      this.#head = head;
      for (const watcher of this.#watchers) watcher.moved(head);
    }
    void this.#pull();
  }

  /**
   * Takes the head as it was read after the channel stood at `tail`. A lower one means that the database lost commits, by a restore
   * or a failover: nobody may wait for sequences that will be given out a second time.
   */
  confirm(head: bigint, tail: bigint): void {
    if (head >= tail) return this.note(head);
    this.interrupt(new StreamInterrupted('STREAM_REWOUND', `The stream ${streamName(this.key)} went back from ${tail} to ${head}.`));
  }

  /** Ends every subscription. */
  interrupt(error: StreamInterrupted): void {
    for (const member of [...this.#readers, ...this.#watchers]) member.fail(error);
  }

  async #pull(): Promise<void> {
    if (this.#pulling || this.#tail === null) return;
    this.#pulling = true;
    try {
      while (this.#tail < this.#head) {
        if (this.#readers.size === 0) this.#tail = this.#head;
        else this.#offer(await this.page(this.#tail));
      }
    } catch (error) {
      // The next hint or read of the heads tries again; a stream that cannot be read on is no use to anybody waiting.
      if (failureKind(error) !== 'RETRY') for (const reader of this.#readers) reader.fail(error as Error);
      this.#report({ doing: `reading the stream ${streamName(this.key)}`, error });
    } finally {
      this.#pulling = false;
    }
  }

  #offer(events: readonly StreamEvent[]): void {
    const tail = this.#tail ?? 0n;
    const fresh = events.filter((event) => event.sequence > tail);
    if (fresh.length === 0) return;
    this.#tail = fresh.at(-1)!.sequence;
    for (const reader of this.#readers) reader.offer(fresh);
  }

  #leaveIfEmpty(): void {
    if (this.#opening + this.#readers.size + this.#watchers.size === 0) this.#abandoned();
  }
}
