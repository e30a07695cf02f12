import type { Notification, PoolClient } from 'pg';
import { isUuid, type Database } from '../database/room.ts';
import type { Fault, Notifier } from './notifier.ts';
import { isTopic, streamName, type StreamHead } from './topic.ts';

const pgChannel = 'farthing_streams';
/** A head takes up to 65 bytes of a payload, which PostgreSQL limits to 7,999. */
const headsAPayload = 100;
/** Streams that may wait to be told of while the connection is away; what is left out is found by the reads of the heads. */
const maxPending = 10_000;
const firstRetryMs = 100;
const lastRetryMs = 5_000;
/** A connection whose other end is gone without a word shows it only when it is used. */
const livenessMs = 10_000;
const answerWithinMs = 5_000;

/**
 * PostgreSQL's NOTIFY and LISTEN on one connection of their own: a NOTIFY inside a transaction that moves money would queue every
 * commit behind one lock. At most one NOTIFY is in flight, and the next one carries all that moved meanwhile.
 */
export class PostgresNotifier implements Notifier {
  readonly #db: Database;
  readonly #report: (fault: Fault) => void;
  readonly #pending = new Map<string, StreamHead>();
  #heard: (heads: readonly StreamHead[]) => void = () => {};
  #client: PoolClient | undefined;
  #connecting: Promise<void> | undefined;
  #sending: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #liveness: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(db: Database, report: (fault: Fault) => void) {
    this.#db = db;
    this.#report = report;
  }

  get connected(): boolean {
    return this.#client !== undefined;
  }

  start(heard: (heads: readonly StreamHead[]) => void): void {
    this.#heard = heard;
    this.#connecting = this.#connect();
    this.#liveness = setInterval(() => this.#flush(), livenessMs);
  }

  tell(heads: readonly StreamHead[]): void {
    if (this.#closed) return;
    for (const head of heads) {
      const name = streamName(head);
      if (this.#pending.size < maxPending || this.#pending.has(name)) this.#pending.set(name, head);
    }
    this.#flush();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    clearInterval(this.#liveness);
    await this.#connecting;
    await this.#sending;
    if (this.#client && this.#pending.size > 0) await this.#send(this.#client);
    // Never back to the pool as it is: it would go on listening there.
    this.#client?.release(true);
    this.#client = undefined;
  }

  async #connect(): Promise<void> {
    let client: PoolClient | undefined;
    try {
      client = await this.#db.client();
      const own = client;
      own.on('error', (error) => this.#lose(own, error));
      own.on('end', () => this.#lose(own, new Error('The connection ended.')));
      const { rows } = await own.query('SELECT pg_backend_pid() AS pid');
      const { pid } = rows[0] as { pid: number };
      own.on('notification', (message) => this.#receive(message, pid));
      await own.query(`LISTEN ${pgChannel}`);
      this.#client = own;
      this.#retryMs = firstRetryMs;
      if (this.#pending.size > 0) this.#flush();
    } catch (error) {
      client?.release(true);
      this.#reconnectLater(error);
    }
  }

  #lose(client: PoolClient, error: unknown): void {
    if (client !== this.#client) return;
    this.#client = undefined;
    client.release(true);
    this.#reconnectLater(error);
  }

  #reconnectLater(error: unknown): void {
    if (this.#closed) return;
    this.#report({ doing: 'listening for moved streams', error });
    this.#retry = setTimeout(() => {
      this.#connecting = this.#connect();
    }, this.#retryMs * (0.5 + Math.random()));
    this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
  }

  #flush(): void {
    if (this.#sending || !this.#client) return;
    this.#sending = this.#send(this.#client).finally(() => {
      this.#sending = undefined;
      if (this.#pending.size > 0 && !this.#closed) this.#flush();
    });
  }

  /** With nothing to tell it still asks the server, and so finds out whether the connection lives. */
  async #send(client: PoolClient): Promise<void> {
    const payloads = payloadsOf([...this.#pending.values()]);
    this.#pending.clear();
    try {
      await answered(client.query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [pgChannel, payloads]));
    } catch (error) {
      this.#lose(client, error);
    }
  }

  #receive(message: Notification, ownPid: number): void {
    if (message.processId !== ownPid && message.channel === pgChannel) this.#heard(headsOf(message.payload ?? ''));
  }
}

async function answered(query: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The server did not answer within ${answerWithinMs} ms.`)), answerWithinMs);
  });
  try {
    await Promise.race([query, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** `creatorId:topic:head`, separated by commas. */
function payloadsOf(heads: readonly StreamHead[]): string[] {
  const payloads: string[] = [];
  for (let start = 0; start < heads.length; start += headsAPayload) {
    payloads.push(heads.slice(start, start + headsAPayload).map((head) => `${streamName(head)}:${head.head}`).join(','));
  }
  return payloads;
}

/** Anybody with a login may send to the channel, so what cannot be read is passed over. */
function headsOf(payload: string): StreamHead[] {
  return payload.split(',').flatMap((part) => {
    const [creatorId = '', topic = '', head = ''] = part.split(':');
    return isUuid(creatorId) && isTopic(topic) && /^\d{1,19}$/.test(head) ? [{ creatorId, topic, head: BigInt(head) }] : [];
  });
}
