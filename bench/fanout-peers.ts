/** What fan-out is measured beside: a process of its own, told what to do by messages of its parent. Its argument says which one. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { buildSchema, type GraphQLSchema } from 'graphql';
import { handleProtocols } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer, type WebSocket } from 'ws';

/** `bare` sends the same text to every socket; `plain` is graphql-ws as its manual shows it, which executes for each socket. */
export type Peer = 'bare' | 'plain';

export interface PeerSend {
  readonly count: number;
  /** An event as it came from our own server, frame and all. */
  readonly sample: string;
}

export interface PeerReady {
  readonly port: number;
}

const http = createServer();
const webSockets = new WebSocketServer({ server: http, path: '/graphql', perMessageDeflate: false, handleProtocols });
const send = process.argv[2] === 'plain' ? plain() : bare();

/** Answers the protocol's two messages and keeps the socket. */
function bare(): (sample: string) => void {
  const sockets = new Set<WebSocket>();
  webSockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { type } = JSON.parse(String(data)) as { type: string };
      if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
      if (type === 'subscribe') sockets.add(socket);
    });
    socket.on('close', () => sockets.delete(socket));
  });
  return (sample) => {
    for (const socket of sockets) socket.send(sample);
  };
}

function plain(): (sample: string) => void {
  const listeners = new Set<(event: unknown) => void>();
  useServer({ schema: tipSchema(listeners) }, webSockets);
  return (sample) => {
    const event = (JSON.parse(sample) as { payload: { data: unknown } }).payload.data;
    for (const listener of listeners) listener(event);
  };
}

/** The part of our schema that is asked for, over events that are in memory. */
function tipSchema(listeners: Set<(event: unknown) => void>): GraphQLSchema {
  const schema = buildSchema(`
    type Query { ok: Boolean }
    type Subscription { tipReceived(creatorId: ID!, after: String): TipEvent! }
    type TipEvent { cursor: String! sequence: String! tip: Tip! }
    type Tip { id: ID! displayName: String! message: String isAnonymous: Boolean! amount: Money! createdAt: String! }
    type Money { amount: String! currency: String! }
  `);
  schema.getSubscriptionType()!.getFields().tipReceived!.subscribe = () => listen(listeners);
  return schema;
}

async function* listen(listeners: Set<(event: unknown) => void>): AsyncGenerator {
  const queue: unknown[] = [];
  let wake = () => {};
  const listener = (event: unknown) => {
    queue.push(event);
    wake();
  };
  listeners.add(listener);
  try {
    for (;;) {
      while (queue.length > 0) yield queue.shift();
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    listeners.delete(listener);
  }
}

process.on('message', ({ count, sample }: PeerSend) => {
  void (async () => {
    for (let sent = 0; sent < count; sent++) {
      send(sample);
      await nextTurn();
    }
  })();
});
process.on('disconnect', () => process.exit());
http.listen(0, '127.0.0.1', () => {
  const ready: PeerReady = { port: (http.address() as AddressInfo).port };
  process.send!(ready);
});
