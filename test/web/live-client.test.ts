import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { createLiveClient, type LiveState } from '../../web/explorer/live-client.ts';

// The client takes the browser's WebSocket; Jest's Node environment hands none on.
Object.assign(globalThis, { WebSocket });

const schema = buildSchema('type Query { ok: Boolean } type Subscription { count(after: String): Count! } type Count { cursor: String! }');
const resumable = 'subscription ($after: String) { count(after: $after) { cursor } }';
const plain = 'subscription { count { cursor } }';
const eventsBeforeClose = 3;

/** A server that counts on from `after`, three events a socket, then closes it with the next of `closeCodes`, if one is left. */
async function startCounting(closeCodes: number[], port = 0) {
  const sockets = new WebSocketServer({ port, path: '/graphql', handleProtocols: () => 'graphql-transport-ws' });
  const asked: (string | undefined)[] = [];
  const tokens: unknown[] = [];
  useServer(
    {
      schema,
      onConnect: ({ connectionParams }) => void tokens.push(connectionParams?.authToken),
      roots: {
        subscription: {
          async *count({ after }: { after?: string }) {
            asked.push(after);
            const from = Number(after ?? 0);
            for (let n = 1; n <= eventsBeforeClose; n++) yield { count: { cursor: String(from + n) } };
            const code = closeCodes.shift();
            if (code !== undefined) for (const socket of sockets.clients) socket.close(code);
            await new Promise(() => {});
          },
        },
      },
    },
    sockets,
  );
  await once(sockets, 'listening');
  const stop = async () => {
    for (const socket of sockets.clients) socket.terminate();
    await new Promise((resolve) => sockets.close(resolve));
  };
  return { asked, tokens, stop, port: (sockets.address() as AddressInfo).port };
}

describe('the live client', () => {
  let server: Awaited<ReturnType<typeof startCounting>>;
  let closeCodes: number[];
  let states: LiveState[];
  let token: string;
  let cursors: string[];
  let failure: unknown;

  beforeEach(async () => {
    closeCodes = [];
    states = [];
    cursors = [];
    token = 'first';
    failure = undefined;
    server = await startCounting(closeCodes);
  });
  afterEach(() => server.stop());

  const connect = () =>
    createLiveClient({ url: `ws://127.0.0.1:${server.port}/graphql`, token: () => token, onState: (state) => states.push(state), firstWaitMs: 10 });
  const listen = (client: ReturnType<typeof connect>, query: string) =>
    client.subscribe(
      { query },
      {
        next: (result) => void cursors.push((result.data as { count: { cursor: string } }).count.cursor),
        error: (error) => (failure = error),
        complete: () => {},
      },
    );
  const until = async (isSo: () => boolean) => {
    for (const deadline = Date.now() + 60_000; !isSo() && Date.now() < deadline; ) await wait(10);
    expect(isSo()).toBe(true);
  };

  test.each([1012, 1013, 1001, 4403])('goes on after a close with %i where it was: nothing lost, nothing twice', async (code) => {
    closeCodes.push(code, code);
    const stop = listen(connect(), resumable);
    await until(() => cursors.length >= 9);
    stop();
    expect(cursors).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
    expect(server.asked).toEqual([undefined, '3', '6']);
    expect(states.filter((state) => state === 'live')).toHaveLength(3);
  });

  test('starts anew when the operation declares no $after', async () => {
    closeCodes.push(1012);
    const stop = listen(connect(), plain);
    await until(() => cursors.length >= 6);
    stop();
    expect(cursors).toEqual(['1', '2', '3', '1', '2', '3']);
    expect(server.asked).toEqual([undefined, undefined]);
  });

  test.each([4400, 4401, 4500])('takes a close with %i for the end and says so', async (code) => {
    closeCodes.push(code);
    listen(connect(), resumable);
    await until(() => failure !== undefined);
    expect(failure).toMatchObject({ code });
    expect(states.at(-1)).toBe('idle');
    expect(server.asked).toEqual([undefined]);
  });

  test('comes back with the new token, and without one when it was emptied', async () => {
    const client = connect();
    const stop = listen(client, resumable);
    for (const next of ['second', '']) {
      await until(() => cursors.length === 3 * (server.asked.length || 1) && states.at(-1) === 'live');
      token = next;
      const before = server.tokens.length;
      client.terminate();
      await until(() => server.tokens.length > before);
    }
    await until(() => cursors.length === 9);
    stop();
    expect(server.tokens).toEqual(['first', 'second', undefined]);
    expect(cursors).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  test('survives a server that is away for a while', async () => {
    const stop = listen(connect(), resumable);
    await until(() => cursors.length === 3);
    await server.stop();
    await until(() => states.filter((state) => state === 'reconnecting').length >= 4);
    server = await startCounting([], server.port);
    await until(() => cursors.length === 6);
    stop();
    expect(cursors).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(server.asked).toEqual(['3']);
  });

  test('leaves the server alone once it is stopped', async () => {
    const stop = listen(connect(), resumable);
    await until(() => cursors.length === 3);
    await server.stop();
    await until(() => states.includes('reconnecting'));
    stop();
    expect(states.at(-1)).toBe('idle');
    await wait(200);
    server = await startCounting([], server.port);
    await wait(300);
    expect(server.tokens).toEqual([]);
    expect(failure).toBeUndefined();
  });
});
