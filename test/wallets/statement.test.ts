import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { eachTestServer } from '../support/server.ts';
import { expectCleanWallets, stored, topUp } from './support.ts';

const server = eachTestServer({ environment: { LIMIT_CARD_ATTEMPTS_PER_ACCOUNT: '1000' } });

const statementOperation = `
  query Statement($id: ID!, $first: Int, $after: String) {
    node(id: $id) {
      ... on Wallet {
        entries(first: $first, after: $after) {
          edges { cursor }
          nodes { id kind description createdAt amount { amount } balanceAfter { amount } cause { __typename id } }
          pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
      }
    }
  }`;

interface Fan {
  readonly token: string;
  readonly walletId: string;
  statement(first?: number, after?: string | null): Promise<any>;
  add(amount: string): Promise<any>;
}

/** Somebody with one top-up of 1.00. */
async function newFan(): Promise<Fan> {
  const { current } = server;
  const { token } = await current.signUp();
  const { wallet } = await topUp(current, token, { amount: '1.00' });
  return {
    token,
    walletId: wallet.id,
    statement: async (first, after) => (await current.graphql(statementOperation, { id: wallet.id, first, after }, token)).data.node.entries,
    add: (amount) => topUp(current, token, { amount }),
  };
}

test('a statement shows every movement, newest first, with the balance it left and what it was about', async () => {
  const fan = await newFan();
  const second = await fan.add('2.50');
  const { nodes, pageInfo } = await fan.statement();
  expect(nodes.map((node: any) => [node.kind, node.description, node.amount.amount, node.balanceAfter.amount])).toEqual([
    ['TOP_UP', 'Top-up', '2.50', '3.50'],
    ['TOP_UP', 'Top-up', '1.00', '1.00'],
  ]);
  expect(nodes[0].cause).toEqual({ __typename: 'TopUp', id: second.topUp.id });
  expect(new Set(nodes.map((node: any) => node.id)).size).toBe(2);
  expect(pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false });
  await expectCleanWallets(server.current.db);
});

test('a tip stands in the sender\'s statement and leads to the tip', async () => {
  const fan = await newFan();
  const owner = await server.current.signUp();
  const made = await server.current.graphql(
    'mutation { createCreator(input: { handle: "ada", displayName: "Ada", currency: "USD" }) { creator { id } } }', {}, owner.token,
  );
  const sent = await server.current.graphql(
    'mutation ($input: SendTipInput!) { sendTip(input: $input) { tip { id } errors { message } } }',
    { input: { creatorId: made.data.createCreator.creator.id, amount: { amount: '0.05', currency: 'USD' }, idempotencyKey: 'k' } },
    fan.token,
  );
  const { nodes } = await fan.statement(1);
  expect(nodes).toEqual([
    expect.objectContaining({
      kind: 'TIP',
      description: 'Tip sent',
      amount: { amount: '-0.05' },
      balanceAfter: { amount: '0.95' },
      cause: { __typename: 'Tip', id: sent.data.sendTip.tip.id },
    }),
  ]);
  await expectCleanWallets(server.current.db);
});

test('pages hold while entries are added: what was there is seen once, in order, whatever the page sizes and the additions', async () => {
  const fan = await newFan();
  for (let one = 1; one < 12; one++) await fan.add('1.00');
  let entries = 12;
  const steps = fc.array(fc.record({ size: fc.integer({ min: 1, max: 4 }), added: fc.integer({ min: 0, max: 2 }) }), { minLength: 12, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const start = entries;
      const seen: string[] = [];
      let after: string | null = null;
      for (const { size, added } of plan) {
        const page: any = await fan.statement(size, after);
        seen.push(...page.nodes.map((node: any) => node.balanceAfter.amount));
        expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
        expect(page.pageInfo.hasNextPage).toBe(seen.length < start);
        if (!page.pageInfo.hasNextPage) break;
        after = page.pageInfo.endCursor;
        for (let one = 0; one < added; one++, entries++) await fan.add('1.00');
      }
      const expected = Array.from({ length: start }, (_, index) => `${start - index}.00`);
      expect(seen).toEqual(expected.slice(0, seen.length));
    }),
    { numRuns: 4 },
  );
  await expectCleanWallets(server.current.db);
});

test('the list of top-ups pages the same way, and counts failed ones too', async () => {
  const fan = await newFan();
  await topUp(server.current, fan.token, { paymentMethodId: 'pm_sandbox_declined' });
  await fan.add('3.00');
  const operation = `query ($after: String) {
    viewer { topUps(first: 2, after: $after) { totalCount nodes { status amount { amount } } pageInfo { hasNextPage hasPreviousPage endCursor } } }
  }`;
  const first = (await server.current.graphql(operation, {}, fan.token)).data.viewer.topUps;
  await fan.add('4.00');
  const second = (await server.current.graphql(operation, { after: first.pageInfo.endCursor }, fan.token)).data.viewer.topUps;
  const shown = [first, second].map((page) => page.nodes.map((node: any) => `${node.status} ${node.amount.amount}`));
  expect(shown).toEqual([['SUCCEEDED 3.00', 'FAILED 10.00'], ['SUCCEEDED 1.00']]);
  expect([first.totalCount, second.totalCount]).toEqual([3, 4]);
  expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage, second.pageInfo.hasPreviousPage]).toEqual([true, false, true]);
  await expectCleanWallets(server.current.db);
});

test('the statements of all wallets of an account are read by one statement', async () => {
  const fan = await newFan();
  for (const currency of ['EUR', 'GBP', 'CHF']) await topUp(server.current, fan.token, { currency });
  const { pool } = server.current.db;
  const query = pool.query.bind(pool);
  let reads = 0;
  pool.query = ((config: any, ...rest: []) => {
    if (String(config.text ?? config).includes('CROSS JOIN LATERAL')) reads += 1;
    return query(config, ...rest);
  }) as typeof pool.query;
  const { data } = await server.current.graphql('{ viewer { wallets { entries { nodes { amount { amount } cause { id } } } } } }', {}, fan.token);
  expect(data.viewer.wallets).toHaveLength(4);
  expect(reads).toBe(1);
});

describe('what is somebody else\'s', () => {
  test('is not found: neither the wallet nor the top-up', async () => {
    const fan = await newFan();
    const made = await fan.add('2.00');
    const stranger = await server.current.signUp();
    const operation = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }';
    const ids = [fan.walletId, made.topUp.id];
    expect((await server.current.graphql(operation, { ids }, fan.token)).data.nodes).toEqual([
      { __typename: 'Wallet', id: fan.walletId },
      { __typename: 'TopUp', id: made.topUp.id },
    ]);
    for (const token of [stranger.token, undefined]) {
      const answer = await server.current.graphql(operation, { ids }, token);
      expect([answer.data.nodes, answer.errors]).toEqual([[null, null], undefined]);
    }
  });

  test('gives no cursors: one of another wallet, or of no list at all, is invalid', async () => {
    const [fan, other] = [await newFan(), await newFan()];
    const { pageInfo } = await other.statement();
    for (const after of [pageInfo.endCursor, 'nonsense', '']) {
      const answer = await server.current.graphql(statementOperation, { id: fan.walletId, after }, fan.token);
      expect(answer.errors?.[0]?.extensions.code).toBe('CURSOR_INVALID');
    }
    const topUps = await server.current.graphql('query ($after: String) { viewer { topUps(after: $after) { totalCount } } }', { after: pageInfo.endCursor }, fan.token);
    expect(topUps.errors?.[0]?.extensions.code).toBe('CURSOR_INVALID');
  });
});

test.each([0, 101, -1])('a page of %i is refused', async (first) => {
  const fan = await newFan();
  const answer = await server.current.graphql(statementOperation, { id: fan.walletId, first }, fan.token);
  expect(answer.errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
  expect((await stored(server.current.db)).topUps).toEqual(['SUCCEEDED']);
});
