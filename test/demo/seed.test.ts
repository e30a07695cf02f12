import { expect, test } from '@jest/globals';
import { createApp, invariants } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { systemClock, type Database } from '../../src/database/room.ts';
import { DemoClock, DemoError, demoState, introduceDemo, seedDemo } from '../../src/demo/room.ts';
import { signUp } from '../../src/identity/room.ts';
import { createLog } from '../../src/server/room.ts';
import { expectCleanBooks } from '../support/books.ts';
import { eachTestDatabase } from '../support/database.ts';

const database = eachTestDatabase();
const config = readConfig({ AUTH_SECRET: 'a secret of the tests, long enough' });
const log = createLog('silent');

async function withApp<T>(db: Database, work: (app: ReturnType<typeof createApp>, clock: DemoClock) => Promise<T>): Promise<T> {
  const clock = new DemoClock();
  const app = createApp({ config, database: db, log, clock });
  try {
    return await work(app, clock);
  } finally {
    await app.stop();
  }
}

const seed = (db: Database) => withApp(db, ({ services }, clock) => seedDemo(services, clock));

/** How many rows each of the tables that matter has. */
async function sizes(db: Database): Promise<Record<string, bigint>> {
  const tables = ['person', 'creator', 'tier', 'goal', 'top_up', 'tip', 'posting', 'entry', 'stream_event', 'account'];
  const counts = await Promise.all(tables.map((table) => db.query<{ count: bigint }>(`SELECT count(*) FROM ${table}`)));
  return Object.fromEntries(tables.map((table, index) => [table, counts[index]![0]!.count]));
}

test('the demo data keeps every rule, and a second seed changes nothing', async () => {
  const { db } = database.current;
  expect(await demoState(db)).toBe('NONE');
  expect(await seed(db)).toEqual({ creators: 4, fans: 6, tips: 64 });
  const first = await sizes(db);
  expect(first).toMatchObject({ person: 10n, creator: 4n, tier: 7n, goal: 4n, top_up: 18n, tip: 64n, stream_event: 64n + 18n });
  expect(await demoState(db)).toBe('COMPLETE');
  await seed(db);
  expect(await sizes(db)).toEqual(first);
  await expectCleanBooks(db, invariants);
});

test('it is varied: currencies, fractions of a cent, many scripts, anonymous tips, goals that moved', async () => {
  const { db } = database.current;
  await seed(db);
  const [tips] = await db.query<Record<string, unknown>>(
    `SELECT count(DISTINCT currency)::int AS currencies, min(amount_micros) AS smallest, count(*) FILTER (WHERE is_anonymous)::int > 2 AS anonymous,
       count(*) FILTER (WHERE message ~ '[ぁ-ん]')::int > 0 AS japanese, count(*) FILTER (WHERE message LIKE '%🎉%')::int > 0 AS emoji,
       count(DISTINCT sender_id)::int AS senders, count(DISTINCT creator_id)::int AS creators FROM tip`,
  );
  expect(tips).toEqual({ currencies: 3, smallest: 1n, anonymous: true, japanese: true, emoji: true, senders: 6, creators: 4 });
  const goals = await db.query<{ raised: bigint }>('SELECT raised_micros AS raised FROM goal');
  expect(goals.every(({ raised }) => raised > 0n)).toBe(true);
});

test('its tips lie in the last weeks, each stream in the order of time', async () => {
  const { db } = database.current;
  await seed(db);
  const [span] = await db.query<{ firstDays: number; lastMinutes: number }>(
    `SELECT (extract(epoch FROM now() - min(created_at)) / 86400)::float AS "firstDays",
       (extract(epoch FROM now() - max(created_at)) / 60)::float AS "lastMinutes" FROM tip`,
  );
  expect(span!.firstDays).toBeGreaterThan(30);
  expect(span!.lastMinutes).toBeLessThan(60);
  const backwards = await db.query(
    `SELECT * FROM (SELECT event.sequence, tip.created_at, lag(tip.created_at) OVER (PARTITION BY event.creator_id ORDER BY event.sequence) AS before
       FROM stream_event event JOIN tip ON tip.id = event.subject_id WHERE event.topic = 'tips') AS ordered WHERE created_at < before`,
  );
  expect(backwards).toEqual([]);
});

test.each([3, 20, 31, 60, 90])('a seed that is cut off at commit %i is finished by the next one', async (cutAt) => {
  const { db } = database.current;
  let commits = 0;
  db.failpoint = (name) => {
    if (name === 'before-commit' && ++commits === cutAt) throw new Error('cut off');
  };
  await expect(seed(db)).rejects.toThrow('cut off');
  expect(await demoState(db)).toBe('BEGUN');
  expect(await withApp(db, ({ services }) => introduceDemo(services))).toBeNull();
  db.failpoint = () => {};
  await seed(db);
  expect(await sizes(db)).toMatchObject({ person: 10n, creator: 4n, tier: 7n, goal: 4n, top_up: 18n, tip: 64n });
  await expectCleanBooks(db, invariants);
});

test('two processes that seed at once make one demo', async () => {
  const other = await database.current.connect();
  await Promise.all([seed(database.current.db), seed(other)]);
  expect(await sizes(other)).toMatchObject({ person: 10n, creator: 4n, tip: 64n });
  await expectCleanBooks(other, invariants);
});

test('an account that somebody else made under a demo name is left alone, and makes no demo', async () => {
  const { db } = database.current;
  const app = createApp({ config, database: db, log, clock: systemClock });
  await signUp(app.services, { email: 'nova@creators.example', password: 'not the known one', name: 'Somebody' });
  await app.stop();
  expect(await demoState(db)).toBe('NONE');
  await expect(seed(db)).rejects.toThrow(new DemoError('The account nova@creators.example is there already, with another password than the demo\'s: the demo cannot use it.'));
});

test('the introduction signs in a fan and the creator', async () => {
  const { db } = database.current;
  await seed(db);
  const introduced = await withApp(db, ({ services }) => introduceDemo(services));
  expect(introduced).toMatchObject({
    creator: { id: expect.stringMatching(/^cre_/), handle: 'nova', displayName: 'Nova Builds', currency: 'USD' },
    fan: { email: 'ada@fans.example', token: expect.any(String) },
    owner: { email: 'nova@creators.example', token: expect.any(String) },
  });
});
