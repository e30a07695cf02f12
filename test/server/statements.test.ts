import { expect, test } from '@jest/globals';
import { eachTestServer } from '../support/server.ts';
import { statementsOf } from '../support/statements.ts';

const server = eachTestServer();

const list = `query ($first: Int!) {
  creators(first: $first) {
    totalCount
    nodes {
      id handle displayName memberCount liveCursor viewerRole
      tiers(first: 20) { totalCount nodes { id name price { amount currency } creator { handle } } }
      goals { id title target { amount } raised { amount } }
      topTippers(first: 5) { displayName total { amount } }
      tips(first: 20) { totalCount nodes { id displayName message amount { amount currency } fee { amount } creator { handle } } pageInfo { endCursor } }
    }
  }
}`;

async function ask(operation: string, variables: Record<string, unknown>, token?: string): Promise<any> {
  const { data, errors } = await server.current.graphql(operation, variables, token);
  expect(errors).toBeUndefined();
  for (const payload of Object.values(data as Record<string, { errors?: unknown[] } | null>)) expect(payload?.errors ?? []).toEqual([]);
  return data;
}

const count = 20;

async function makeCreators(fan: string): Promise<void> {
  await ask('mutation ($i: TopUpWalletInput!) { topUpWallet(input: $i) { errors { message } } }', { i: { amount: { amount: '50', currency: 'USD' }, paymentMethodId: 'pm_sandbox_ok', idempotencyKey: 'fund' } }, fan);
  await Promise.all(Array.from({ length: count }, async (_, n) => {
    const { token } = await server.current.signUp({ name: `Creator ${n}` });
    const made = await ask('mutation ($i: CreateCreatorInput!) { createCreator(input: $i) { creator { id } errors { message } } }', { i: { handle: `creator_${n}`, displayName: `Creator ${n}`, currency: 'USD' } }, token);
    const price = { amount: '3', currency: 'USD' };
    for (const name of ['Bronze', 'Silver']) await ask('mutation ($i: CreateTierInput!) { createTier(input: $i) { errors { message } } }', { i: { name, price } }, token);
    await ask('mutation ($i: CreateGoalInput!) { createGoal(input: $i) { errors { message } } }', { i: { title: 'A new microphone', target: price } }, token);
    const tip = (key: number) => ({ i: { creatorId: made.createCreator.creator.id, amount: { amount: '0.05', currency: 'USD' }, message: `Tip ${key}`, idempotencyKey: `tip ${n} ${key}` } });
    await Promise.all(Array.from({ length: 20 }, (__, key) => ask('mutation ($i: SendTipInput!) { sendTip(input: $i) { errors { message } } }', tip(key), fan)));
  }));
}

test('a list of 20 creators with tiers, goals and 20 tips each costs the handful of statements that a list of one costs', async () => {
  const { token } = await server.current.signUp({ name: 'Fan' });
  await makeCreators(token);
  const read = async (first: number) => {
    let data: any;
    const statements = await statementsOf(async () => {
      data = await ask(list, { first }, token);
    });
    return { nodes: data.creators.nodes, totalCount: data.creators.totalCount, statements: statements.filter((text) => !text.includes('auth.session')) };
  };
  const one = await read(1);
  const all = await read(count);
  expect(all.totalCount).toBe(count);
  for (const node of all.nodes) {
    expect([node.tiers.nodes.length, node.tiers.totalCount, node.goals.length, node.tips.nodes.length, node.tips.totalCount, node.topTippers.length]).toEqual([2, 2, 1, 20, 20, 1]);
    expect(node.goals[0].raised.amount).toBe('1.00');
  }
  expect(one.nodes).toHaveLength(1);
  expect(all.statements).toHaveLength(one.statements.length);
  expect(all.statements.length).toBeGreaterThan(4);
  expect(all.statements.length).toBeLessThanOrEqual(12);
});
