import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventHubService } from '../../src/events/room.ts';
import { liveHubService } from '../../src/live/room.ts';
import { tipSenderService } from '../../src/tips/room.ts';
import { WebSocket } from 'ws';
import { eachTestServer } from '../support/server.ts';
import { makeCreator, makeFan } from '../support/world.ts';
import { expectCleanTips } from '../tips/support.ts';
import { connect, countTo, creatorApiId, cursorAt, disconnectAll, sequences, tip, until, watchTips } from './support.ts';

afterEach(disconnectAll);
const server = eachTestServer();

/** Some 15 kB an event: a kernel's buffers hold a few megabytes of them. */
const heavy = `subscription ($creatorId: ID!, $after: String) { tipReceived(creatorId: $creatorId, after: $after) {
  cursor sequence tip { ${countTo(15).map((n) => `m${n}: message`).join(' ')} } } }`;

/** A subscriber by hand, whose reading can be stopped. */
async function openByHand(variables: Record<string, unknown>) {
  const socket = new WebSocket(server.current.socketUrl, 'graphql-transport-ws');
  const received: any[] = [];
  socket.on('message', (data) => received.push(JSON.parse(String(data))));
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init' }));
  await until(() => received.length === 1);
  socket.send(JSON.stringify({ id: 'slow', type: 'subscribe', payload: { query: heavy, variables } }));
  const tcp = (socket as unknown as { _socket: Socket })._socket;
  return { socket, received, pause: () => tcp.pause(), goOn: () => tcp.resume() };
}

async function scene() {
  const { db, services } = server.current;
  const creator = await makeCreator(db);
  const senderId = await makeFan(db, 1_000_000_000n);
  const message = 'x'.repeat(250);
  const send = async (count: number) => {
    for (let sent = 0; sent < count; sent += 100) {
      await Promise.all(countTo(100).map(() => tip(services.get(tipSenderService), { senderId, creatorId: creator.id, amountMicros: 1n, message })));
    }
  };
  return { db, services, creator, send };
}

describe('a reader that is too slow', () => {
  test('is closed with 1013 and no error message, and nobody else notices', async () => {
    const { db, services, creator, send } = await scene();
    const slow = await openByHand({ creatorId: creatorApiId(creator.id) });
    const quick = watchTips(connect(server.current), creator.id, null, heavy);
    await until(() => services.get(liveHubService).status.operations === 2 && services.get(eventHubService).status.readers === 1);
    slow.pause();
    let sent = 0;
    for (; sent < 10_000 && services.get(liveHubService).status.operations === 2; sent += 500) await send(500);
    await until(() => quick.seen.length === sent);
    expect(sequences(quick)).toEqual(countTo(sent));
    expect(services.get(liveHubService).status.operations).toBe(1);
    const closed = once(slow.socket, 'close');
    slow.goOn();
    const [code, reason] = await closed;
    expect([code, String(reason)]).toEqual([1013, 'slow reader']);
    const types = new Set(slow.received.map(({ type }) => type));
    expect([...types].sort()).toEqual(['connection_ack', 'next']);
    const seen = slow.received.slice(1).map(({ payload }) => Number(payload.data.tipReceived.sequence));
    expect(seen).toEqual(countTo(seen.length));
    await expectCleanTips(db);
  });

  test('replays at its own pace: what is stored waits for it, and is not queued', async () => {
    const { db, services, creator, send } = await scene();
    await send(3_000);
    const slow = await openByHand({ creatorId: creatorApiId(creator.id), after: cursorAt(creator.id, 0n) });
    slow.pause();
    const hub = services.get(liveHubService);
    let executions = 0;
    let still = 0;
    // Executions run ahead of a paused reader only as far as the buffers of the socket hold what they made.
    await until(() => {
      still = hub.status.executions === executions && executions > 0 ? still + 1 : 0;
      executions = hub.status.executions;
      return still > 60;
    });
    expect(executions).toBeLessThan(3_000);
    expect(hub.status.operations).toBe(1);
    slow.goOn();
    await until(() => slow.received.length === 3_001, 20_000);
    const seen = slow.received.slice(1).map(({ payload }) => Number(payload.data.tipReceived.sequence));
    expect(seen).toEqual(countTo(3_000));
    slow.socket.close();
    await until(() => hub.status.operations === 0);
    await expectCleanTips(db);
  });
});
