import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { createContext } from '../../src/api/room.ts';
import { eventHubService, readEvents } from '../../src/events/room.ts';
import { liveHubService } from '../../src/live/room.ts';
import { openTipFeed, type TipEvent } from '../../src/live/tip-feed.ts';
import { tipSenderService } from '../../src/tips/room.ts';
import { eachTestServer } from '../support/server.ts';
import { makeCreator, makeFan } from '../support/world.ts';
import { expectCleanTips } from '../tips/support.ts';
import { connect, countTo, creatorApiId, cursorAt, disconnectAll, sequences, tip, until, watch, watchTips } from './support.ts';

afterEach(disconnectAll);
const server = eachTestServer();

async function scene() {
  const { db } = server.current;
  const creator = await makeCreator(db);
  const senderId = await makeFan(db, 1_000_000_000n);
  const sender = server.current.services.get(tipSenderService);
  const send = (more: { message?: string; displayName?: string; isAnonymous?: boolean } = {}) =>
    tip(sender, { senderId, creatorId: creator.id, amountMicros: 10_000n, ...more });
  /** The subscription is in place once the hub has a reader for it. */
  const isLive = (readers = 1) => until(() => server.current.services.get(eventHubService).status.readers >= readers);
  return { db, creator, senderId, send, isLive };
}

describe('tipReceived', () => {
  test('brings a tip whole as it is paid, from memory', async () => {
    const { db, creator, send, isLive } = await scene();
    const watched = watchTips(connect(server.current), creator.id);
    await isLive();
    await send({ message: 'Thanks! "é" 🎉', displayName: 'Grace' });
    await until(() => watched.seen.length === 1);
    expect(watched.seen[0]).toEqual({
      cursor: cursorAt(creator.id, 1n),
      sequence: '1',
      tip: {
        id: expect.stringMatching(/^tip_/),
        displayName: 'Grace',
        message: 'Thanks! "é" 🎉',
        isAnonymous: false,
        amount: { amount: '0.01', currency: 'USD' },
        creator: { handle: expect.stringMatching(/^page_/) },
      },
    });
    await expectCleanTips(db);
  });

  test('replays what came after the cursor, then goes on live; liveCursor of an empty page starts at the first tip', async () => {
    const { db, creator, send, isLive } = await scene();
    for (let n = 0; n < 5; n++) await send();
    const late = watchTips(connect(server.current), creator.id, cursorAt(creator.id, 2n));
    const fromStart = watchTips(connect(server.current), creator.id, cursorAt(creator.id, 0n));
    const fromNow = watchTips(connect(server.current), creator.id);
    await until(() => late.seen.length === 3 && fromStart.seen.length === 5);
    await isLive(1);
    await until(() => server.current.services.get(liveHubService).status.operations === 3);
    await send();
    await until(() => late.seen.length === 4 && fromStart.seen.length === 6 && fromNow.seen.length === 1);
    expect([sequences(late), sequences(fromStart), sequences(fromNow)]).toEqual([countTo(6, 3), countTo(6), [6]]);
    await expectCleanTips(db);
  });

  test('replays thousands of tips in order to many readers at once', async () => {
    const { db, creator, senderId } = await scene();
    const sender = server.current.services.get(tipSenderService);
    await Promise.all(countTo(3_000).map(() => tip(sender, { senderId, creatorId: creator.id, amountMicros: 1n })));
    const starts = [0n, 1n, 1_500n, 2_999n, 3_000n];
    const watched = starts.map((start) => watchTips(connect(server.current), creator.id, cursorAt(creator.id, start)));
    await until(() => watched.every((one, index) => one.seen.length === 3_000 - Number(starts[index])));
    watched.forEach((one, index) => expect(sequences(one)).toEqual(countTo(3_000, Number(starts[index]) + 1)));
    await tip(sender, { senderId, creatorId: creator.id, amountMicros: 1n });
    await until(() => watched.every((one) => sequences(one).at(-1) === 3_001));
    await expectCleanTips(db);
  });

  test.each([
    ['an unknown creator', 'NOT_FOUND', () => ({ creatorId: creatorApiId('01900000-0000-7000-8000-000000000000'), after: null })],
    ['an id of another type', 'NOT_FOUND', (id: string) => ({ creatorId: creatorApiId(id).replace('cre_', 'tip_'), after: null })],
    ['no id at all', 'NOT_FOUND', () => ({ creatorId: 'nobody', after: null })],
    ['a malformed cursor', 'CURSOR_INVALID', (id: string) => ({ creatorId: creatorApiId(id), after: 'yesterday' })],
    ['an empty cursor', 'CURSOR_INVALID', (id: string) => ({ creatorId: creatorApiId(id), after: '' })],
    ['a cursor of another creator', 'CURSOR_INVALID', (id: string) => ({ creatorId: creatorApiId(id), after: cursorAt('01900000-0000-7000-8000-000000000000', 0n) })],
    ['a cursor ahead of the stream', 'CURSOR_INVALID', (id: string) => ({ creatorId: creatorApiId(id), after: cursorAt(id, 1n) })],
  ] as const)('refuses %s with a final error, and leaves the socket open', async (_, code, variables) => {
    const { db, creator, send, isLive } = await scene();
    const closes: number[] = [];
    const client = connect(server.current, { onClose: (closed) => closes.push(closed) });
    const good = watchTips(client, creator.id);
    await isLive();
    const query = 'subscription ($creatorId: ID!, $after: String) { tipReceived(creatorId: $creatorId, after: $after) { cursor } }';
    const refused = watch(client, query, variables(creator.id));
    await until(() => refused.failure !== undefined);
    expect(refused.failure).toMatchObject([{ extensions: { code } }]);
    await send();
    await until(() => good.seen.length === 1);
    expect(closes).toEqual([]);
    expect(refused.seen).toEqual([]);
    await expectCleanTips(db);
  });

  test('shows a replayed tip as it is now', async () => {
    const { db, creator, send } = await scene();
    await send({ message: 'rude' });
    await db.query(`UPDATE tip SET message_state = 'DENIED'`);
    const watched = watchTips(connect(server.current), creator.id, cursorAt(creator.id, 0n));
    await until(() => watched.seen.length === 1);
    expect(watched.seen[0]?.tip.message).toBeNull();
    await expectCleanTips(db);
  });

  test('brings tips of another process', async () => {
    const { db, creator, senderId, isLive } = await scene();
    const other = (await server.another()).services.get(tipSenderService);
    const watched = watchTips(connect(server.current), creator.id);
    await isLive();
    await Promise.all(countTo(50).map(() => tip(other, { senderId, creatorId: creator.id, amountMicros: 1n })));
    await until(() => watched.seen.length === 50);
    expect(sequences(watched)).toEqual(countTo(50));
    await expectCleanTips(db);
  });

  test('reads no tip that is at hand, and all others of a page in one statement', async () => {
    const { db, creator, send } = await scene();
    for (let n = 0; n < 5; n++) await send({ message: `number ${n}` });
    const parts = { services: server.current.services, viewer: null, requestId: 'test', remoteAddress: '' };
    const feed = await openTipFeed({ creatorId: creatorApiId(creator.id) }, createContext(parts));
    const context = createContext(parts);
    const stored = await readEvents(db, feed.stream, 0n, 10);
    const query = jest.spyOn(db, 'query');
    const read = (await feed.roots(stored, context)) as TipEvent[];
    expect(read.map(({ sequence, tip: { message } }) => [sequence, message])).toEqual(countTo(5).map((n) => [BigInt(n), `number ${n - 1}`]));
    expect(query).toHaveBeenCalledTimes(1);
    const atHand = stored.map((event, index) => ({ ...event, payload: read[index]?.tip }));
    expect(await feed.roots(atHand, context)).toEqual(read);
    expect(query).toHaveBeenCalledTimes(1);
    await expectCleanTips(db);
  });
});
