import { expect, test } from '@jest/globals';
import pg from 'pg';
import { newId, transaction, type Database } from '../../src/database/room.ts';
import { openStreams, type Fault, type Notifier, type StreamHead } from '../../src/events/room.ts';
import { PostgresNotifier } from '../../src/events/postgres-notifier.ts';
import { eachTestDatabase } from '../support/database.ts';
import { appendTips, deaf, eachTestHubs, eventually, openCreator, range, readUntil, subscribeTips, take, tipsOf } from './support.ts';

const openHub = eachTestHubs();
const database = eachTestDatabase();
const never = 3_600_000;

test('what one process appends reaches the subscribers of another by NOTIFY alone', async () => {
  const { db, connect } = database.current;
  const here = openHub({ db, pollMs: never });
  const there = openHub({ db: await connect(), pollMs: never });
  const creatorId = await openCreator(db);
  const events = await subscribeTips(there, creatorId, 'HEAD');
  const moves = await there.watch({ creatorId, topic: 'tips' });
  await eventually(() => there.status.connected);
  await transaction(db, (tx) => here.append(tx, [{ ...tipsOf(creatorId, 1)[0]!, payload: 'stays here' }]));
  expect(await take(events, 1)).toMatchObject([{ sequence: 1n, kind: 'TIP_SENT' }]);
  expect(await moves.next()).toEqual({ done: false, value: 1n });
  const all = readUntil(events, 201n);
  for (let round = 0; round < 100; round++) await appendTips(db, here, creatorId, 2);
  expect(await all).toEqual(range(2, 201));
});

test('with every hint lost, the reads of the heads bring everything within a second and a page', async () => {
  const { db, connect } = database.current;
  const here = openHub({ db, notifier: deaf });
  const there = openHub({ db: await connect(), notifier: deaf });
  const [ada, ben] = [await openCreator(db), await openCreator(db)];
  const [adas, bens] = [await subscribeTips(there, ada, 0n), await subscribeTips(there, ben, 'HEAD')];
  const moves = await there.watch({ creatorId: ben, topic: 'tips' });
  for (let round = 0; round < 10; round++) await appendTips(db, here, ada, 5);
  await appendTips(db, here, ben, 1);
  const committedAt = Date.now();
  expect(await readUntil(adas, 50n)).toEqual(range(1, 50));
  expect(await readUntil(bens, 1n)).toEqual([1n]);
  expect(await moves.next()).toEqual({ done: false, value: 1n });
  expect(Date.now() - committedAt).toBeLessThan(2_000);
});

test('the heads of all streams that are served are read in one statement', async () => {
  const { db } = database.current;
  const creators = await Promise.all(Array.from({ length: 30 }, () => openCreator(db)));
  const hub = openHub({ db, notifier: deaf, pollMs: 100 });
  await Promise.all(creators.map((creatorId) => subscribeTips(hub, creatorId, 'HEAD')));
  const asked = countQueries(db);
  await new Promise((resolve) => setTimeout(resolve, 550));
  expect(asked.count).toBeGreaterThanOrEqual(3);
  expect(asked.count).toBeLessThanOrEqual(6);
});

test('heads are not asked for again while the database still owes an answer', async () => {
  const { db } = database.current;
  const hub = openHub({ db, notifier: deaf, pollMs: 20 });
  await subscribeTips(hub, await openCreator(db), 'HEAD');
  let asked = 0;
  let answer = () => {};
  const query = db.pool.query.bind(db.pool);
  db.pool.query = (async (statement: never) => {
    asked++;
    await new Promise<void>((resolve) => { answer = resolve; });
    return query(statement);
  }) as never;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(asked).toBe(1);
  answer();
  await eventually(() => asked === 2);
  db.pool.query = query as never;
  answer();
});

test('a process does not hear itself', async () => {
  const { db, connect } = database.current;
  const heardHere: StreamHead[] = [];
  const heardThere: StreamHead[] = [];
  const [here, there] = [notifier(db, heardHere), notifier(await connect(), heardThere)];
  await eventually(() => here.connected && there.connected);
  const head = { creatorId: newId(), topic: 'tips' as const, head: 7n };
  here.tell([head]);
  await eventually(() => heardThere.length > 0);
  expect(heardThere).toEqual([head]);
  expect(heardHere).toEqual([]);
  await Promise.all([here.close(), there.close()]);
});

test('moves are told together: one NOTIFY in flight, the next with the last head of each stream, split to fit', async () => {
  const { db, connect, ownerUrl } = database.current;
  const heard: StreamHead[] = [];
  const [here, there] = [notifier(db, []), notifier(await connect(), heard)];
  await eventually(() => here.connected && there.connected);
  const listener = new pg.Client({ connectionString: ownerUrl });
  await listener.connect();
  await listener.query('LISTEN farthing_streams');
  const payloads: string[] = [];
  listener.on('notification', (message) => payloads.push(message.payload!));
  const creators = Array.from({ length: 1_000 }, () => newId());
  here.tell([{ creatorId: creators[0]!, topic: 'tips', head: 1n }]);
  for (let head = 1n; head <= 50n; head++) here.tell(creators.map((creatorId) => ({ creatorId, topic: 'members' as const, head: 2n ** 62n + head })));
  await eventually(() => heard.length >= 1_001 && payloads.length >= 11);
  expect(heard.slice(1)).toEqual(creators.map((creatorId) => ({ creatorId, topic: 'members', head: 2n ** 62n + 50n })));
  expect(payloads).toHaveLength(11);
  expect(Math.max(...payloads.map((payload) => payload.length))).toBeLessThan(8_000);
  await listener.end();
  await Promise.all([here.close(), there.close()]);
});

test('what is still to be told when a process stops is told', async () => {
  const { db, connect } = database.current;
  const heard: StreamHead[] = [];
  const there = notifier(await connect(), heard);
  await eventually(() => there.connected);
  const here = notifier(db, []);
  const heads = [1n, 2n, 3n].map((head) => ({ creatorId: newId(), topic: 'alerts' as const, head }));
  // These wait for the connection when the end comes; of the later ones, one is in flight and two wait for it.
  for (const head of heads) here.tell([head]);
  await here.close();
  await eventually(() => heard.length >= 3);
  const late = notifier(db, []);
  await eventually(() => late.connected);
  for (const head of heads) late.tell([head]);
  await late.close();
  await eventually(() => heard.length >= 6);
  expect(heard).toEqual([...heads, ...heads]);
  await there.close();
});

test('messages that are not ours to read are passed over', async () => {
  const { db } = database.current;
  const heard: StreamHead[] = [];
  const here = notifier(db, heard);
  await eventually(() => here.connected);
  const id = newId();
  const payload = ['', 'nonsense', `${id}:tips`, `${id}:tips:-1`, `${id}:songs:1`, `${id.toUpperCase()}x:tips:1`, `${id}:tips:99999999999999999999`, `${id}:tips:5`].join(',');
  await db.query('SELECT pg_notify($1, $2)', ['farthing_streams', payload]);
  await eventually(() => heard.length > 0);
  expect(heard).toEqual([{ creatorId: id, topic: 'tips', head: 5n }]);
  await here.close();
});

test('a LISTEN connection that is killed is opened again, and hints come again', async () => {
  const { db, connect } = database.current;
  const faults: Fault[] = [];
  const here = openHub({ db, pollMs: never });
  const there = openHub({ db: await connect(), pollMs: never, report: (fault) => faults.push(fault) });
  const creatorId = await openCreator(db);
  const events = await subscribeTips(there, creatorId, 'HEAD');
  for (let round = 1n; round <= 3n; round++) {
    await eventually(() => there.status.connected);
    await killListeners(db);
    await eventually(() => !there.status.connected || faults.length >= Number(round));
    await eventually(() => there.status.connected);
    await appendTips(db, here, creatorId, 1);
    expect(await readUntil(events, round)).toEqual([round]);
  }
  expect(faults.map((fault) => fault.doing)).toEqual(Array(faults.length).fill('listening for moved streams'));
});

test('subscriptions outlive a database that drops every connection for a while', async () => {
  const { db, connect } = database.current;
  const here = openHub({ db, pollMs: 100 });
  const there = openHub({ db: await connect(), pollMs: 100, pageSize: 10 });
  const creatorId = await openCreator(db);
  const events = await subscribeTips(there, creatorId, 0n);
  const seen = readUntil(events, 200n);
  let killing = true;
  const killer = (async () => {
    while (killing) {
      await killAll();
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  })();
  for (let round = 0; round < 100; round++) {
    // Here a lost COMMIT must not run twice, so each round asks what stands first, as keyed work does.
    await transaction(db, async (tx) => {
      const [row] = await tx.query<{ head: bigint }>("SELECT head FROM stream WHERE creator_id = $1 AND topic = 'tips' FOR NO KEY UPDATE", [creatorId]);
      if (row!.head === BigInt(round * 2)) await here.append(tx, tipsOf(creatorId, 2));
    }, { rerunLostCommit: true, attempts: 40 });
    if (round === 60) killing = false;
  }
  await killer;
  expect(await seen).toEqual(range(1, 200));
});

test('a thousand readers who come back at once share their reads and leave the pool to others', async () => {
  const { db } = database.current;
  const hub = openHub({ db, notifier: deaf, pollMs: never });
  const creatorId = await openCreator(db);
  await appendTips(db, hub, creatorId, 20);
  const asked = countQueries(db);
  let mostWaiting = 0;
  const watching = setInterval(() => { mostWaiting = Math.max(mostWaiting, db.pool.waitingCount); }, 1);
  const readers = await Promise.all(Array.from({ length: 1_000 }, (_, number) => subscribeTips(hub, creatorId, BigInt(number % 20))));
  const seen = await Promise.all(readers.map((events) => readUntil(events, 20n)));
  clearInterval(watching);
  seen.forEach((sequences, number) => expect(sequences).toEqual(range((number % 20) + 1, 20)));
  expect(asked.count).toBeLessThanOrEqual(30);
  expect(mostWaiting).toBe(0);
});

test('readers that are up to date share the read of what another process appended', async () => {
  const { db, connect } = database.current;
  const here = openHub({ db, pollMs: never });
  const other = await connect();
  const there = openHub({ db: other, pollMs: never });
  const creatorId = await openCreator(db);
  const readers = await Promise.all(Array.from({ length: 300 }, () => subscribeTips(there, creatorId, 'HEAD')));
  await eventually(() => there.status.connected);
  const asked = countQueries(other);
  for (let round = 1n; round <= 5n; round++) {
    const seen = Promise.all(readers.map((events) => readUntil(events, round)));
    await appendTips(db, here, creatorId);
    expect(await seen).toEqual(Array.from({ length: 300 }, () => [round]));
  }
  expect(asked.count).toBe(5);
});

test('a creator whose streams are opened after the subscription is served too', async () => {
  const { db } = database.current;
  const hub = openHub({ db });
  const creatorId = newId();
  const events = await subscribeTips(hub, creatorId, 0n);
  await transaction(db, (tx) => openStreams(tx, creatorId));
  await appendTips(db, hub, creatorId, 2);
  expect(await readUntil(events, 2n)).toEqual([1n, 2n]);
});

function notifier(db: Database, heard: StreamHead[]): Notifier {
  const made = new PostgresNotifier(db, () => {});
  made.start((heads) => heard.push(...heads));
  return made;
}

function countQueries(db: Database): { count: number } {
  const asked = { count: 0 };
  const query = db.pool.query.bind(db.pool);
  db.pool.query = ((statement: never) => {
    asked.count++;
    return query(statement);
  }) as never;
  return asked;
}

/** The last statement of a connection that only listens is its LISTEN; the one that also told something ends with pg_notify. */
async function killListeners(db: Database): Promise<void> {
  await asOwner(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN %'`);
  await db.query('SELECT 1');
}

async function killAll(): Promise<void> {
  await asOwner('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()');
}

async function asOwner(statement: string): Promise<void> {
  const owner = new pg.Client({ connectionString: database.current.ownerUrl });
  await owner.connect();
  await owner.query(statement);
  await owner.end();
}
