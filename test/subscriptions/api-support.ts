import { randomUUID } from 'node:crypto';
import { afterEach } from '@jest/globals';
import { Interval } from '../../src/api/room.ts';
import { createCreator, createTier } from '../../src/creators/room.ts';
import { TestClock } from '../support/clock.ts';
import { eachTestServer, type TestPerson } from '../support/server.ts';
import { fundWallet } from '../support/world.ts';
import { expectClean, usd } from './support.ts';

/** What the tests of the API share: a server for each test of the file that imports this, and its pages and fans. */

export const clock = new TestClock('2026-02-01T00:00:00.000Z');
export const server = eachTestServer({ clock });
afterEach(async () => {
  await expectClean(server.current.db);
  clock.moveTo('2026-02-01T00:00:00.000Z');
});

export const money = (amount: string, currency = 'USD') => ({ amount, currency });

export interface Page extends TestPerson {
  readonly creatorId: string;
  readonly tierId: string;
  readonly handle: string;
}

let pages = 0;

export async function page(price = '5', capacity: number | null = 10): Promise<Page> {
  const owner = await server.current.signUp({ name: 'Owner' });
  const { services } = server.current;
  const handle = `page_${++pages}`;
  const { creator } = await createCreator(services, owner.personId, { handle, displayName: 'A page', currency: 'USD' });
  const { tier } = await createTier(services, owner.personId, { name: 'Gold', price: money(price), interval: Interval.MONTH, capacity });
  const { data } = await server.current.graphql('query ($handle: String!) { creator(handle: $handle) { id tiers { nodes { id } } } }', { handle });
  if (!creator || !tier) throw new Error('No page was made.');
  return { ...owner, handle, creatorId: data.creator.id, tierId: data.creator.tiers.nodes[0].id };
}

export async function fan(units = 100): Promise<TestPerson> {
  const person = await server.current.signUp({ name: 'Fan' });
  await fundWallet(server.current.db, person.personId, usd(units));
  return person;
}

const errors = 'errors { __typename code message path ... on PriceChanged { preview { dueNow { amount } pricedAt } } ... on InsufficientFunds { shortfall { amount } } ... on AmountOutOfRange { minimum { amount } maximum { amount } } }';

export async function mutate(token: string | undefined, name: string, input: Record<string, unknown>, selection = 'id status'): Promise<any> {
  const type = { subscribe: 'SubscribeInput', changeSubscription: 'ChangeSubscriptionInput', pauseSubscription: 'PauseSubscriptionInput' }[name] ?? 'SubscriptionInput';
  const answer = await server.current.graphql(`mutation ($input: ${type}!) { ${name}(input: $input) { subscription { ${selection} } ${errors} } }`, { input }, token);
  return answer.errors ? { top: answer.errors.map((error) => error.extensions.code) } : answer.data[name];
}

export const subscribe = (token: string, input: Record<string, unknown>, selection?: string) => mutate(token, 'subscribe', { idempotencyKey: randomUUID(), ...input }, selection);
