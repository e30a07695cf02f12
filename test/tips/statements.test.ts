import { expect, test } from '@jest/globals';
import { createGoal, createTier } from '../../src/creators/room.ts';
import { tipSenderService } from '../../src/tips/room.ts';
import { statementsOf } from '../creators/support.ts';
import { eachTestServer } from '../support/server.ts';
import { makeCreator } from '../support/world.ts';
import { topUp } from '../wallets/support.ts';
import { newFan, newPage, sendTipOperation, sent, tipInput, type HttpFan } from './http.ts';
import { expectCleanTips, wish } from './support.ts';

const server = eachTestServer();

const creatorsOperation = `
  query ($first: Int!) {
    creators(first: $first) {
      totalCount
      nodes {
        id handle memberCount liveCursor viewerRole tipSettings { minimum { amount } }
        tiers { totalCount nodes { id name price { amount } remaining creator { handle } } }
        goals { id title raised { amount } reachedAt }
        topTippers { displayName total { amount } }
        tips(first: 20) {
          totalCount
          nodes { id displayName message amount { amount } fee { amount } net { amount } creator { handle } }
        }
      }
    }
  }`;

const viewerOperation = `
  query ($first: Int!) {
    viewer {
      id displayName
      creator { id }
      wallets { id balance { amount } entries(first: $first) { nodes { amount { amount } balanceAfter { amount } cause { __typename ... on Tip { message creator { handle } } ... on TopUp { status } } } } }
      tips(first: $first) { totalCount nodes { id fee { amount } creator { handle } } }
      topUps(first: $first) { totalCount nodes { id status } }
    }
  }`;

/** Twenty pages with three tiers, two goals and twenty tips each, all by one fan. */
async function scene(): Promise<HttpFan> {
  const { current } = server;
  const fan = await newFan(current, { micros: 1_000_000_000n });
  const sender = current.services.get(tipSenderService);
  for (let n = 0; n < 20; n++) {
    const { id, ownerId } = await makeCreator(current.db);
    for (const name of ['Bronze', 'Silver', 'Gold']) await createTier(current.services, ownerId, { name, price: { amount: '1', currency: 'USD' }, interval: 'MONTH' as never });
    for (const title of ['A camera', 'A chair']) await createGoal(current.services, ownerId, { title, target: { amount: '1', currency: 'USD' } });
    await Promise.all(Array.from({ length: 20 }, () => sender.send(wish({ senderId: fan.personId, creatorId: id, amountMicros: 10_000n, message: 'Hello' }))));
  }
  return fan;
}

/** Credentials are remembered for seconds, and processes tell each other of tips, whenever it is: neither belongs to an operation. */
const besides = /auth\.session|pg_notify|^LISTEN|pg_backend_pid/;

async function counted(work: () => Promise<unknown>): Promise<string[]> {
  return (await statementsOf(work)).filter((text) => !besides.test(text));
}

async function run(query: string, variables: Record<string, unknown>, token?: string): Promise<{ data: any; statements: string[] }> {
  let data: any;
  const statements = await counted(async () => {
    const answer = await server.current.graphql(query, variables, token);
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
    data = answer.data;
  });
  return { data, statements };
}

test('a list of creators with tiers, goals, supporters and tips costs the same few statements whatever its length', async () => {
  const fan = await scene();
  for (const token of [undefined, fan.token]) {
    const [short, long] = [await run(creatorsOperation, { first: 2 }, token), await run(creatorsOperation, { first: 20 }, token)];
    expect(long.data.creators.nodes).toHaveLength(20);
    for (const { tiers, goals, tips, topTippers } of long.data.creators.nodes) {
      expect([tiers.nodes.length, tiers.totalCount, goals.length, tips.nodes.length, tips.totalCount, topTippers.length]).toEqual([3, 3, 2, 20, 20, 1]);
    }
    expect(new Set(long.statements)).toEqual(new Set(short.statements));
    expect(long.statements.length).toBeLessThanOrEqual(12);
  }
  await expectCleanTips(server.current.db);
});

test('an account with its wallet, statement, tips and top-ups costs the same few statements however many it has', async () => {
  const { current } = server;
  const [fan, page] = [await scene(), await newPage(current)];
  // The newest movements are of both kinds, so that the shorter statement leads to both kinds of cause too.
  await topUp(current, fan.token, { amount: '10.00' });
  await sent(current, fan.token, tipInput(page.id));
  const [short, long] = [await run(viewerOperation, { first: 2 }, fan.token), await run(viewerOperation, { first: 100 }, fan.token)];
  expect(long.data.viewer.tips.nodes).toHaveLength(100);
  expect(long.data.viewer.wallets[0].entries.nodes.filter(({ cause }: any) => cause?.__typename === 'Tip')).toHaveLength(99);
  // Creators are read once or twice, as the answers of the statements before happen to come.
  expect(new Set(long.statements)).toEqual(new Set(short.statements));
  expect(long.statements.length).toBeLessThanOrEqual(12);
  await expectCleanTips(current.db);
});

test('a tip costs the same statements alone as among others', async () => {
  const { current } = server;
  const [page, fan] = [await newPage(current), await newFan(current)];
  const sender = current.services.get(tipSenderService);
  const batchOf = (size: number) => counted(() =>
    Promise.all(Array.from({ length: size }, () => sender.send(wish({ senderId: fan.personId, creatorId: page.uuid, amountMicros: 1n })))));
  await batchOf(1);
  const [one, many] = [await batchOf(1), await batchOf(500)];
  expect(many).toEqual(one);
  expect(one.length).toBeLessThanOrEqual(26);

  const overHttp = await run(sendTipOperation, { input: tipInput(page.id) }, fan.token);
  expect(overHttp.statements.length).toBeLessThanOrEqual(one.length + 4);
  await expectCleanTips(current.db);
});
