import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { renew } from '../../src/billing/room.ts';
import { createCreator, createTier } from '../../src/creators/room.ts';
import { Interval } from '../../src/api/room.ts';
import { statementsOf } from '../creators/support.ts';
import { TestClock } from '../support/clock.ts';
import { eachTestServer, type TestPerson } from '../support/server.ts';
import { fundWallet } from '../support/world.ts';
import { expectClean, usd } from './support.ts';

const clock = new TestClock('2026-02-01T00:00:00.000Z');
const server = eachTestServer({ clock });
afterEach(async () => {
  await expectClean(server.current.db);
  clock.moveTo('2026-02-01T00:00:00.000Z');
});

const money = (amount: string, currency = 'USD') => ({ amount, currency });

interface Page extends TestPerson {
  readonly creatorId: string;
  readonly tierId: string;
  readonly handle: string;
}

let pages = 0;

async function page(price = '5', capacity: number | null = 10): Promise<Page> {
  const owner = await server.current.signUp({ name: 'Owner' });
  const { services } = server.current;
  const handle = `page_${++pages}`;
  const { creator } = await createCreator(services, owner.personId, { handle, displayName: 'A page', currency: 'USD' });
  const { tier } = await createTier(services, owner.personId, { name: 'Gold', price: money(price), interval: Interval.MONTH, capacity });
  const { data } = await server.current.graphql('query ($handle: String!) { creator(handle: $handle) { id tiers { nodes { id } } } }', { handle });
  if (!creator || !tier) throw new Error('No page was made.');
  return { ...owner, handle, creatorId: data.creator.id, tierId: data.creator.tiers.nodes[0].id };
}

async function fan(units = 100): Promise<TestPerson> {
  const person = await server.current.signUp({ name: 'Fan' });
  await fundWallet(server.current.db, person.personId, usd(units));
  return person;
}

const errors = 'errors { __typename code message path ... on PriceChanged { preview { dueNow { amount } pricedAt } } ... on InsufficientFunds { shortfall { amount } } ... on AmountOutOfRange { minimum { amount } maximum { amount } } }';

async function mutate(token: string | undefined, name: string, input: Record<string, unknown>, selection = 'id status'): Promise<any> {
  const type = { subscribe: 'SubscribeInput', changeSubscription: 'ChangeSubscriptionInput', pauseSubscription: 'PauseSubscriptionInput' }[name] ?? 'SubscriptionInput';
  const answer = await server.current.graphql(`mutation ($input: ${type}!) { ${name}(input: $input) { subscription { ${selection} } ${errors} } }`, { input }, token);
  return answer.errors ? { top: answer.errors.map((error) => error.extensions.code) } : answer.data[name];
}

const subscribe = (token: string, input: Record<string, unknown>, selection?: string) => mutate(token, 'subscribe', { idempotencyKey: randomUUID(), ...input }, selection);

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

describe('refusals carry their code, path and figures', () => {
  test.each<[string, (on: { page: Page; token: string }) => Promise<any>, string, string[], object?]>([
    ['neither tier nor creator', ({ token }) => subscribe(token, {}), 'INVALID_INPUT', ['input', 'tierId']],
    ['both tier and amount', ({ token, page: { tierId } }) => subscribe(token, { tierId, amount: money('1') }), 'INVALID_INPUT', ['input', 'amount']],
    ['a creator without an interval', ({ token, page: { creatorId } }) => subscribe(token, { creatorId, amount: money('1') }), 'INVALID_INPUT', ['input', 'interval']],
    ['an amount that is too precise', ({ token, page: { creatorId } }) => subscribe(token, { creatorId, amount: money('1.0000001'), interval: 'DAY' }), 'PRECISION', ['input', 'amount', 'amount']],
    ['an amount that is too small', ({ token, page: { creatorId } }) => subscribe(token, { creatorId, amount: money('0.001'), interval: 'DAY' }), 'AMOUNT_OUT_OF_RANGE', ['input', 'amount', 'amount']],
    ...(['0', '-1', '10000000000000', '10000.01'].map((amount) => [`an amount of ${amount}`, ({ token, page: { creatorId } }: { token: string; page: Page }) => subscribe(token, { creatorId, amount: money(amount), interval: 'DAY' }), 'AMOUNT_OUT_OF_RANGE', ['input', 'amount', 'amount'], {
      message: `"${amount}" is outside of $0.01 to $10,000.00, which an amount of one's own may be.`, minimum: { amount: '0.01' }, maximum: { amount: '10000.00' },
    }] satisfies [string, unknown, string, string[], object])),
    ['another currency', ({ token, page: { creatorId } }) => subscribe(token, { creatorId, amount: money('1', 'EUR'), interval: 'DAY' }), 'CURRENCY_MISMATCH', ['input', 'amount', 'currency']],
    ['a tier that is none', ({ token }) => subscribe(token, { tierId: 'tie_nonsense' }), 'NOT_FOUND', ['input', 'tierId']],
    ['a key that is too long', ({ token, page: { tierId } }) => subscribe(token, { tierId, idempotencyKey: 'x'.repeat(256) }), 'INVALID_INPUT', ['input', 'idempotencyKey']],
    ['oneself', ({ page: { token, tierId } }) => subscribe(token, { tierId }), 'SELF_PAYMENT', ['input', 'tierId']],
    ['an unexpected price', ({ token, page: { tierId } }) => subscribe(token, { tierId, expectedDueNow: money('4.99') }), 'PRICE_CHANGED', ['input', 'expectedDueNow'], {
      __typename: 'PriceChanged', preview: { dueNow: { amount: '5.00' }, pricedAt: '2026-02-01T00:00:00.000Z' },
    }],
    ['too little money', ({ token, page: { creatorId } }) => subscribe(token, { creatorId, amount: money('101'), interval: 'DAY' }), 'INSUFFICIENT_FUNDS', ['input'], { shortfall: { amount: '1.00' } }],
    ['a second one', async ({ token, page: { tierId } }) => {
      await subscribe(token, { tierId });
      return subscribe(token, { tierId });
    }, 'ALREADY_SUBSCRIBED', ['input', 'tierId']],
    ['another input under the same key', async ({ token, page: { tierId, creatorId } }) => {
      await subscribe(token, { tierId, idempotencyKey: 'k' });
      return subscribe(token, { creatorId, amount: money('1'), interval: 'DAY', idempotencyKey: 'k' });
    }, 'IDEMPOTENCY_MISMATCH', ['input', 'idempotencyKey']],
    ['a change to nothing', async ({ token, page: { tierId } }) => {
      const { subscription } = await subscribe(token, { tierId });
      return mutate(token, 'changeSubscription', { subscriptionId: subscription.id, expectedDueNow: money('0'), pricedAt: clock.now().toISOString(), idempotencyKey: 'k' });
    }, 'INVALID_INPUT', ['input', 'tierId']],
    ['a debt as the expected price', async ({ token, page: { tierId } }) => {
      const { subscription } = await subscribe(token, { tierId });
      return mutate(token, 'changeSubscription', { subscriptionId: subscription.id, tierId, expectedDueNow: money('-1'), pricedAt: clock.now().toISOString(), idempotencyKey: 'k' });
    }, 'AMOUNT_OUT_OF_RANGE', ['input', 'expectedDueNow', 'amount']],
    ['a pause into the past', async ({ token, page: { tierId } }) => {
      const { subscription } = await subscribe(token, { tierId });
      return mutate(token, 'pauseSubscription', { subscriptionId: subscription.id, until: '2026-02-02T00:00:00Z' });
    }, 'INVALID_INPUT', ['input', 'until']],
    ['a subscription that is none', ({ token }) => mutate(token, 'cancelSubscription', { subscriptionId: 'sub_nonsense' }), 'NOT_FOUND', ['input', 'subscriptionId']],
  ])('of %s', async (_, act, code, path, more = {}) => {
    const on = { page: await page(), token: (await fan()).token };
    const { subscription, errors: [error] } = await act(on);
    expect(subscription).toBeNull();
    expect(error).toMatchObject({ code, path, ...more });
  });

  test('a preview refuses what joining or changing would refuse, in the same words', async () => {
    const { tierId, creatorId, token: owner } = await page('5', 1);
    const holder = await fan();
    const ask = async (given: object, token?: string) => {
      const types = { subscriptionId: 'ID', tierId: 'ID', creatorId: 'ID', amount: 'MoneyInput', interval: 'Interval' };
      const used = Object.entries(types).filter(([name]) => name in given);
      const source = `query (${used.map(([name, type]) => `$${name}: ${type}`).join(' ')}) { previewSubscription(${used.map(([name]) => `${name}: $${name}`).join(' ')}) { preview { validUntil } errors { code message path } } }`;
      const { preview, errors: [error] } = (await server.current.graphql(source, given as never, token)).data.previewSubscription;
      return error ?? preview;
    };
    const same = async (given: object, token: string, told: Promise<any>, code: string) => {
      const [preview, { errors: [refused] }] = [await ask(given, token), await told];
      expect([preview.code, preview.message]).toEqual([code, refused.message]);
      expect(['input', ...preview.path]).toEqual(refused.path);
    };
    expect(await ask({ tierId })).toEqual({ validUntil: expect.any(String) });
    const { subscription } = await subscribe(holder.token, { tierId });
    const late = await fan();
    await same({ tierId }, late.token, subscribe(late.token, { tierId }), 'SOLD_OUT');
    expect(await ask({ tierId })).toMatchObject({ code: 'SOLD_OUT', path: ['tierId'] });
    const own = { creatorId, amount: money('1'), interval: 'DAY' };
    await same(own, holder.token, subscribe(holder.token, own), 'ALREADY_SUBSCRIBED');
    await same({ tierId }, holder.token, subscribe(holder.token, { tierId }), 'ALREADY_SUBSCRIBED');
    await same({ tierId }, owner, subscribe(owner, { tierId }), 'SELF_PAYMENT');
    await same(own, owner, subscribe(owner, own), 'SELF_PAYMENT');
    const joined = await subscribe(late.token, own);
    const wish = { subscriptionId: joined.subscription.id, tierId };
    const sent = { ...wish, expectedDueNow: money('5'), pricedAt: clock.now().toISOString(), idempotencyKey: 'k' };
    await same(wish, late.token, mutate(late.token, 'changeSubscription', sent), 'SOLD_OUT');
    expect(await ask({ subscriptionId: subscription.id, tierId }, holder.token)).toEqual({ validUntil: expect.any(String) });
    clock.moveTo('2026-02-02T00:00:00.000Z');
    await mutate(late.token, 'cancelSubscription', { subscriptionId: joined.subscription.id });
    expect(await ask(own, late.token)).toEqual({ validUntil: expect.any(String) });
  });

  test('a price that is refused is quoted with what is wrong with it, at the field that is', async () => {
    const { tierId, creatorId } = await page();
    const { token } = await fan();
    const { subscription } = await subscribe(token, { tierId });
    clock.moveTo('2026-02-15T00:00:00.000Z');
    const now = '2026-02-15T00:00:00.000Z';
    const join = async (input: object) => (await subscribe((await fan()).token, { creatorId, amount: money('5'), interval: 'MONTH', ...input })).errors[0];
    const change = async (input: object) =>
      (await mutate(token, 'changeSubscription', { subscriptionId: subscription.id, amount: money('10'), expectedDueNow: money('2.5'), pricedAt: now, idempotencyKey: 'k', ...input })).errors[0];
    const told = ({ code, path, message }: any) => [code, path.join('.'), message];
    const due = (amount: string) => `$${amount} would be due now; nothing was charged.`;
    expect(told(await join({ expectedDueNow: money('5'), pricedAt: '2020-01-01T00:00:00Z' }))).toEqual(['PRICE_CHANGED', 'input.pricedAt',
      `The price that was sent, $5.00 of 2020-01-01T00:00:00.000Z, is too old, as it is ${now}: a price holds for 15 minutes. ${due('5.00')}`]);
    expect(told(await join({ expectedDueNow: money('5'), pricedAt: '2099-01-01T00:00:00Z' }))).toEqual(['PRICE_CHANGED', 'input.pricedAt',
      `The price that was sent, $5.00 of 2099-01-01T00:00:00.000Z, lies in the future, as it is ${now}: send the preview's pricedAt. ${due('5.00')}`]);
    expect(told(await join({ pricedAt: '2020-01-01T00:00:00Z' }))[2]).toContain('The price that was sent, of 2020-01-01T00:00:00.000Z, is too old');
    expect(told(await join({ expectedDueNow: money('4.99') }))).toEqual(['PRICE_CHANGED', 'input.expectedDueNow',
      `The price that was sent, $4.99, is not what is due, $5.00. ${due('5.00')}`]);
    expect(told(await change({ expectedDueNow: money('2.4') }))).toEqual(['PRICE_CHANGED', 'input.expectedDueNow',
      `The price that was sent, $2.40 of ${now}, is not what is due, $2.50. ${due('2.50')}`]);
    expect(told(await change({ pricedAt: '2026-02-14T23:00:00Z' }))[2]).toContain('is too old');
    expect(await change({ expectedDueNow: money('2.5', 'EUR') })).toMatchObject({ __typename: 'CurrencyMismatch', code: 'CURRENCY_MISMATCH', path: ['input', 'expectedDueNow', 'currency'] });
    expect(await join({ expectedDueNow: money('5', 'EUR') })).toMatchObject({ __typename: 'CurrencyMismatch', code: 'CURRENCY_MISMATCH', path: ['input', 'expectedDueNow', 'currency'] });

    expect(await change({})).toBeUndefined();
    clock.pass(60_000);
    expect(told(await change({ amount: money('11'), pricedAt: '2026-02-14T23:59:00Z', idempotencyKey: 'l' }))[2])
      .toContain('is of before the plan was changed: a price holds until the plan changes');
    clock.moveTo('2026-03-01T00:01:00.000Z');
    expect(told(await change({ amount: money('11'), pricedAt: '2026-02-28T23:59:00Z', idempotencyKey: 'l' }))[2])
      .toContain('is of a period that is over: a price holds until its period ends');
  });

  test('what a state does not allow is told with what to do about it', async () => {
    const { creatorId } = await page();
    const { token } = await fan(1);
    const joined = async () => (await subscribe(token, { creatorId, amount: money('0.5'), interval: 'DAY' })).subscription.id;
    let subscriptionId = await joined();
    const now = clock.now().toISOString();
    const change = (): Promise<any> => mutate(token, 'changeSubscription', { subscriptionId, amount: money('0.6'), expectedDueNow: money('0.1'), pricedAt: now, idempotencyKey: 'k' });
    const told = async (name: string) => {
      const { errors: [error] } = name === 'changeSubscription' ? await change() : await mutate(token, name, { subscriptionId });
      expect(error).toMatchObject({ code: 'INVALID_STATE', path: ['input', 'subscriptionId'] });
      return error.message;
    };
    await mutate(token, 'pauseSubscription', { subscriptionId });
    expect(await told('changeSubscription')).toBe('The micro-subscription is about to be paused and cannot be changed: take the pause back first, with resumeSubscription.');
    clock.moveTo('2026-02-02T00:00:00.000Z');
    expect(await told('changeSubscription')).toBe('The micro-subscription is PAUSED and cannot be changed: resume it first, with resumeSubscription.');
    await mutate(token, 'cancelSubscription', { subscriptionId });
    expect(await told('resumeSubscription')).toBe('The micro-subscription is ENDED and cannot be resumed: subscribe again, with subscribe.');
    subscriptionId = await joined();
    await mutate(token, 'cancelSubscription', { subscriptionId });
    expect(await told('pauseSubscription')).toBe('The micro-subscription is CANCELING and cannot be paused: take the cancellation back first, with resumeSubscription.');
    await mutate(token, 'resumeSubscription', { subscriptionId });
    clock.moveTo('2026-02-03T00:00:00.000Z');
    await renew(server.current.services, { asOf: clock.now() });
    const owing = 'top up, so that the wallet holds the $0.50 that it owes, or cancel it, which ends it at once.';
    expect(await told('changeSubscription')).toBe(`The micro-subscription is PAST_DUE and cannot be changed: ${owing}`);
    expect(await told('pauseSubscription')).toBe(`The micro-subscription is PAST_DUE and cannot be paused: ${owing}`);
    expect(await told('resumeSubscription')).toBe(`The micro-subscription is PAST_DUE and cannot be resumed: ${owing}`);
    expect((await mutate(token, 'cancelSubscription', { subscriptionId }, 'status accessUntil')).subscription).toEqual({ status: 'ENDED', accessUntil: clock.now().toISOString() });
  });

  test('nobody subscribes without signing in', async () => {
    const { tierId } = await page();
    expect(await mutate(undefined, 'subscribe', { tierId, idempotencyKey: 'k' })).toEqual({ top: ['UNAUTHENTICATED'] });
  });

  test('a preview of somebody else\'s subscription finds nothing, and one of a new one says what is wrong with its arguments', async () => {
    const { tierId } = await page();
    const { subscription } = await subscribe((await fan()).token, { tierId });
    const ask = async (query: string, token?: string) => (await server.current.graphql(`{ previewSubscription${query} { preview { validUntil } errors { code path } } }`, {}, token)).data.previewSubscription;
    const nothing = { preview: null, errors: [{ code: 'NOT_FOUND', path: ['subscriptionId'] }] };
    expect(await ask(`(subscriptionId: "${subscription.id}", tierId: "${tierId}")`, (await fan()).token)).toEqual(nothing);
    expect(await ask(`(subscriptionId: "${subscription.id}", tierId: "${tierId}")`)).toEqual(nothing);
    expect(await ask('(tierId: "tie_x")')).toEqual({ preview: null, errors: [{ code: 'NOT_FOUND', path: ['tierId'] }] });
    expect(await ask('')).toEqual({ preview: null, errors: [{ code: 'INVALID_INPUT', path: ['tierId'] }] });
  });
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
