import { describe, expect, test } from '@jest/globals';
import { recordTips } from '../../src/creators/room.ts';
import { newId, transaction } from '../../src/database/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { Api, expectClean } from './support.ts';

const database = eachTestDatabase();

const usd = (amount: string, currency = 'USD') => ({ amount, currency });
const tierFields = 'tier { id name description price { amount currency } interval benefits capacity remaining archivedAt creator { handle } }';
const goalFields = 'goal { id title target { amount } raised { amount } reachedAt archivedAt }';
const openTiers = '{ creator(handle: "linus") { tiers { totalCount nodes { name } } goals { title } } }';

describe('tiers', () => {
  test('a tier is made, changed and archived', async () => {
    const api = new Api(database.current.db);
    const { personId } = await api.page('linus');
    const made = await api.mutate(personId, 'createTier', { name: 'Fan', price: usd('0.01') }, tierFields);
    expect(made).toEqual({
      tier: {
        id: expect.stringMatching(/^tie_/), name: 'Fan', description: null, price: usd('0.01'), interval: 'MONTH', benefits: [], capacity: null,
        remaining: null, archivedAt: null, creator: { handle: 'linus' },
      },
      errors: [],
    });
    const tierId = made.tier.id;
    const input = { name: 'Friend', description: 'All\nof it', price: usd('5.00'), benefits: ['Early news', 'A badge'], capacity: 10 };
    const changed = await api.mutate(personId, 'updateTier', { tierId, ...input }, tierFields);
    expect(changed.tier).toMatchObject({ ...input, remaining: 10 });
    expect((await api.mutate(personId, 'updateTier', { tierId }, tierFields)).tier).toEqual(changed.tier);
    const cleared = await api.mutate(personId, 'updateTier', { tierId, description: null, benefits: null, capacity: null }, tierFields);
    expect(cleared.tier).toMatchObject({ name: 'Friend', description: null, benefits: [], capacity: null, remaining: null });
    expect((await api.run(null, openTiers)).data.creator.tiers).toEqual({ totalCount: 1, nodes: [{ name: 'Friend' }] });

    const archived = await api.mutate(personId, 'archiveTier', { tierId }, tierFields);
    expect(archived.tier.archivedAt).not.toBeNull();
    expect(await api.mutate(personId, 'archiveTier', { tierId }, tierFields)).toEqual(archived);
    expect((await api.run(null, openTiers)).data.creator.tiers).toEqual({ totalCount: 0, nodes: [] });
    const late = await api.mutate(personId, 'updateTier', { tierId, name: 'X' }, tierFields);
    expect(late).toEqual({ tier: null, errors: [expect.objectContaining({ code: 'INVALID_STATE', path: ['input', 'tierId'] })] });
    const node = await api.run(null, `{ node(id: "${tierId}") { __typename ... on Tier { name creator { handle } } } }`);
    expect(node.data).toEqual({ node: { __typename: 'Tier', name: 'Friend', creator: { handle: 'linus' } } });
    await expectClean(database.current.db);
  });

  test.each([
    ['no name', { name: ' ' }, 'INVALID_INPUT', 'name'],
    ['a price below a cent', { price: usd('0.009999') }, 'AMOUNT_OUT_OF_RANGE', 'price.amount'],
    ['a price in euros', { price: usd('5', 'EUR') }, 'CURRENCY_MISMATCH', 'price.currency'],
    ['a negative price', { price: usd('-1') }, 'AMOUNT_OUT_OF_RANGE', 'price.amount'],
    ['no place', { capacity: 0 }, 'INVALID_INPUT', 'capacity'],
    ['an empty benefit', { benefits: ['Good', ''] }, 'INVALID_INPUT', 'benefits.1'],
    ['a long benefit', { benefits: ['x'.repeat(121)] }, 'INVALID_INPUT', 'benefits.0'],
    ['21 benefits', { benefits: Array.from({ length: 21 }, () => 'x') }, 'INVALID_INPUT', 'benefits'],
    ['a long description', { description: 'x'.repeat(1_001) }, 'INVALID_INPUT', 'description'],
  ])('a tier with %s is refused', async (_, given, code, path) => {
    const api = new Api(database.current.db);
    const { personId } = await api.page('linus');
    const { tier, errors } = await api.mutate(personId, 'createTier', { name: 'Fan', price: usd('1'), ...given }, 'tier { id }');
    expect([tier, errors.map((error: any) => [error.code, error.path.join('.')])]).toEqual([null, [[code, `input.${path}`]]]);
  });

  test('what must be there cannot be cleared', async () => {
    const api = new Api(database.current.db);
    const { personId } = await api.page('linus');
    const { tier } = await api.mutate(personId, 'createTier', { name: 'Fan', price: usd('1') }, tierFields);
    const { errors } = await api.mutate(personId, 'updateTier', { tierId: tier.id, name: null, price: null }, tierFields);
    expect(errors.map((error: any) => error.path.join('.'))).toEqual(['input.name', 'input.price']);
  });

  test('a capacity cannot fall below the members that the tier has', async () => {
    const { db } = database.current;
    const api = new Api(db);
    const { personId } = await api.page('linus');
    const { tier } = await api.mutate(personId, 'createTier', { name: 'Fan', price: usd('1'), capacity: 5 }, tierFields);
    await db.query('UPDATE tier SET taken = 3');
    const update = (capacity: number) => api.mutate(personId, 'updateTier', { tierId: tier.id, capacity }, tierFields);
    expect((await update(2)).errors).toEqual([expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining('3 members') })]);
    expect((await update(3)).tier).toMatchObject({ capacity: 3, remaining: 0 });
  });

  test('a hundred tiers may be open and no more, however they race; archiving one makes room', async () => {
    const [one, two] = [new Api(database.current.db), new Api(await database.current.connect())];
    const { personId } = await one.page('linus');
    for (let made = 0; made < 95; made += 5) {
      await Promise.all(Array.from({ length: 5 }, (_, index) => one.mutate(personId, 'createTier', { name: `T${made + index}`, price: usd('1') }, 'tier { id }')));
    }
    const raced = await Promise.all(Array.from({ length: 12 }, (_, index) =>
      (index % 2 ? one : two).mutate(personId, 'createTier', { name: 'R', price: usd('1') }, 'tier { id }')));
    expect(raced.filter(({ tier }) => tier !== null)).toHaveLength(5);
    expect(new Set(raced.flatMap(({ errors }) => errors.map((error: any) => error.code)))).toEqual(new Set(['INVALID_STATE']));
    await one.mutate(personId, 'archiveTier', { tierId: raced.find(({ tier }) => tier !== null)!.tier.id }, 'tier { id }');
    expect((await one.mutate(personId, 'createTier', { name: 'N', price: usd('1') }, 'tier { id }')).errors).toEqual([]);
    await expectClean(database.current.db);
  });
});

describe('goals', () => {
  const day = new Date('2026-03-01T12:00:00Z');
  const clock = { now: () => day };
  const tipTo = (creatorId: string, amountMicros: bigint, createdAt = day) =>
    transaction(database.current.db, (tx) => recordTips(tx, [{ tipId: newId(), creatorId, tipperId: null, displayName: '', amountMicros, currency: 'USD', createdAt }]));

  test('a goal is made, changed and archived', async () => {
    const api = new Api(database.current.db, clock);
    const { personId, uuid } = await api.page('linus');
    const made = await api.mutate(personId, 'createGoal', { title: 'A desk', target: usd('100') }, goalFields);
    expect(made).toEqual({
      goal: { id: expect.stringMatching(/^goa_/), title: 'A desk', target: { amount: '100.00' }, raised: { amount: '0.00' }, reachedAt: null, archivedAt: null },
      errors: [],
    });
    const goalId = made.goal.id;
    await tipTo(uuid, 60_000_000n);
    const lowered = await api.mutate(personId, 'updateGoal', { goalId, title: 'A chair', target: usd('60') }, goalFields);
    expect(lowered.goal).toMatchObject({ title: 'A chair', target: { amount: '60.00' }, raised: { amount: '60.00' }, reachedAt: day.toISOString() });
    expect((await api.mutate(personId, 'updateGoal', { goalId }, goalFields)).goal).toEqual(lowered.goal);
    const raised = await api.mutate(personId, 'updateGoal', { goalId, target: usd('60.000001') }, goalFields);
    expect(raised.goal).toMatchObject({ target: { amount: '60.000001' }, reachedAt: null });
    await tipTo(uuid, 1n);
    expect((await api.run(null, '{ creator(handle: "linus") { goals { raised { amount } reachedAt } } }')).data.creator.goals)
      .toEqual([{ raised: { amount: '60.000001' }, reachedAt: day.toISOString() }]);

    const archived = await api.mutate(personId, 'archiveGoal', { goalId }, goalFields);
    expect(await api.mutate(personId, 'archiveGoal', { goalId }, goalFields)).toEqual(archived);
    expect(await tipTo(uuid, 5n)).toEqual([]);
    expect((await api.run(null, openTiers)).data.creator.goals).toEqual([]);
    const node = await api.run(null, `{ node(id: "${goalId}") { __typename ... on Goal { title raised { amount } archivedAt } } }`);
    expect(node.data.node).toEqual({ __typename: 'Goal', title: 'A chair', raised: { amount: '60.000001' }, archivedAt: day.toISOString() });
    const late = await api.mutate(personId, 'updateGoal', { goalId, title: 'X' }, goalFields);
    expect(late.errors).toEqual([expect.objectContaining({ code: 'INVALID_STATE' })]);
    await expectClean(database.current.db);
  });

  test('twenty goals may be open and no more', async () => {
    const api = new Api(database.current.db);
    const { personId } = await api.page('linus');
    const answers = await Promise.all(Array.from({ length: 22 }, () => api.mutate(personId, 'createGoal', { title: 'G', target: usd('1') }, 'goal { id }')));
    expect(answers.filter(({ goal }) => goal !== null)).toHaveLength(20);
    expect(answers.flatMap(({ errors }) => errors.map((error: any) => error.code))).toEqual(['INVALID_STATE', 'INVALID_STATE']);
  });

  test.each([
    ['no title', { title: '' }, 'INVALID_INPUT', 'title'],
    ['a target of nothing', { target: usd('0.0') }, 'AMOUNT_OUT_OF_RANGE', 'target.amount'],
    ['a target in euros', { target: usd('1', 'EUR') }, 'CURRENCY_MISMATCH', 'target.currency'],
  ])('a goal with %s is refused', async (_, given, code, path) => {
    const api = new Api(database.current.db);
    const { personId } = await api.page('linus');
    const { goal, errors } = await api.mutate(personId, 'createGoal', { title: 'G', target: usd('1'), ...given }, 'goal { id }');
    expect([goal, errors.map((error: any) => [error.code, error.path.join('.')])]).toEqual([null, [[code, `input.${path}`]]]);
  });
});

test('nobody changes what is another creator\'s, and what is not there is not found', async () => {
  const api = new Api(database.current.db);
  const [mine, other, fan] = [await api.page('linus'), await api.page('grace'), await api.person()];
  const { tier } = await api.mutate(mine.personId, 'createTier', { name: 'Fan', price: usd('1') }, tierFields);
  const { goal } = await api.mutate(mine.personId, 'createGoal', { title: 'Desk', target: usd('1') }, goalFields);
  const calls = [
    ['updateTier', 'UpdateTierInput', { tierId: tier.id, name: 'Mine now' }],
    ['archiveTier', 'ArchiveTierInput', { tierId: tier.id }],
    ['updateGoal', 'UpdateGoalInput', { goalId: goal.id, title: 'Mine now' }],
    ['archiveGoal', 'ArchiveGoalInput', { goalId: goal.id }],
  ] as const;
  for (const [name, type, input] of calls) {
    const source = `mutation M($input: ${type}!) { ${name}(input: $input) { errors { code path } } }`;
    expect([name, (await api.run(other.personId, source, { input })).codes]).toEqual([name, ['FORBIDDEN']]);
    expect([name, (await api.run(fan, source, { input })).codes]).toEqual([name, ['FORBIDDEN']]);
    expect([name, (await api.run(null, source, { input })).codes]).toEqual([name, ['UNAUTHENTICATED']]);
    const field = Object.keys(input)[0]!;
    for (const id of ['nonsense', 'tie_00000000000000000000000000', 'goa_00000000000000000000000000', mine.id]) {
      const unknown = await api.run(mine.personId, source, { input: { [field]: id } });
      expect([name, id, unknown.data[name]]).toEqual([name, id, { errors: [{ code: 'NOT_FOUND', path: ['input', field] }] }]);
    }
  }
  expect((await api.run(null, openTiers)).data.creator).toEqual({ tiers: { totalCount: 1, nodes: [{ name: 'Fan' }] }, goals: [{ title: 'Desk' }] });
});
