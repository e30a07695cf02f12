import { setTimeout as wait } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { encodeId } from '../../src/api/room.ts';
import { CREATOR_PREFIX } from '../../src/creators/room.ts';
import { encodeCursor, eventHubService } from '../../src/events/room.ts';
import { liveHubService } from '../../src/live/room.ts';
import type { TipSender } from '../../src/tips/room.ts';
import { comesBack, resume } from '../../web/shared/resume.ts';
import { wish, type Wish } from '../tips/support.ts';
import type { TestServer } from '../support/server.ts';

export const tipReceived = `subscription ($creatorId: ID!, $after: String) {
  tipReceived(creatorId: $creatorId, after: $after) { cursor sequence tip { id displayName message isAnonymous amount { amount currency } creator { handle } } }
}`;

/** Cuts a client's connection as a lost network does, without a goodbye. */
export function cut(client: Client): void {
  const socket = sockets.get(client);
  if (socket?.readyState === WebSocket.OPEN) socket.terminate();
}

export interface SeenEvent {
  readonly cursor: string;
  readonly sequence: string;
  readonly tip: any;
}

export interface ConnectOptions {
  readonly token?: string;
  readonly overlayToken?: string;
  /** What connection_ack carried. */
  readonly onAck?: (payload: unknown) => void;
  readonly onClose?: (code: number, reason: string) => void;
}

const clients: Client[] = [];
const sockets = new WeakMap<Client, WebSocket>();

/** The official client with our own way of coming back, over a real socket. */
export function connect(server: Pick<TestServer, 'socketUrl'>, { token, overlayToken, onAck, onClose }: ConnectOptions = {}): Client {
  const client = createClient({
    ...comesBack(5),
    url: server.socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: { ...(token !== undefined && { authToken: token }), ...(overlayToken !== undefined && { overlayToken }) },
    on: {
      opened: (socket) => sockets.set(client, socket as WebSocket),
      connected: (_socket, payload) => onAck?.(payload),
      closed: (event) => {
        const { code, reason } = event as { code: number; reason: string };
        onClose?.(code, reason);
      },
    },
  });
  clients.push(client);
  return client;
}

/** Call it before the servers close: clients that come back for ever would outlive the test. */
export async function disconnectAll(): Promise<void> {
  await Promise.allSettled(clients.splice(0).map((client) => client.dispose()));
}

/** What one subscription saw. */
export interface Watch<T = any> {
  readonly seen: T[];
  /** Results that came with errors. */
  readonly results: { errors?: readonly { message: string; extensions?: { code?: string } }[] }[];
  /** The `error` message's errors, or the close event that ended it; undefined while it runs. */
  failure: any;
  stop(): void;
}

export function watch<T = any>(client: Client, query: string, variables: Record<string, unknown>): Watch<T> {
  const seen: T[] = [];
  const results: Watch['results'] = [];
  const stop = resume(client, { query, variables }, {
    next: (result) => {
      results.push(result as never);
      seen.push(Object.values(result.data ?? {})[0] as T);
    },
    error: (error) => (own.failure = error),
    complete: () => {},
  });
  const own: Watch<T> = { seen, results, failure: undefined, stop };
  return own;
}

/**
 * Waits until the server's only subscriptions are in place: no message says so. Then they share one reader a group, and each sees all that
 * comes after.
 */
export function settled({ services }: Pick<TestServer, 'services'>, operations: number, groups = operations): Promise<void> {
  const [hub, events] = [services.get(liveHubService), services.get(eventHubService)];
  return until(() => hub.status.operations === operations && hub.status.groups === groups && events.status.readers === groups);
}

export function watchTips(client: Client, creatorId: string, after: string | null = null, query = tipReceived): Watch<SeenEvent> {
  return watch<SeenEvent>(client, query, { creatorId: creatorApiId(creatorId), after });
}

export function creatorApiId(creatorId: string): string {
  return encodeId(CREATOR_PREFIX, creatorId);
}

export function cursorAt(creatorId: string, sequence: bigint): string {
  return encodeCursor({ creatorId, topic: 'tips', sequence });
}

export async function until(isSo: () => boolean, withinMs = 90_000): Promise<void> {
  for (const deadline = Date.now() + withinMs; !isSo() && Date.now() < deadline; ) await wait(5);
  expect(isSo()).toBe(true);
}

/** Sends a tip and answers once it is durable. Fails unless it was sent. */
export async function tip(sender: TipSender, given: Wish): Promise<void> {
  const outcome = await sender.send(wish(given));
  expect(outcome.kind).toBe('SENT');
}

export function sequences(watch: Watch<SeenEvent>): number[] {
  return watch.seen.map(({ sequence }) => Number(sequence));
}

export function countTo(n: number, from = 1): number[] {
  return Array.from({ length: n - from + 1 }, (_, index) => from + index);
}
