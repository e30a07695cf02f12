import DataLoader from 'dataloader';
import type { Sql } from '../database/room.ts';
import { StreamInterrupted } from './interruption.ts';
import type { Fault } from './notifier.ts';
import { readEvents, readHeads } from './read.ts';
import type { StreamEvent } from './stream-event.ts';
import { streamName, type StreamKey } from './topic.ts';

/** How many pages are read at once: a thousand sockets that come back together must leave connections to those who pay. */
const readsAtOnce = 4;

/** The reads that subscribers share: equal ones are made once, and few are made at a time. */
export class StreamReads {
  readonly #sql: Sql;
  readonly #pageSize: number;
  readonly #report: (fault: Fault) => void;
  readonly #pages = new Map<string, Promise<StreamEvent[]>>();
  readonly #heads: DataLoader<StreamKey, bigint>;
  readonly #waiting: (() => void)[] = [];
  #reading = 0;

  constructor(sql: Sql, pageSize: number, report: (fault: Fault) => void) {
    this.#sql = sql;
    this.#pageSize = pageSize;
    this.#report = report;
    this.#heads = new DataLoader((keys) => this.#inTurn(() => readHeads(sql, keys)), { cache: false, maxBatchSize: 5_000 });
  }

  /** Where a stream stands, read after the call; those asked for in one turn of the event loop share a statement. */
  head(key: StreamKey): Promise<bigint> {
    return this.#heads.load(key);
  }

  /**
   * The next page after a sequence that the stream is known to have passed. Answers at least the event after it, in order and
   * without a gap. Throws `StreamInterrupted` if the stream now ends there, and an error if events are missing.
   */
  page(key: StreamKey, after: bigint): Promise<StreamEvent[]> {
    const name = `${streamName(key)}:${after}`;
    let page = this.#pages.get(name);
    if (!page) {
      page = this.#inTurn(() => this.#read(key, after)).finally(() => this.#pages.delete(name));
      page.catch((error) => this.#report({ doing: `reading the stream ${streamName(key)} after ${after}`, error }));
      this.#pages.set(name, page);
    }
    return page;
  }

  async #read(key: StreamKey, after: bigint): Promise<StreamEvent[]> {
    const events = await readEvents(this.#sql, key, after, this.#pageSize);
    const last = events.at(-1);
    if (!last) throw new StreamInterrupted('STREAM_REWOUND', `The stream ${streamName(key)} now ends at ${after} or before; it was known to go on.`);
    if (last.sequence !== after + BigInt(events.length)) {
      throw new Error(`The stream ${streamName(key)} lacks an event between ${after} and ${last.sequence}.`);
    }
    return events;
  }

  async #inTurn<T>(read: () => Promise<T>): Promise<T> {
    if (this.#reading >= readsAtOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#reading++;
    try {
      return await read();
    } finally {
      // The place is handed on, not freed, so that a newcomer cannot take it from the one who waits.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#reading--;
    }
  }
}
