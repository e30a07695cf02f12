import { expect, jest, test } from '@jest/globals';
import pg from 'pg';
import { databaseService, newId, Services, transaction } from '../../src/database/room.ts';
import { eventHubService, SlowReader, StreamInterrupted } from '../../src/events/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { appendTips, deaf, eachTestHubs, eventually, openCreator, range, readUntil, sequencesOf, subscribeTips, take, tipsOf } from './support.ts';

const openHub = eachTestHubs();
const database = eachTestDatabase();

test('a subscription replays what came after its cursor in pages, then goes live', async () => {
  const { db } = database.current;
  const hub = openHub({ db, pageSize: 4, pollMs: 60_000 });
  const creatorId = await openCreator(db);
  await appendTips(db, hub, creatorId, 10);
  const events = await subscribeTips(hub, creatorId, 3n);
  expect(sequencesOf(await take(events, 7))).toEqual(range(4, 10));
  const next = take(events, 2);
  await appendTips(db, hub, creatorId, 2);
  expect(sequencesOf(await next)).toEqual([11n, 12n]);
});

test('a subscription to the head sees only what comes after it, and other streams not at all', async () => {
  const { db } = database.current;
  const hub = openHub({ db });
  const [ada, ben] = [await openCreator(db), await openCreator(db)];
  await appendTips(db, hub, ada, 3);
  const events = await subscribeTips(hub, ada, 'HEAD');
  await appendTips(db, hub, ben, 1);
  await transaction(db, (tx) => hub.append(tx, [{ ...tipsOf(ada, 1)[0]!, topic: 'members' }]));
  await appendTips(db, hub, ada, 1);
  expect(await take(events, 1)).toMatchObject([{ creatorId: ada, topic: 'tips', sequence: 4n }]);
});

test('the process that committed hands over the payload itself, without a read; a replay has none', async () => {
  const { db } = database.current;
  const hub = openHub({ db, pollMs: 60_000, notifier: deaf });
  const creatorId = await openCreator(db);
  const payload = { message: 'for your eyes' };
  const live = await subscribeTips(hub, creatorId, 'HEAD');
  const statements: string[] = [];
  const query = db.pool.query.bind(db.pool);
  db.pool.query = ((statement: { text: string }) => {
    statements.push(statement.text);
    return query(statement as never);
  }) as never;
  await transaction(db, (tx) => hub.append(tx, [{ ...tipsOf(creatorId, 1)[0]!, payload }]));
  const [event] = await take(live, 1);
  expect(event!.payload).toBe(payload);
  expect(statements).toEqual([]);
  const [replayed] = await take(await subscribeTips(hub, creatorId, 0n), 1);
  expect(replayed).toEqual({ ...event, payload: undefined });
});

test('an append that is rolled back reaches nobody', async () => {
  const { db } = database.current;
  const hub = openHub({ db });
  const creatorId = await openCreator(db);
  const events = await subscribeTips(hub, creatorId, 'HEAD');
  const undone = transaction(db, async (tx) => {
    await hub.append(tx, [{ ...tipsOf(creatorId, 1)[0]!, kind: 'UNDONE' }]);
    throw new Error('rolled back');
  });
  await expect(undone).rejects.toThrow('rolled back');
  await appendTips(db, hub, creatorId);
  expect(await take(events, 1)).toMatchObject([{ kind: 'TIP_SENT', sequence: 1n }]);
});

test('a cursor ahead of the head is answered as such, and leaves nothing open', async () => {
  const { db } = database.current;
  const hub = openHub({ db });
  const creatorId = await openCreator(db);
  await appendTips(db, hub, creatorId, 2);
  expect(await hub.subscribe({ creatorId, topic: 'tips', after: 3n })).toEqual({ kind: 'CURSOR_AHEAD', head: 2n });
  expect(await hub.subscribe({ creatorId: newId(), topic: 'tips', after: 1n })).toEqual({ kind: 'CURSOR_AHEAD', head: 0n });
  expect(hub.status).toMatchObject({ streams: 0, readers: 0 });
  expect((await hub.subscribe({ creatorId, topic: 'tips', after: 2n })).kind).toBe('SUBSCRIBED');
});

test('a database that lost commits ends subscriptions instead of leaving them to wait for sequences given out again', async () => {
  const { db, ownerUrl } = database.current;
  const hub = openHub({ db, pollMs: 50 });
  const creatorId = await openCreator(db);
  const events = await subscribeTips(hub, creatorId, 'HEAD');
  await appendTips(db, hub, creatorId, 3);
  await take(events, 3);
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  await owner.query('SET session_replication_role = replica');
  await owner.query('DELETE FROM stream_event WHERE sequence = 3');
  await owner.query('UPDATE stream SET head = 2 WHERE head = 3');
  await owner.end();
  await expect(events.next()).rejects.toMatchObject({ name: 'StreamInterrupted', reason: 'STREAM_REWOUND' });
  expect(await hub.subscribe({ creatorId, topic: 'tips', after: 3n })).toEqual({ kind: 'CURSOR_AHEAD', head: 2n });
});

test('under fire, subscriptions from any cursor see every event after it in order and none twice', async () => {
  const { db, connect } = database.current;
  const hub = openHub({ db, pageSize: 7 });
  const other = await connect();
  const otherHub = openHub({ db: other, pageSize: 7 });
  const creatorId = await openCreator(db);
  const [appenders, rounds] = [6, 50];
  const total = BigInt(appenders * (rounds / 2) * 3);
  let head = 0n;
  const fire = Promise.all(Array.from({ length: appenders }, async (_, number) => {
    for (let round = 0; round < rounds; round++) {
      const [from, through] = number % 2 ? [db, hub] as const : [other, otherHub] as const;
      const sequences = await appendTips(from, through, creatorId, 1 + (round % 2));
      if (sequences.at(-1)! > head) head = sequences.at(-1)!;
    }
  }));
  const subscriber = async (number: number) => {
    const headBefore = head;
    const after = number % 4 === 0 ? ('HEAD' as const) : BigInt(Math.floor(Math.random() * (Number(headBefore) + 1)));
    const events = await subscribeTips(number % 2 ? hub : otherHub, creatorId, after);
    const seen = await readUntil(events, total);
    await events.return();
    if (after === 'HEAD') expect(seen[0]).toBeGreaterThan(headBefore);
    expect(seen).toEqual(range(after === 'HEAD' ? seen[0]! : after + 1n, total));
  };
  const subscribers: Promise<void>[] = [];
  let firing = true;
  void fire.finally(() => { firing = false; });
  while (firing && subscribers.length < 80 && head < total) {
    // The last event must still be to come for those that start at the head.
    if (head < total - 60n) subscribers.push(subscriber(subscribers.length));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 8));
  }
  await fire;
  await Promise.all(subscribers);
  expect(subscribers.length).toBeGreaterThan(10);
  expect([hub.status, otherHub.status]).toMatchObject([{ streams: 0, readers: 0 }, { streams: 0, readers: 0 }]);
});

test('a reader that lets more wait than may is told so, and what waited is let go', async () => {
  const { db } = database.current;
  const hub = openHub({ db, queueLimit: 10 });
  const creatorId = await openCreator(db);
  const slow = await subscribeTips(hub, creatorId, 'HEAD');
  const quick = await subscribeTips(hub, creatorId, 'HEAD');
  const reading = readUntil(quick, 30n);
  await appendTips(db, hub, creatorId, 10);
  await eventually(() => quick.queued === 0);
  expect(slow.queued).toBe(10);
  await appendTips(db, hub, creatorId, 10);
  await eventually(() => quick.queued === 0);
  expect(slow.queued).toBe(0);
  await appendTips(db, hub, creatorId, 10);
  expect(await reading).toEqual(range(1, 30));
  await expect(slow.next()).rejects.toBeInstanceOf(SlowReader);
  expect(await slow.next()).toEqual({ done: true, value: undefined });
  expect(hub.status).toMatchObject({ readers: 1 });
});

test('a reader that is slow in a long replay takes pages at its own pace and is never cut off', async () => {
  const { db } = database.current;
  const hub = openHub({ db, queueLimit: 10, pageSize: 5 });
  const creatorId = await openCreator(db);
  await appendTips(db, hub, creatorId, 40);
  const events = await subscribeTips(hub, creatorId, 0n);
  const seen: bigint[] = [];
  while (seen.length < 80) {
    if (seen.length === 3) await appendTips(db, hub, creatorId, 40);
    expect(events.queued).toBeLessThanOrEqual(10);
    seen.push(...sequencesOf(await take(events, 1)));
  }
  expect(seen).toEqual(range(1, 80));
});

test('a read that the database gives way to is made again; one that it refuses ends the subscription', async () => {
  const { db } = database.current;
  const faults: string[] = [];
  const hub = openHub({ db, notifier: deaf, pollMs: 60_000, report: (fault) => faults.push(fault.doing) });
  const creatorId = await openCreator(db);
  await appendTips(db, hub, creatorId, 2);
  const [patient, refused] = [await subscribeTips(hub, creatorId, 0n), await subscribeTips(hub, creatorId, 1n)];
  const errors = [{ code: '57P01' }, { code: 'ECONNRESET' }].map((fields) => Object.assign(new Error('gone'), fields));
  const query = db.pool.query.bind(db.pool);
  const breaking = (answer: (statement: never) => unknown) => { db.pool.query = answer as never; };
  breaking((statement) => { const error = errors.shift(); return error ? Promise.reject(error) : query(statement); });
  expect(sequencesOf(await take(patient, 2))).toEqual([1n, 2n]);
  expect(faults).toEqual(Array(2).fill(`reading the stream ${creatorId}:tips after 0`));
  breaking(() => Promise.reject(Object.assign(new Error('no such table'), { code: '42P01' })));
  await expect(refused.next()).rejects.toThrow('no such table');
  expect(hub.status).toMatchObject({ readers: 1 });
});

test('ending a subscription while its replay is being read frees it at once', async () => {
  const { db } = database.current;
  const hub = openHub({ db, notifier: deaf });
  const creatorId = await openCreator(db);
  await appendTips(db, hub, creatorId, 2);
  const events = await subscribeTips(hub, creatorId, 0n);
  let answer = () => {};
  const query = db.pool.query.bind(db.pool);
  db.pool.query = (async (statement: never) => {
    await new Promise<void>((resolve) => { answer = resolve; });
    return query(statement);
  }) as never;
  const pending = events.next();
  await eventually(() => hub.status.readers === 1);
  await events.return();
  expect(await pending).toEqual({ done: true, value: undefined });
  answer();
  db.pool.query = query as never;
  await db.query('SELECT 1');
  await eventually(() => db.pool.totalCount === db.pool.idleCount);
  expect(await events.next()).toEqual({ done: true, value: undefined });
  expect([hub.status.streams, events.queued]).toEqual([0, 0]);
});

test('ending a subscription answers the pending read at once and frees everything', async () => {
  const { db } = database.current;
  const hub = openHub({ db });
  const creatorId = await openCreator(db);
  const started = jest.spyOn(globalThis, 'setInterval');
  const stopped = jest.spyOn(globalThis, 'clearInterval');
  const events = await subscribeTips(hub, creatorId, 'HEAD');
  const pending = [events.next(), events.next()];
  expect(await events.return()).toEqual({ done: true, value: undefined });
  expect(await Promise.all(pending)).toEqual([{ done: true, value: undefined }, { done: true, value: undefined }]);
  expect(await events.next()).toEqual({ done: true, value: undefined });
  expect(hub.status).toMatchObject({ streams: 0, readers: 0, watchers: 0 });
  const moves = await hub.watch({ creatorId, topic: 'tips' });
  await appendTips(db, hub, creatorId);
  for await (const head of moves) {
    expect(head).toBe(1n);
    break;
  }
  expect(hub.status).toMatchObject({ streams: 0, readers: 0, watchers: 0 });
  await hub.close();
  const ended = stopped.mock.calls.map(([timer]) => timer);
  expect(started.mock.results.length).toBeGreaterThanOrEqual(3);
  for (const { value } of started.mock.results) expect(ended).toContain(value);
  jest.restoreAllMocks();
  expect(db.pool.totalCount).toBe(db.pool.idleCount);
});

test('a watcher ticks once for all that moved since its last tick', async () => {
  const { db } = database.current;
  const hub = openHub({ db, pollMs: 10 });
  const creatorId = await openCreator(db);
  await appendTips(db, hub, creatorId, 2);
  const moves = await hub.watch({ creatorId, topic: 'tips' });
  let early = true;
  const first = moves.next().then((tick) => {
    expect(early).toBe(false);
    return tick;
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  early = false;
  await appendTips(db, hub, creatorId);
  expect(await first).toEqual({ done: false, value: 3n });
  for (let round = 0; round < 5; round++) await appendTips(db, hub, creatorId);
  expect(await moves.next()).toEqual({ done: false, value: 8n });
  await moves.return!();
  expect(hub.status).toMatchObject({ streams: 0, watchers: 0 });
});

test('closing interrupts readers, so that their clients come back elsewhere, and lets nobody new in', async () => {
  const { db } = database.current;
  const services = new Services().provide(databaseService, db);
  const hub = services.get(eventHubService);
  const creatorId = await openCreator(db);
  const events = await subscribeTips(hub, creatorId, 'HEAD');
  const moves = await hub.watch({ creatorId, topic: 'tips' });
  const pending = [events.next(), moves.next()].map((promise) => promise.catch((error: StreamInterrupted) => error.reason));
  await services.close();
  expect(await Promise.all(pending)).toEqual(['CLOSING', 'CLOSING']);
  await expect(hub.subscribe({ creatorId, topic: 'tips', after: 0n })).rejects.toBeInstanceOf(StreamInterrupted);
  expect(await appendTips(db, hub, creatorId)).toEqual([1n]);
  expect(hub.status).toEqual({ streams: 0, readers: 0, watchers: 0, connected: false });
  expect(db.pool.totalCount).toBe(db.pool.idleCount);
});
