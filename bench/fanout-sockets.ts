/** The readers of the benchmark of fan-out: a process of its own, told what to do by messages of its parent. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export interface SocketsOpen {
  readonly kind: 'OPEN';
  readonly port: number;
  readonly sockets: number;
  /** The payload of each socket's `subscribe` message. */
  readonly payload: { readonly query: string; readonly variables: Readonly<Record<string, unknown>> };
}

export interface SocketsExpect {
  readonly kind: 'EXPECT';
  /** How many events every socket must have, since it was opened. */
  readonly events: number;
}

export interface SocketsClose {
  readonly kind: 'CLOSE';
}

export type SocketsOrder = SocketsOpen | SocketsExpect | SocketsClose;

/** What the parent hears when an order is carried out; `sample` is the last event of one socket as it came. */
export interface SocketsDone {
  readonly sample: string | null;
}

const opcodes = { text: 1, close: 8, ping: 9 } as const;
const openAtOnce = 50;

/**
 * One WebSocket that knows no more of the protocol than it needs to count what comes (frames of at most 64 kB, unfragmented, and pings):
 * what a reader costs is taken from the server on the same machine.
 */
class Reader {
  events = 0;
  last: string | null = null;
  keepsLast = false;
  readonly #socket: Socket;
  readonly #subscribe: string;
  readonly #onEvent: (reader: Reader) => void;
  #isUpgraded = false;
  #pending: Buffer = Buffer.alloc(0);
  #onReady!: () => void;

  constructor(port: number, subscribe: string, onEvent: (reader: Reader) => void) {
    this.#subscribe = subscribe;
    this.#onEvent = onEvent;
    this.#socket = connect({ host: '127.0.0.1', port });
    this.#socket.setNoDelay(true);
    this.#socket.on('error', (error) => { throw error; });
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#socket.write([
      'GET /graphql HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Protocol: graphql-transport-ws', '', '',
    ].join('\r\n'));
  }

  /** Resolves when the server acknowledged the connection and was asked to subscribe. */
  ready(): Promise<void> {
    return new Promise((resolve) => (this.#onReady = resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    let data = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    if (!this.#isUpgraded) {
      const end = data.indexOf('\r\n\r\n');
      if (end < 0) return void (this.#pending = data);
      if (!data.subarray(0, 12).equals(Buffer.from('HTTP/1.1 101'))) throw new Error(`The server did not upgrade: ${data.toString('latin1', 0, end)}`);
      this.#isUpgraded = true;
      this.#send('{"type":"connection_init"}');
      data = data.subarray(end + 4);
    }
    let at = 0;
    while (data.length - at >= 4) {
      const short = data[at + 1]!;
      const start = at + (short === 126 ? 4 : 2);
      const end = start + (short === 126 ? data.readUInt16BE(at + 2) : short);
      if (data.length < end) break;
      this.#take(data[at]! & 15, data, start, end);
      at = end;
    }
    this.#pending = at === data.length ? Buffer.alloc(0) : data.subarray(at);
  }

  #take(opcode: number, data: Buffer, start: number, end: number): void {
    if (opcode === opcodes.ping) return void this.#socket.write(Buffer.from([0x8a, 0x80, 0, 0, 0, 0]));
    if (opcode !== opcodes.text) throw new Error(`The server closed a socket: ${data.toString('utf8', start, end)}`);
    // The first text is connection_ack; every later one is an event.
    if (this.#onReady !== ready) {
      this.#send(this.#subscribe);
      const onReady = this.#onReady;
      this.#onReady = ready;
      return onReady();
    }
    this.events++;
    if (this.keepsLast) this.last = data.toString('utf8', start, end);
    this.#onEvent(this);
  }

  /** Clients mask their frames; a mask of zeros leaves the text as it is. */
  #send(text: string): void {
    const body = Buffer.from(text);
    const length = body.length < 126 ? Buffer.from([0x81, 0x80 | body.length]) : Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 255]);
    this.#socket.write(Buffer.concat([length, Buffer.alloc(4), body]));
  }
}

const ready = () => {};

let readers: Reader[] = [];
let expected = Infinity;
let complete = 0;

function onEvent(reader: Reader): void {
  if (reader.events > expected) throw new Error(`A socket got ${reader.events} events; ${expected} were sent.`);
  if (reader.events === expected && ++complete === readers.length) answer();
}

function answer(): void {
  const done: SocketsDone = { sample: readers[0]?.last ?? null };
  process.send!(done);
}

async function open({ port, sockets, payload }: SocketsOpen): Promise<void> {
  const subscribe = JSON.stringify({ id: '1', type: 'subscribe', payload });
  expected = Infinity;
  for (let opened = 0; opened < sockets; opened += openAtOnce) {
    const some = Array.from({ length: Math.min(openAtOnce, sockets - opened) }, () => new Reader(port, subscribe, onEvent));
    readers.push(...some);
    await Promise.all(some.map((reader) => reader.ready()));
  }
  readers[0]!.keepsLast = true;
  answer();
}

process.on('message', (order: SocketsOrder) => {
  if (order.kind === 'OPEN') return void open(order);
  if (order.kind === 'EXPECT') {
    expected = order.events;
    complete = readers.filter(({ events }) => events === expected).length;
    if (complete === readers.length) answer();
    return;
  }
  for (const reader of readers) reader.close();
  readers = [];
  answer();
});
process.on('disconnect', () => process.exit());
