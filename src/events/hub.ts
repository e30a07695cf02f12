import type { Database, Tx } from '../database/room.ts';
import { writeEvents } from './append.ts';
import { Channel } from './channel.ts';
import { EventReader } from './event-reader.ts';
import { StreamInterrupted } from './interruption.ts';
import type { Fault, Notifier } from './notifier.ts';
import { PostgresNotifier } from './postgres-notifier.ts';
import { readHeads } from './read.ts';
import type { NewEvent, StreamEvent } from './stream-event.ts';
import { StreamReads } from './stream-reads.ts';
import { streamName, type StreamHead, type StreamKey } from './topic.ts';
import { Watcher } from './watcher.ts';

export interface EventHubOptions {
  readonly db: Database;
  /** How processes hear of each other; absent: PostgreSQL's NOTIFY. */
  readonly notifier?: Notifier;
  /** Told of what went wrong and will be tried again, for the log. */
  readonly report?: (fault: Fault) => void;
  readonly pollMs?: number;
  readonly pageSize?: number;
  /** Events that may wait for one reader. */
  readonly queueLimit?: number;
}

export interface SubscribeOptions extends StreamKey {
  /** The last sequence seen: what came after it is replayed first. `HEAD`: only what comes from now on. */
  readonly after: bigint | 'HEAD';
}

/** An open subscription and where the stream stood, or why there is none: the cursor names an event that the stream does not have (yet, or any more). */
export type Subscribed =
  | { readonly kind: 'SUBSCRIBED'; readonly events: EventReader; readonly head: bigint }
  | { readonly kind: 'CURSOR_AHEAD'; readonly head: bigint };

/** What the hub is doing, for health and metrics. */
export interface HubStatus {
  readonly streams: number;
  readonly readers: number;
  readonly watchers: number;
  /** False while hints of other processes cannot be heard; events then take up to `pollMs`. */
  readonly connected: boolean;
}

/** Where rooms put their events. */
export interface EventBus {
  /**
   * Appends events in the order given, last of all in the transaction that made the facts, and answers their sequences. After the
   * commit this process's subscribers get them with their payload, and other processes are told. Throws for a stream never opened.
   */
  append(tx: Tx, events: readonly NewEvent[]): Promise<bigint[]>;
}

/** A process's one place for events: appends them, and brings them to its subscribers wherever they were appended. */
export class EventHub implements EventBus {
  readonly #options: Required<EventHubOptions>;
  readonly #reads: StreamReads;
  readonly #channels = new Map<string, Channel>();
  #poll: NodeJS.Timeout | undefined;
  #polling = false;
  #started = false;
  #closed = false;

  constructor(options: EventHubOptions) {
    const report = options.report ?? (() => {});
    const notifier = options.notifier ?? new PostgresNotifier(options.db, report);
    // Two batches of 512 may commit before a reader gets its turn, so twice that many is no sign of slowness.
    this.#options = { pollMs: 1_000, pageSize: 500, queueLimit: 2_048, ...options, report, notifier };
    this.#reads = new StreamReads(options.db, this.#options.pageSize, report);
  }

  async append(tx: Tx, events: readonly NewEvent[]): Promise<bigint[]> {
    const placed = await writeEvents(tx, events);
    if (placed.length > 0) tx.afterCommit(() => this.#publish(placed));
    return placed.map((event) => event.sequence);
  }

  /**
   * Subscribes to a stream: every event after the cursor, in order, none missed and none twice, for as long as it is read.
   * The iterator throws `StreamInterrupted` (`SlowReader` is one) when the reader should come back with its last cursor.
   */
  subscribe({ creatorId, topic, after }: SubscribeOptions): Promise<Subscribed> {
    const channel = this.#channel({ creatorId, topic });
    return channel.open((head): Subscribed => {
      this.#refuseWhenClosed();
      const from = after === 'HEAD' ? head : after;
      if (from > head) return { kind: 'CURSOR_AHEAD', head };
      return { kind: 'SUBSCRIBED', events: new EventReader(channel, from, this.#options.queueLimit), head };
    });
  }

  /**
   * Ticks with a stream's head each time it moved; moves that were not taken yet become one tick. Read what the stream's events
   * change after this has answered: every later change ticks.
   */
  watch({ creatorId, topic }: StreamKey): Promise<AsyncIterableIterator<bigint>> {
    const channel = this.#channel({ creatorId, topic });
    return channel.open(() => {
      this.#refuseWhenClosed();
      return new Watcher(channel);
    });
  }

  get status(): HubStatus {
    const channels = [...this.#channels.values()];
    return {
      streams: channels.length,
      readers: channels.reduce((sum, channel) => sum + channel.readers, 0),
      watchers: channels.reduce((sum, channel) => sum + channel.watchers, 0),
      connected: this.#options.notifier.connected,
    };
  }

  /** Interrupts every subscription, tells other processes what is still to be told, and stops. */
  async close(): Promise<void> {
    this.#closed = true;
    const interruption = new StreamInterrupted('CLOSING', 'This process is stopping.');
    for (const channel of [...this.#channels.values()]) channel.interrupt(interruption);
    if (this.#started) await this.#options.notifier.close();
  }

  #refuseWhenClosed(): void {
    if (this.#closed) throw new StreamInterrupted('CLOSING', 'This process is stopping.');
  }

  #publish(events: readonly StreamEvent[]): void {
    const byStream = Map.groupBy(events, streamName);
    const heads: StreamHead[] = [];
    for (const [name, own] of byStream) {
      const { creatorId, topic, sequence } = own.at(-1)!;
      heads.push({ creatorId, topic, head: sequence });
      this.#channels.get(name)?.publish(own);
    }
    this.#start();
    this.#options.notifier.tell(heads);
  }

  #hear(heads: readonly StreamHead[]): void {
    for (const head of heads) this.#channels.get(streamName(head))?.note(head.head);
  }

  #start(): void {
    if (this.#started || this.#closed) return;
    this.#started = true;
    this.#options.notifier.start((heads) => this.#hear(heads));
  }

  #channel(key: StreamKey): Channel {
    this.#start();
    const name = streamName(key);
    let channel = this.#channels.get(name);
    if (!channel) {
      channel = new Channel(key, this.#reads, () => this.#leave(name));
      this.#channels.set(name, channel);
      this.#poll ??= setInterval(() => void this.#readHeads(), this.#options.pollMs);
    }
    return channel;
  }

  #leave(name: string): void {
    this.#channels.delete(name);
    if (this.#channels.size > 0) return;
    clearInterval(this.#poll);
    this.#poll = undefined;
  }

  /** Finds what no hint told of. */
  async #readHeads(): Promise<void> {
    if (this.#polling) return;
    this.#polling = true;
    try {
      const asked = [...this.#channels.values()].map((channel) => ({ channel, known: channel.head }));
      const heads = await readHeads(this.#options.db, asked.map(({ channel }) => channel.key));
      asked.forEach(({ channel, known }, index) => channel.confirm(heads[index]!, known));
    } catch (error) {
      this.#options.report({ doing: "reading the streams' heads", error });
    } finally {
      this.#polling = false;
    }
  }
}
