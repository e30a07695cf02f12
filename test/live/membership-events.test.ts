import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { invariants } from '../../src/app.ts';
import { renew } from '../../src/billing/room.ts';
import { encodeCursor, eventHubService } from '../../src/events/room.ts';
import { liveHubService } from '../../src/live/room.ts';
import { expectCleanBooks } from '../support/books.ts';
import { dayMs, hourMs, TestClock } from '../support/clock.ts';
import { eachTestServer, type TestPerson, type TestServer } from '../support/server.ts';
import { statementsOf } from '../support/statements.ts';
import { fundWallet, makeCreator } from '../support/world.ts';
import { connect, countTo, creatorApiId, cursorAt, cut, disconnectAll, settled, until, watch, watchTips, type Watch } from './support.ts';

const noon = '2026-03-10T12:00:00.000Z';
const clock = new TestClock(noon);
const server = eachTestServer({ clock });

afterEach(async () => {
  await disconnectAll();
  clock.moveTo(noon);
  await expectCleanBooks(server.database.db, invariants);
});

const membershipEvents = `subscription ($creatorId: ID!, $after: String) {
  membershipEvents(creatorId: $creatorId, after: $after) {
    cursor sequence kind at
    subscription { id status interval amount { amount } subscriber { displayName } tier { name } pendingChange { kind } }
  }
}`;
const everything = `subscription ($creatorId: ID!, $after: String) {
  membershipEvents(creatorId: $creatorId, after: $after) {
    kind
    subscription {
      creator { handle viewerRole } currentPeriod { start end } nextCharge { amount { amount } at } accessUntil
      charges(first: 1) { totalCount nodes { status amount { amount } } }
    }
  }
}`;

interface Seen {
  readonly cursor: string;
  readonly sequence: string;
  readonly kind: string;
  readonly at: string;
  readonly subscription: any;
}

const memberCursor = (creatorId: string, sequence: bigint) => encodeCursor({ creatorId, topic: 'members', sequence });
const kinds = (watched: Watch<Seen>) => watched.seen.map(({ kind }) => kind);
const numbers = (watched: Watch<Seen>) => watched.seen.map(({ sequence }) => Number(sequence));

/** A page whose owner can sign in. */
async function makePage() {
  const { db } = server.current;
  const [creator, owner] = [await makeCreator(db), await server.current.signUp({ name: 'Owner' })];
  await db.query('UPDATE creator SET owner_id = $1 WHERE id = $2', [owner.personId, creator.id]);
  return { creatorId: creator.id, owner };
}

async function makeFan(cents: number, name = 'Fan'): Promise<TestPerson> {
  const fan = await server.current.signUp({ name });
  if (cents > 0) await fundWallet(server.current.db, fan.personId, BigInt(cents) * 10_000n);
  return fan;
}

function watchMembers(on: TestServer, token: string | undefined, creatorId: string, after: string | null = null): Watch<Seen> {
  return watch<Seen>(connect(on, { token }), membershipEvents, { creatorId: creatorApiId(creatorId), after });
}

const readers = (on: TestServer, count = 1) => until(() => on.services.get(eventHubService).status.readers >= count);

/** Calls a mutation of subscriptions and answers the subscription's id. Fails where it was refused. */
async function act(fan: TestPerson, mutation: string, type: string, input: object, on: TestServer = server.current): Promise<string> {
  const operation = `mutation Act($input: ${type}!) { ${mutation}(input: $input) { subscription { id } errors { code message } } }`;
  const answer = await on.graphql(operation, { input }, fan.token);
  expect([answer.errors, answer.data?.[mutation].errors]).toEqual([undefined, []]);
  return answer.data[mutation].subscription.id;
}

function join(fan: TestPerson, creatorId: string, amount = '0.10', on?: TestServer): Promise<string> {
  const input = { creatorId: creatorApiId(creatorId), amount: { amount, currency: 'USD' }, interval: 'DAY', idempotencyKey: randomUUID() };
  return act(fan, 'subscribe', 'SubscribeInput', input, on);
}

async function change(fan: TestPerson, subscriptionId: string, amount: string): Promise<void> {
  const preview = await server.current.graphql(
    `query Preview($id: ID!, $amount: MoneyInput!) {
      previewSubscription(subscriptionId: $id, amount: $amount) { preview { dueNow { amount currency } pricedAt } errors { message } }
    }`,
    { id: subscriptionId, amount: { amount, currency: 'USD' } },
    fan.token,
  );
  const { dueNow, pricedAt } = preview.data.previewSubscription.preview;
  const input = { subscriptionId, amount: { amount, currency: 'USD' }, expectedDueNow: dueNow, pricedAt, idempotencyKey: randomUUID() };
  await act(fan, 'changeSubscription', 'ChangeSubscriptionInput', input);
}

describe('membershipEvents', () => {
  test('brings the owner everything that becomes of a member, in order, and again to whoever starts from a cursor', async () => {
    const [{ creatorId, owner }, fan] = [await makePage(), await makeFan(50, 'Grace')];
    const watched = watchMembers(server.current, owner.token, creatorId);
    await readers(server.current);
    const run = async (afterMs: number) => {
      clock.pass(afterMs);
      return renew(server.current.services, { asOf: clock.now() });
    };

    const subscriptionId = await join(fan, creatorId); // 40 cents are left
    clock.pass(12 * hourMs);
    await change(fan, subscriptionId, '0.20'); // 35
    await act(fan, 'cancelSubscription', 'SubscriptionInput', { subscriptionId });
    await act(fan, 'resumeSubscription', 'SubscriptionInput', { subscriptionId });
    await run(12 * hourMs); // 15
    await act(fan, 'pauseSubscription', 'PauseSubscriptionInput', { subscriptionId });
    await run(dayMs);
    await act(fan, 'resumeSubscription', 'SubscriptionInput', { subscriptionId });
    await fundWallet(server.current.db, fan.personId, 50_000n);
    await run(0); // 0
    await run(dayMs);
    for (const days of [1, 2, 2, 2]) await run(days * dayMs);

    const expected = ['STARTED', 'CHANGED', 'CANCELED', 'RESUMED', 'RENEWED', 'PAUSED', 'RESUMED', 'RENEWED', 'PAST_DUE', 'ENDED'];
    await until(() => watched.seen.length >= expected.length);
    expect(kinds(watched)).toEqual(expected);
    expect(numbers(watched)).toEqual(countTo(expected.length));
    expect(watched.seen[0]).toEqual({
      cursor: memberCursor(creatorId, 1n), sequence: '1', kind: 'STARTED', at: noon,
      subscription: {
        id: subscriptionId, status: 'ACTIVE', interval: 'DAY', amount: { amount: '0.10' }, subscriber: { displayName: 'Grace' }, tier: null, pendingChange: null,
      },
    });
    expect(watched.seen.map(({ subscription }) => subscription.status)).toEqual([
      'ACTIVE', 'ACTIVE', 'CANCELING', 'ACTIVE', 'ACTIVE', 'PAUSED', 'ACTIVE', 'ACTIVE', 'PAST_DUE', 'ENDED',
    ]);
    expect(watched.seen[2]).toMatchObject({ at: '2026-03-11T00:00:00.000Z', subscription: { amount: { amount: '0.20' }, pendingChange: { kind: 'CANCEL' } } });

    const again = watchMembers(server.current, owner.token, creatorId, watched.seen[3]!.cursor);
    await until(() => again.seen.length === expected.length - 4);
    expect(again.seen.map(({ cursor, kind, at }) => [cursor, kind, at])).toEqual(watched.seen.slice(4).map(({ cursor, kind, at }) => [cursor, kind, at]));
    // What is replayed is shown as it is now.
    expect(new Set(again.seen.map(({ subscription }) => subscription.status))).toEqual(new Set(['ENDED']));
  });

  test.each([
    ['a stranger', 'FORBIDDEN', 'STRANGER', (id: string) => ({ creatorId: creatorApiId(id), after: null })],
    ['a member', 'FORBIDDEN', 'FAN', (id: string) => ({ creatorId: creatorApiId(id), after: null })],
    ['nobody in particular', 'FORBIDDEN', null, (id: string) => ({ creatorId: creatorApiId(id), after: null })],
    ['an unknown creator', 'NOT_FOUND', 'OWNER', () => ({ creatorId: creatorApiId('01900000-0000-7000-8000-000000000000'), after: null })],
    ['a malformed cursor', 'CURSOR_INVALID', 'OWNER', (id: string) => ({ creatorId: creatorApiId(id), after: 'yesterday' })],
    ['a cursor of the tips', 'CURSOR_INVALID', 'OWNER', (id: string) => ({ creatorId: creatorApiId(id), after: cursorAt(id, 0n) })],
    ['a cursor ahead of the stream', 'CURSOR_INVALID', 'OWNER', (id: string) => ({ creatorId: creatorApiId(id), after: memberCursor(id, 2n) })],
  ] as const)('refuses %s with a final error, and leaves the socket open', async (_, code, who, variables) => {
    const [{ creatorId, owner }, fan, stranger] = [await makePage(), await makeFan(100), await makeFan(0)];
    await join(fan, creatorId);
    const closes: number[] = [];
    const token = who && { OWNER: owner, FAN: fan, STRANGER: stranger }[who].token;
    const client = connect(server.current, { token: token ?? undefined, onClose: (closed) => closes.push(closed) });
    watchTips(client, creatorId);
    await readers(server.current);
    const refused = watch(client, membershipEvents, variables(creatorId));
    await until(() => refused.failure !== undefined);
    expect(refused.failure).toMatchObject([{ extensions: { code } }]);
    expect([refused.seen, closes]).toEqual([[], []]);
  });

  test('brings events of another process, the same as its own', async () => {
    const [{ creatorId, owner }, other] = [await makePage(), await server.another()];
    const [here, there] = [watchMembers(server.current, owner.token, creatorId), watchMembers(other, owner.token, creatorId)];
    await Promise.all([readers(server.current), readers(other)]);
    const fans = await Promise.all(countTo(20).map((n) => makeFan(10, `Fan ${n}`)));
    await Promise.all(fans.map((fan, index) => join(fan, creatorId, '0.10', index % 2 ? other : server.current)));
    await until(() => here.seen.length === 20 && there.seen.length === 20);
    expect(numbers(here)).toEqual(countTo(20));
    expect(there.seen).toEqual(here.seen);
  });

  test('an owner\'s sockets share one execution an event, and may select every field of the micro-subscription', async () => {
    const [{ creatorId, owner }, fan] = [await makePage(), await makeFan(100)];
    const hub = server.current.services.get(liveHubService);
    const all = [1, 2, 3].map(() => watch(connect(server.current, { token: owner.token }), everything, { creatorId: creatorApiId(creatorId) }));
    await settled(server.current, 3, 1);
    await join(fan, creatorId);
    await until(() => all.every(({ seen }) => seen.length === 1));
    expect(hub.status.executions).toBe(1);
    for (const { results } of all) expect(results.flatMap(({ errors }) => errors ?? [])).toEqual([]);
    expect(all[0]!.seen[0]).toEqual({
      kind: 'STARTED',
      subscription: {
        creator: { handle: expect.stringMatching(/^page_/), viewerRole: 'OWNER' },
        currentPeriod: { start: noon, end: '2026-03-11T12:00:00.000Z' },
        nextCharge: { amount: { amount: '0.10' }, at: '2026-03-11T12:00:00.000Z' },
        accessUntil: '2026-03-11T12:00:00.000Z',
        charges: { totalCount: 1, nodes: [{ status: 'SUCCEEDED', amount: { amount: '0.10' } }] },
      },
    });
  });

  test.each([['before it', 'membersCursor subscribers { nodes { id } }'], ['behind it', 'subscribers { nodes { id } } membersCursor']])(
    'nobody is lost between the list of subscribers and the events after the cursor that was asked for %s',
    async (_, fields) => {
      const [{ creatorId, owner }, fan] = [await makePage(), await makeFan(100)];
      const first = await join(fan, creatorId);
      const source = `query ($id: ID!) { node(id: $id) { ... on Creator { dashboard { ${fields} stats { activeSubscribers } } } } }`;
      const read = async () => (await server.current.graphql(source, { id: creatorApiId(creatorId) }, owner.token)).data.node.dashboard;
      const texts = await statementsOf(read);
      expect(texts.findIndex((text) => text.includes('FROM subscription s'))).toBeGreaterThan(texts.findIndex((text) => text.includes('JOIN stream s')));
      expect(texts.findIndex((text) => text.includes('FROM membership_day'))).toBeGreaterThan(texts.findIndex((text) => text.includes('JOIN stream s')));
      expect(texts.filter((text) => text.includes('JOIN stream s'))).toHaveLength(1);

      const { membersCursor, subscribers } = await read();
      expect([membersCursor, subscribers.nodes]).toEqual([memberCursor(creatorId, 1n), [{ id: first }]]);
      const second = await join(await makeFan(100), creatorId);
      const watched = watchMembers(server.current, owner.token, creatorId, membersCursor);
      await readers(server.current);
      const third = await join(await makeFan(100), creatorId);
      await until(() => watched.seen.length >= 2);
      expect(watched.seen.map(({ kind, subscription }) => [kind, subscription.id])).toEqual([['STARTED', second], ['STARTED', third]]);
    },
  );

  test('the members\' cursor is the owner\'s alone, and the tips\' is refused', async () => {
    const [{ creatorId, owner }, fan] = [await makePage(), await makeFan(100)];
    const source = 'query ($id: ID!) { node(id: $id) { ... on Creator { liveCursor dashboard { membersCursor } } } }';
    const asked = await server.current.graphql(source, { id: creatorApiId(creatorId) }, fan.token);
    expect([asked.data.node.dashboard, asked.errors?.map(({ extensions }) => extensions.code)]).toEqual([null, ['FORBIDDEN']]);
    const refused = watchMembers(server.current, owner.token, creatorId, asked.data.node.liveCursor);
    await until(() => refused.failure !== undefined);
    expect(refused.failure).toMatchObject([{ extensions: { code: 'CURSOR_INVALID' } }]);
  });

  test('a replay reads its subscriptions together', async () => {
    const { creatorId, owner } = await makePage();
    for (let n = 0; n < 12; n++) await join(await makeFan(10), creatorId);
    const texts = await statementsOf(async () => {
      const watched = watchMembers(server.current, owner.token, creatorId, memberCursor(creatorId, 0n));
      await until(() => watched.seen.length === 12);
    });
    expect(texts.filter((text) => text.includes('FROM subscription s')).length).toBe(1);
  });

  test('each event comes once and in order although the socket is cut again and again, while fans join and leave and renewals run', async () => {
    const [{ creatorId, owner }, other] = [await makePage(), await server.another()];
    let closes = 0;
    const client = connect(server.current, { token: owner.token, onClose: () => closes++ });
    const watched = watch<Seen>(client, membershipEvents, { creatorId: creatorApiId(creatorId), after: memberCursor(creatorId, 0n) });
    let isCutting = true;
    const cutting = (async () => {
      while (isCutting) {
        const before = watched.seen.length;
        await until(() => watched.seen.length > before || !isCutting);
        cut(client);
      }
    })();
    const fans = await Promise.all(countTo(24).map((n) => makeFan(100, `Fan ${n}`)));
    for (let round = 0; round < 3; round++) {
      await Promise.all(fans.slice(round * 8, round * 8 + 8).map(async (fan, index) => {
        const on = index % 2 ? other : server.current;
        const subscriptionId = await join(fan, creatorId, '0.10', on);
        if (index % 3 === 0) await act(fan, 'cancelSubscription', 'SubscriptionInput', { subscriptionId }, on);
      }));
      clock.pass(dayMs);
      await Promise.all([server.current, other].map(({ services }) => renew(services, { asOf: clock.now(), batch: 2 })));
    }
    isCutting = false;
    await cutting;
    const stored = await server.database.db.query<{ sequence: bigint; kind: string }>(
      `SELECT sequence, kind FROM stream_event WHERE creator_id = $1 AND topic = 'members' ORDER BY sequence`, [creatorId],
    );
    await until(() => watched.seen.length >= stored.length);
    expect(watched.seen.map(({ sequence, kind }) => `${sequence} ${kind}`)).toEqual(stored.map(({ sequence, kind }) => `${sequence} ${kind}`));
    expect(closes).toBeGreaterThanOrEqual(10);
    expect(stored.length).toBeGreaterThan(60);
  });
});
