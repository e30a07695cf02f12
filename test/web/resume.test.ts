import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocket, WebSocketServer } from 'ws';
import { comesBack, resume } from '../../web/shared/resume.ts';

const schema = buildSchema('type Query { ok: Boolean } type Subscription { count(after: String): Count! } type Count { cursor: String! sequence: String! }');

describe('resume', () => {
  let sockets: WebSocketServer;
  let client: Client;
  let asked: (string | undefined)[];
  /** How far before the cursor the server starts, as one does whose answers overlap. */
  let overlap: number;

  /** Counts on from `after`, three events a socket, then closes it. */
  beforeEach(async () => {
    asked = [];
    overlap = 0;
    sockets = new WebSocketServer({ port: 0, handleProtocols: () => 'graphql-transport-ws' });
    useServer(
      {
        schema,
        roots: {
          subscription: {
            async *count({ after }: { after?: string }) {
              asked.push(after);
              const from = Math.max(0, Number(after ?? 0) - overlap);
              for (let n = from + 1; n <= from + 3 + overlap; n++) yield { count: { cursor: String(n), sequence: String(n) } };
              for (const socket of sockets.clients) socket.close(1013);
              await new Promise(() => {});
            },
          },
        },
      },
      sockets,
    );
    await once(sockets, 'listening');
    client = createClient({ ...comesBack(5), url: `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}`, webSocketImpl: WebSocket });
  });
  afterEach(async () => {
    await Promise.allSettled([client.dispose()]);
    for (const socket of sockets.clients) socket.terminate();
    await new Promise((resolve) => sockets.close(resolve));
  });

  async function countTo(most: number, query: string, variables: Record<string, unknown> = {}): Promise<string[]> {
    const seen: string[] = [];
    const stop = resume<{ count: { sequence: string } }>(client, { query, variables }, {
      next: ({ data }) => void seen.push(data!.count.sequence),
      error: (error) => seen.push(String(error)),
      complete: () => {},
    });
    for (const deadline = Date.now() + 60_000; seen.length < most && Date.now() < deadline; ) await wait(5);
    stop();
    return seen;
  }

  const withAfter = 'subscription ($after: String) { count(after: $after) { cursor sequence } }';

  test('asks for what came after the last event, from the first cursor given on, and leaves the caller\'s variables alone', async () => {
    const variables = { after: '10' };
    expect((await countTo(9, withAfter, variables)).slice(0, 9)).toEqual(['11', '12', '13', '14', '15', '16', '17', '18', '19']);
    expect(asked.slice(0, 3)).toEqual(['10', '13', '16']);
    expect(variables).toEqual({ after: '10' });
  });

  test('passes over what it saw, by sequence', async () => {
    overlap = 2;
    expect((await countTo(9, withAfter)).slice(0, 9)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });
});
