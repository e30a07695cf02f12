import { expect, test } from '@jest/globals';
import { statementsOf } from '../creators/support.ts';
import { clock, fan, money, mutate, page, server, subscribe } from './api-support.ts';

const everything = `id status interval startedAt accessUntil pausedUntil amount { amount currency } tier { name remaining } creator { handle memberCount }
  subscriber { displayName } currentPeriod { index start end } nextCharge { amount { amount } at } pendingChange { kind tier { name } amount { amount } interval at }
  charges { totalCount nodes { id amount { amount } status failureReason chargedAt createdAt period { index start end } } }`;

test('a fan previews, joins, upgrades for exactly the price that was shown, and sees it all', async () => {
  const { tierId, handle } = await page();
  const { token } = await fan();
  const preview = 'preview { dueNow { amount } nextCharge { amount { amount } at } effectiveAt lines { label amount { amount } } pricedAt validUntil } errors { code }';
  const { data } = await server.current.graphql(`query ($tierId: ID) { previewSubscription(tierId: $tierId) { ${preview} } }`, { tierId });
  expect(data.previewSubscription).toEqual({
    preview: {
      dueNow: { amount: '5.00' }, nextCharge: { amount: { amount: '5.00' }, at: '2026-03-01T00:00:00.000Z' }, effectiveAt: '2026-02-01T00:00:00.000Z',
      lines: [{ label: 'Gold: the first month', amount: { amount: '5.00' } }], pricedAt: '2026-02-01T00:00:00.000Z', validUntil: '2026-02-01T00:15:00.000Z',
    },
    errors: [],
  });
  const { dueNow, pricedAt } = data.previewSubscription.preview;
  const joined = await subscribe(token, { tierId, expectedDueNow: { ...dueNow, currency: 'USD' }, pricedAt }, everything);
  expect(joined.errors).toEqual([]);
  expect(joined.subscription).toMatchObject({
    status: 'ACTIVE', interval: 'MONTH', amount: money('5.00'), tier: { name: 'Gold', remaining: 9 }, creator: { handle, memberCount: 1 },
    subscriber: { displayName: 'Fan' }, currentPeriod: { index: 1, start: '2026-02-01T00:00:00.000Z', end: '2026-03-01T00:00:00.000Z' },
    nextCharge: { amount: { amount: '5.00' }, at: '2026-03-01T00:00:00.000Z' }, accessUntil: '2026-03-01T00:00:00.000Z', pausedUntil: null, pendingChange: null,
  });
  expect(joined.subscription.charges).toMatchObject({ totalCount: 1, nodes: [{ status: 'SUCCEEDED', period: { index: 1 }, failureReason: null }] });

  clock.moveTo('2026-02-15T00:00:00.000Z');
  const subscriptionId = joined.subscription.id;
  const shown = await server.current.graphql(
    `query ($id: ID, $amount: MoneyInput) { previewSubscription(subscriptionId: $id, amount: $amount) { ${preview} } }`, { id: subscriptionId, amount: money('10') }, token,
  );
  expect(shown.data.previewSubscription.preview.dueNow.amount).toBe('2.50');
  clock.pass(10 * 60_000);
  const change = { subscriptionId, amount: money('10'), expectedDueNow: money('2.50'), pricedAt: shown.data.previewSubscription.preview.pricedAt, idempotencyKey: 'a key' };
  const changed = await mutate(token, 'changeSubscription', change, everything);
  expect(changed).toMatchObject({ errors: [], subscription: { amount: money('10.00'), tier: null, charges: { totalCount: 2, nodes: [{ amount: { amount: '2.50' } }, {}] } } });
  expect((await mutate(token, 'changeSubscription', change)).subscription).toEqual({ id: subscriptionId, status: 'ACTIVE' });
});

test('viewerSubscription, the viewer\'s list and the owner\'s list show it, each to whom it belongs', async () => {
  const { tierId, handle, token: owner } = await page();
  const one = await fan();
  const two = await fan();
  const first = await subscribe(one.token, { tierId });
  const second = await subscribe(two.token, { tierId });
  await mutate(two.token, 'cancelSubscription', { subscriptionId: second.subscription.id });
  const query = `query ($handle: String!) { creator(handle: $handle) { memberCount viewerSubscription { id status } } viewer { subscriptions { totalCount nodes { id } } } }`;
  const seen = await server.current.graphql(query, { handle }, one.token);
  expect(seen.data).toEqual({
    creator: { memberCount: 2, viewerSubscription: { id: first.subscription.id, status: 'ACTIVE' } },
    viewer: { subscriptions: { totalCount: 1, nodes: [{ id: first.subscription.id }] } },
  });
  expect((await server.current.graphql(query, { handle })).data).toEqual({ creator: { memberCount: 2, viewerSubscription: null }, viewer: null });

  const list = `query ($handle: String!, $status: SubscriptionStatus) { creator(handle: $handle) { dashboard {
    subscribers(status: $status) { totalCount nodes { status subscriber { displayName } } } stats { monthlyRecurring { amount } activeSubscribers newSubscribers churnedSubscribers } } } }`;
  const all = await server.current.graphql(list, { handle }, owner);
  expect(all.data.creator.dashboard).toEqual({
    subscribers: { totalCount: 2, nodes: [{ status: 'CANCELING', subscriber: { displayName: 'Fan' } }, { status: 'ACTIVE', subscriber: { displayName: 'Fan' } }] },
    stats: { monthlyRecurring: { amount: '10.00' }, activeSubscribers: 2, newSubscribers: 2, churnedSubscribers: 0 },
  });
  expect((await server.current.graphql(list, { handle, status: 'CANCELING' }, owner)).data.creator.dashboard.subscribers.totalCount).toBe(1);
  expect((await server.current.graphql(list, { handle }, one.token)).errors?.map((error) => error.extensions.code)).toEqual(['FORBIDDEN']);
});

test('the owner\'s figures of a month count who began and ended in it, and the worth of those who stay', async () => {
  const { tierId, handle, token: owner, creatorId } = await page();
  const [staying, daily, leaving, pausing] = [await fan(), await fan(), await fan(), await fan()];
  await subscribe(staying!.token, { tierId });
  await subscribe(daily!.token, { creatorId, amount: money('0.01'), interval: 'DAY' });
  const left = await subscribe(leaving!.token, { creatorId, amount: money('1'), interval: 'WEEK' });
  const paused = await subscribe(pausing!.token, { tierId });
  clock.moveTo('2026-02-20T00:00:00.000Z');
  await mutate(leaving!.token, 'cancelSubscription', { subscriptionId: left.subscription.id });
  await mutate(pausing!.token, 'pauseSubscription', { subscriptionId: paused.subscription.id });
  const stats = 'monthlyRecurring { amount } activeSubscribers newSubscribers churnedSubscribers';
  const query = `query ($handle: String!) { creator(handle: $handle) { dashboard { stats { ${stats} } today: stats(period: DAY) { ${stats} } } } }`;
  const { data } = await server.current.graphql(query, { handle }, owner);
  expect(data.creator.dashboard).toEqual({
    stats: { monthlyRecurring: { amount: '10.304166' }, activeSubscribers: 3, newSubscribers: 4, churnedSubscribers: 1 },
    today: { monthlyRecurring: { amount: '10.304166' }, activeSubscribers: 3, newSubscribers: 0, churnedSubscribers: 1 },
  });
  clock.moveTo('2026-03-05T00:00:00.000Z');
  await mutate(pausing!.token, 'pauseSubscription', { subscriptionId: paused.subscription.id, until: '2026-04-01T00:00:00Z' });
  await mutate(pausing!.token, 'resumeSubscription', { subscriptionId: paused.subscription.id });
  const march = (await server.current.graphql(query, { handle }, owner)).data.creator.dashboard.stats;
  expect(march).toEqual({ monthlyRecurring: { amount: '10.304166' }, activeSubscribers: 3, newSubscribers: 0, churnedSubscribers: 0 });
});

test('node() shows a subscription and its charges to the fan and to the page\'s owner, and to nobody else', async () => {
  const { tierId, token: owner } = await page();
  const { token } = await fan();
  const { subscription } = await subscribe(token, { tierId }, 'id charges { nodes { id } }');
  const stranger = await fan();
  const ids = [subscription.id, subscription.charges.nodes[0].id];
  expect(ids.map((id: string) => id.slice(0, 4))).toEqual(['sub_', 'chg_']);
  const read = async (reader?: string) =>
    (await server.current.graphql('query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Charge { status period { index } } } }', { ids }, reader)).data.nodes;
  expect(await read(token)).toEqual([{ __typename: 'MicroSubscription', id: ids[0] }, { __typename: 'Charge', id: ids[1], status: 'SUCCEEDED', period: { index: 1 } }]);
  expect(await read(owner)).toEqual(await read(token));
  expect(await read(stranger.token)).toEqual([null, null]);
  expect(await read()).toEqual([null, null]);
});

test('a wallet\'s statement names the page and leads to the charge that each movement is about, and the page\'s own names no page', async () => {
  const { tierId, handle, token: owner } = await page();
  const { token } = await fan();
  const { subscription } = await subscribe(token, { tierId });
  const { data } = await server.current.graphql('{ viewer { wallets { entries { nodes { kind description amount { amount } cause { __typename id } } } } } }', {}, token);
  expect(data.viewer.wallets[0].entries.nodes[0]).toMatchObject({
    kind: 'SUBSCRIPTION', description: 'Subscription payment: A page', amount: { amount: '-5.00' }, cause: { __typename: 'Charge' },
  });
  const own = await server.current.graphql('query ($handle: String!) { creator(handle: $handle) { dashboard { entries { nodes { description } } } } }', { handle }, owner);
  expect(own.data.creator.dashboard.entries.nodes).toEqual([{ description: 'Subscription payment received' }]);
  expect(subscription.id).toMatch(/^sub_/);
});

test('a list of 20 subscribers with everything on them costs as many statements as a list of one', async () => {
  const { tierId, handle, token: owner, creatorId } = await page('1', 100);
  for (let at = 0; at < 20; at++) {
    const { token } = await fan();
    const { subscription } = await subscribe(token, at % 2 ? { tierId } : { creatorId, amount: money('0.5'), interval: 'WEEK' });
    if (at % 3 === 0) await mutate(token, 'changeSubscription', { subscriptionId: subscription.id, amount: money('9'), expectedDueNow: money(at % 2 ? '8' : '8.5'), pricedAt: clock.now().toISOString(), idempotencyKey: 'k' });
  }
  const query = `query ($handle: String!, $first: Int, $after: String) { creator(handle: $handle) { dashboard { subscribers(first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { ${everything} } } } } }`;
  const read = async (first: number, after?: string) => (await server.current.graphql(query, { handle, first, after }, owner)).data.creator.dashboard.subscribers;
  await read(20);
  const wide = await statementsOf(async () => expect((await read(20)).nodes).toHaveLength(20));
  const narrow = await statementsOf(async () => expect((await read(1)).nodes).toHaveLength(1));
  expect(wide.length).toBe(narrow.length);
  const firstPage = await read(15);
  const rest = await read(15, firstPage.pageInfo.endCursor);
  expect([firstPage.totalCount, firstPage.pageInfo.hasNextPage, rest.nodes.length, rest.pageInfo.hasNextPage]).toEqual([20, true, 5, false]);
  expect(new Set([...firstPage.nodes, ...rest.nodes].map(({ id }: { id: string }) => id)).size).toBe(20);
});

test('a list of many creators tells the viewer\'s own subscription to each with one statement', async () => {
  const { token } = await fan();
  for (let at = 0; at < 6; at++) await subscribe(token, { tierId: (await page('1')).tierId });
  const query = 'query ($first: Int) { creators(first: $first) { nodes { viewerSubscription { status nextCharge { at } } memberCount } } }';
  const read = async (first: number) => (await server.current.graphql(query, { first }, token)).data.creators.nodes;
  await read(6);
  const wide = await statementsOf(async () => expect((await read(6)).filter((one: any) => one.viewerSubscription?.status === 'ACTIVE')).toHaveLength(6));
  const narrow = await statementsOf(async () => expect(await read(1)).toHaveLength(1));
  expect(wide.length).toBe(narrow.length);
});
