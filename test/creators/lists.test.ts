import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { recordTips } from '../../src/creators/room.ts';
import { moveCounters, newId, transaction } from '../../src/database/room.ts';
import { decodeCursor } from '../../src/events/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { Api, expectClean, schema, statementsOf } from './support.ts';

const database = eachTestDatabase();

const usd = (amount: string) => ({ amount, currency: 'USD' });

const wide = `query ($first: Int) {
  creators(first: $first) {
    totalCount
    nodes {
      handle memberCount
      tiers(first: 2) { totalCount nodes { name price { amount } creator { handle } } pageInfo { hasNextPage } }
      goals { title raised { amount } }
      topTippers { displayName total { amount } }
      week: topTippers(period: WEEK) { displayName total { amount } }
      liveCursor
    }
  }
}`;

test('a list of 20 creators with everything on them costs as many statements as one creator', async () => {
  const { db } = database.current;
  const api = new Api(db);
  for (let index = 0; index < 20; index++) {
    const { personId, uuid } = await api.page(`maker_${index}`);
    for (const name of ['A', 'B', 'C']) await api.mutate(personId, 'createTier', { name: `${name}${index}`, price: usd('1') }, 'tier { id }');
    await api.mutate(personId, 'createGoal', { title: `G${index}`, target: usd('5') }, 'goal { id }');
    const tip = { tipId: newId(), creatorId: uuid, tipperId: personId, displayName: `Fan ${index}`, amountMicros: BigInt(index + 1) * 10_000n, currency: 'USD', createdAt: new Date() };
    await transaction(db, async (tx) => {
      await moveCounters(tx, [{ ownerId: uuid, name: 'members', by: index }]);
      await recordTips(tx, [tip]);
    });
  }
  let answer: any;
  const statements = await statementsOf(async () => { answer = await api.run(null, wide, { first: 20 }); });
  expect(answer.codes).toEqual([]);
  expect(answer.data.creators.totalCount).toBe(20);
  expect(answer.data.creators.nodes).toEqual(Array.from({ length: 20 }, (_, place) => {
    const index = 19 - place;
    const total = (index + 1 < 10 ? '0.0' : '0.') + (index + 1);
    const fan = { displayName: `Fan ${index}`, total: { amount: total.padEnd(4, '0') } };
    const creator = { handle: `maker_${index}` };
    return {
      ...creator,
      memberCount: index,
      tiers: { totalCount: 3, nodes: [{ name: `A${index}`, price: { amount: '1.00' }, creator }, { name: `B${index}`, price: { amount: '1.00' }, creator }], pageInfo: { hasNextPage: true } },
      goals: [{ title: `G${index}`, raised: { amount: fan.total.amount } }],
      topTippers: [fan],
      week: [fan],
      liveCursor: expect.any(String),
    };
  }));
  const one = await statementsOf(() => api.run(null, wide, { first: 1 }));
  // The page, its count, members, heads, tiers, their count, goals, and two tables of fans.
  expect(statements).toHaveLength(9);
  expect(one).toHaveLength(9);
  await expectClean(db);
});

const around = '{ creator(handle: "linus") { topTippers { displayName } goals { title } liveCursor } }';
const apart = `
  { a: creator(handle: "linus") { ...lists } b: creator(handle: "LINUS") { ...cursor } }
  fragment lists on Creator { goals { title } topTippers { displayName } }
  fragment cursor on Creator { liveCursor }`;

test.each([['in one selection', around], ['in fragments of two selections', apart]])('liveCursor is read before any list, %s', async (_, source) => {
  const api = new Api(database.current.db);
  await api.page('linus');
  const compiled = compileQuery(schema, parse(source));
  if (!isCompiledQuery(compiled)) throw new Error('The query did not compile.');
  const runs = [() => api.run(null, source), async () => {
    const { errors } = await compiled.query(undefined, api.context(null), {});
    if (errors) throw errors[0];
  }];
  for (const run of runs) {
    const statements = await statementsOf(run);
    const place = (table: string) => statements.findIndex((text) => text.includes(table));
    expect(place('stream')).toBeGreaterThan(0);
    expect(place('FROM goal')).toBeGreaterThan(place('stream'));
    expect(place('supporter_total')).toBeGreaterThan(place('stream'));
    expect(statements.filter((text) => text.includes('stream'))).toHaveLength(1);
  }
});

test('an operation without liveCursor reads no head', async () => {
  const api = new Api(database.current.db);
  await api.page('linus');
  const statements = await statementsOf(() => api.run(null, '{ creator(handle: "linus") { goals { title } topTippers { displayName } } }'));
  expect(statements).toHaveLength(3);
  expect(statements.filter((text) => text.includes('stream'))).toEqual([]);
});

test('liveCursor is the place of the last tip in the stream', async () => {
  const { db } = database.current;
  const api = new Api(db);
  const { uuid } = await api.page('linus');
  await db.query(`UPDATE stream SET head = 41 WHERE creator_id = $1 AND topic = 'tips'`, [uuid]);
  const { data } = await api.run(null, '{ creator(handle: "linus") { liveCursor } }');
  expect(decodeCursor(data.creator.liveCursor, { creatorId: uuid, topic: 'tips' })).toBe(41n);
});

test('pages of tiers hold while tiers are added and archived', async () => {
  const api = new Api(database.current.db);
  const { personId } = await api.page('linus');
  const ids: string[] = [];
  for (let index = 0; index < 5; index++) ids.push((await api.mutate(personId, 'createTier', { name: `T${index}`, price: usd('1') }, 'tier { id }')).tier.id);
  const page = async (after: string | null) =>
    (await api.run(null, 'query ($after: String) { creator(handle: "linus") { tiers(first: 2, after: $after) { totalCount nodes { name } pageInfo { endCursor hasNextPage hasPreviousPage } } } }', { after })).data.creator.tiers;
  const first = await page(null);
  expect(first).toMatchObject({ totalCount: 5, nodes: [{ name: 'T0' }, { name: 'T1' }], pageInfo: { hasNextPage: true, hasPreviousPage: false } });
  await api.mutate(personId, 'archiveTier', { tierId: ids[1] }, 'tier { id }');
  await api.mutate(personId, 'createTier', { name: 'T5', price: usd('1') }, 'tier { id }');
  const second = await page(first.pageInfo.endCursor);
  expect(second).toMatchObject({ totalCount: 5, nodes: [{ name: 'T2' }, { name: 'T3' }], pageInfo: { hasNextPage: true, hasPreviousPage: true } });
  expect(await page(second.pageInfo.endCursor)).toMatchObject({ nodes: [{ name: 'T4' }, { name: 'T5' }], pageInfo: { hasNextPage: false } });
  expect((await api.run(null, '{ creator(handle: "linus") { tiers(after: "x") { totalCount } } }')).codes).toEqual(['CURSOR_INVALID']);
  expect((await api.run(null, '{ creator(handle: "linus") { tiers(first: 101) { totalCount } topTippers(first: 0) { displayName } } }')).codes)
    .toEqual(['BAD_USER_INPUT']);
});

test('one request that changes and then reads sees its change', async () => {
  const api = new Api(database.current.db);
  const { personId } = await api.page('linus');
  const { data, codes } = await api.run(personId, `mutation {
    a: createTier(input: {name: "A", price: {amount: "1", currency: "USD"}}) { tier { creator { displayName tiers { totalCount nodes { name } } } } }
    b: updateCreator(input: {displayName: "New"}) { creator { displayName } }
    c: createTier(input: {name: "B", price: {amount: "1", currency: "USD"}}) { tier { creator { displayName tiers { totalCount nodes { name } } } } }
  }`);
  expect(codes).toEqual([]);
  expect(data.a.tier.creator).toEqual({ displayName: 'linus', tiers: { totalCount: 1, nodes: [{ name: 'A' }] } });
  expect(data.c.tier.creator).toEqual({ displayName: 'New', tiers: { totalCount: 2, nodes: [{ name: 'A' }, { name: 'B' }] } });
});
