import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

/** As much of the API as an overlay sees. */
const schema = buildSchema(`
  scalar Decimal scalar BigInt
  type Query { ok: Boolean }
  type Subscription { overlayEvents(after: String, widget: OverlayWidget! = ALERTS): OverlayEvent! }
  type Mutation { reportAlert(input: ReportAlertInput!): AlertPayload! reportOverlay(input: ReportOverlayInput!): AlertQueuePayload! }
  input ReportAlertInput { alertId: ID! lease: String! state: AlertState! }
  input ReportOverlayInput { visible: Boolean! }
  type AlertPayload { alert: Alert errors: [UserError!]! }
  type AlertQueuePayload { errors: [UserError!]! }
  interface UserError { code: String! message: String! }
  type ValidationError implements UserError { code: String! message: String! }
  type OverlayEvent { cursor: String! payload: OverlayEventPayload! }
  union OverlayEventPayload = OverlayState | Alert | AlertCommand | Goal
  type OverlayState { queueState: String! buildId: String! settings: Settings! goals: [Goal!]! topTippers: [Supporter!]! }
  type Settings { speech: Boolean! }
  type Supporter { displayName: String! total: Money! }
  type Goal { id: ID! title: String! target: Money! raised: Money! reachedAt: String archivedAt: String }
  type Money { micros: BigInt! currency: String! formatted(locale: String = "en"): String! }
  type AlertCommand { alertId: ID action: String! }
  type Alert {
    id: ID! kind: String! state: AlertState! headline: String! message: String amount: Money variant: String! durationMs: Int! isTest: Boolean!
    lease: String leaseRemainingMs: Int
  }
  enum AlertState { HELD QUEUED SHOWING SHOWN SKIPPED DENIED }
  enum OverlayWidget { ALERTS GOAL TOP_TIPPERS EVENT_LIST }
`);

export type FakePayload = { readonly __typename: 'OverlayState' | 'Alert' | 'AlertCommand' | 'Goal' } & Record<string, unknown>;

/** Just enough of a server to play every trick on an overlay that a real one only plays when it is killed. */
export interface OverlayServer {
  readonly url: string;
  readonly socketUrl: string;
  /** What was asked of it, in order, such as `subscribes ALERTS after 3` or `reports a SHOWN`. */
  readonly told: string[];
  /** What connection_init brought, one a socket. */
  readonly tokens: unknown[];
  /** What every connection_ack says. */
  buildId: string;
  /** Answers a report; by default with the alert. */
  onReport: (report: { alertId: string; lease: string; state: string }) => Promise<unknown>;
  /** Refuses a subscription by what it throws. */
  onSubscribe: (after: string | undefined) => void;
  /** To every subscription, under the next cursor. */
  send(payload: FakePayload): void;
  closeSockets(code: number): void;
  /** Refuses connections until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** `token` is the only one it takes. Files come from `folder`, at `/overlay/`. */
export async function startOverlayServer({ token = 'secret', folder = '' } = {}): Promise<OverlayServer> {
  let server: Server | undefined;
  let sockets: WebSocketServer;
  let port = 0;
  let sequence = 0;
  const listeners = new Set<(event: object) => void>();

  const roots = {
    mutation: {
      async reportAlert({ input }: { input: { alertId: string; lease: string; state: string } }) {
        fake.told.push(`reports ${input.alertId} ${input.state}`);
        return fake.onReport(input);
      },
      reportOverlay({ input }: { input: { visible: boolean } }) {
        fake.told.push(`says visible ${input.visible}`);
        return { errors: [] };
      },
    },
    subscription: {
      overlayEvents({ after, widget }: { after?: string; widget: string }) {
        fake.told.push(`subscribes ${widget} after ${after}`);
        fake.onSubscribe(after);
        return eventsFrom(listeners);
      },
    },
  };

  const fake: OverlayServer = {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    get socketUrl() {
      return `ws://127.0.0.1:${port}/graphql`;
    },
    told: [],
    tokens: [],
    buildId: 'unbuilt',
    onReport: async ({ alertId, state }) => ({ alert: alertOf({ id: alertId, state }), errors: [] }),
    onSubscribe: () => {},
    send(payload) {
      sequence++;
      for (const listener of listeners) listener({ overlayEvents: { cursor: String(sequence), payload } });
    },
    closeSockets(code) {
      for (const socket of sockets.clients) socket.close(code);
    },
    async stop() {
      if (!server) return;
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server!.close(resolve));
      server = undefined;
    },
    async start() {
      server = createServer((request, response) => serveFile(folder, request.url ?? '/', response));
      sockets = new WebSocketServer({ server, path: '/graphql', handleProtocols: () => 'graphql-transport-ws' });
      useServer(
        {
          schema,
          roots,
          onConnect: ({ connectionParams, extra }) => {
            fake.tokens.push(connectionParams?.overlayToken);
            if (connectionParams?.overlayToken === token) return { buildId: fake.buildId };
            extra.socket.close(4401, 'No such overlay');
            return false;
          },
        },
        sockets,
      );
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      ({ port } = server.address() as AddressInfo);
    },
  };
  await fake.start();
  return fake;
}

async function* eventsFrom(listeners: Set<(event: object) => void>): AsyncGenerator<object> {
  const waiting: object[] = [];
  let wake = () => {};
  const listener = (event: object) => {
    waiting.push(event);
    wake();
  };
  listeners.add(listener);
  try {
    for (;;) {
      while (waiting.length > 0) yield waiting.shift()!;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    listeners.delete(listener);
  }
}

/** An alert that shows now, under a lease of its own, unless told otherwise. */
export function alertOf(given: { readonly id: string } & Record<string, unknown>): FakePayload {
  return {
    __typename: 'Alert', kind: 'TIP', state: 'SHOWING', headline: `Ada tipped ${given.id}`, message: null, amount: null, variant: 'default',
    durationMs: 1_000, isTest: false, lease: `lease of ${given.id}`, leaseRemainingMs: null, ...given,
  };
}

const types: Record<string, string> = { html: 'text/html', js: 'text/javascript', css: 'text/css' };

function serveFile(folder: string, url: string, response: import('node:http').ServerResponse): void {
  const name = url.split('?')[0]!.replace(/^\/overlay\//, '') || 'index.html';
  const file = path.join(folder, name);
  if (folder === '' || !existsSync(file)) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': types[path.extname(file).slice(1)] ?? 'application/octet-stream', 'cache-control': 'no-cache' }).end(readFileSync(file));
}
