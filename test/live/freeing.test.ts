import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventHubService } from '../../src/events/room.ts';
import { liveHubService } from '../../src/live/room.ts';
import { tipSenderService } from '../../src/tips/room.ts';
import { eachTestServer } from '../support/server.ts';
import { makeCreator, makeFan } from '../support/world.ts';
import { expectCleanTips } from '../tips/support.ts';
import { connect, countTo, cursorAt, cut, disconnectAll, tip, until, watchTips } from './support.ts';

afterEach(disconnectAll);
const server = eachTestServer();

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function scene() {
  const { db, services } = server.current;
  const creator = await makeCreator(db);
  const senderId = await makeFan(db, 1_000_000_000n);
  const send = (count: number) =>
    Promise.all(countTo(count).map(() => tip(services.get(tipSenderService), { senderId, creatorId: creator.id, amountMicros: 1n })));
  const live = services.get(liveHubService);
  const events = services.get(eventHubService);
  const expectNothingLeft = async () => {
    await until(() => live.status.operations === 0 && events.status.readers === 0 && events.status.streams === 0);
    expect(live.status.groups).toBe(0);
  };
  return { db, creator, send, live, events, expectNothingLeft };
}

describe('what a subscription held is freed', () => {
  test('when it is stopped while it starts, replays or is live', async () => {
    const { db, creator, send, expectNothingLeft } = await scene();
    await send(300);
    const client = connect(server.current);
    for (let turn = 0; turn < 60; turn++) {
      const watched = watchTips(client, creator.id, turn % 2 === 0 ? cursorAt(creator.id, 0n) : null);
      await wait(Math.random() * 15);
      watched.stop();
    }
    await expectNothingLeft();
    await expectCleanTips(db);
  });

  test('when its socket is cut', async () => {
    const { db, creator, send, live, events, expectNothingLeft } = await scene();
    const clients = countTo(20).map(() => connect(server.current));
    const watched = clients.map((client) => watchTips(client, creator.id));
    await until(() => live.status.operations === 20 && events.status.readers === 1);
    for (const one of watched) one.stop();
    for (const client of clients) cut(client);
    await send(10);
    await expectNothingLeft();
    await expectCleanTips(db);
  });

  test('when the one that brought the shared reader leaves, the others go on', async () => {
    const { db, creator, send, live, events, expectNothingLeft } = await scene();
    const first = watchTips(connect(server.current), creator.id);
    await until(() => events.status.readers === 1);
    const second = watchTips(connect(server.current), creator.id);
    await until(() => live.status.operations === 2 && events.status.readers === 1);
    await send(1);
    await until(() => first.seen.length === 1 && second.seen.length === 1);
    first.stop();
    await until(() => live.status.operations === 1);
    await send(1);
    await until(() => second.seen.length === 2);
    second.stop();
    await expectNothingLeft();
    await expectCleanTips(db);
  });

  test('and memory stays flat while thousands of tips go by', async () => {
    const { db, creator, send, live } = await scene();
    let count = 0;
    const client = connect(server.current);
    const watched = watchTips(client, creator.id);
    await until(() => live.status.operations === 1);
    const sendAndMeasure = async (tips: number) => {
      for (let sent = 0; sent < tips; sent += 250) {
        await send(250);
        count += 250;
        await until(() => watched.seen.at(-1)?.sequence === String(count));
        // The test's own list of what was seen is not what is measured.
        watched.seen.splice(0, watched.seen.length - 1);
        watched.results.splice(0);
      }
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const before = await sendAndMeasure(1_500);
    const after = await sendAndMeasure(3_000);
    expect((after - before) / 2 ** 20).toBeLessThan(8);
    await expectCleanTips(db);
  });
});
