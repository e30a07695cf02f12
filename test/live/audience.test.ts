import { describe, expect, test } from '@jest/globals';
import { buildSchema, execute, GraphQLError, isInterfaceType, isObjectType, parse, validate } from 'graphql';
import type { RequestContext } from '../../src/api/room.ts';
import { anyone } from '../../src/identity/room.ts';
import { OperationShapes, variablesKey } from '../../src/live/operation-shape.ts';
import { nobody, Runner } from '../../src/live/runner.ts';
import { eachTestDatabase } from '../support/database.ts';
import { servicesOn } from '../support/world.ts';

const schema = buildSchema(`
  type Query { ok: Boolean }
  type Subscription { tipReceived(creatorId: ID!, after: String): TipEvent!  goal(id: ID!): Goal! }
  type TipEvent { cursor: String! tip: Tip! previous: Tip }
  interface Node { id: ID! mine: Boolean }
  type Tip implements Node { id: ID! mine: Boolean name: String reply: Tip node: Node creator: Creator! text(locale: String): String }
  type Creator { role: String fans: [Fan!]! }
  type Goal { title: String secret: String }
  union Fan = Person | Guest
  type Person { nickname: String }
  type Guest { number: Int seen: Boolean }
`);

function mark(type: string, field: string, extensions: Record<string, unknown>): void {
  const named = schema.getType(type);
  if (!isObjectType(named) && !isInterfaceType(named)) throw new Error(`${type} has no fields.`);
  Object.assign(named.getFields()[field]!.extensions, extensions);
}
mark('Subscription', 'tipReceived', { subscriptionTerms: { rule: anyone, subjectField: 'tip' } });
mark('Subscription', 'goal', { subscriptionTerms: { rule: anyone, subjectField: null } });
mark('Tip', 'name', { dependsOnInsider: true });
mark('Goal', 'secret', { dependsOnInsider: true });
mark('Creator', 'role', { dependsOnViewer: true });
mark('Tip', 'mine', { dependsOnViewer: true });
mark('Guest', 'seen', { dependsOnViewer: true });

const shapes = new OperationShapes(schema);

function shapeOf(source: string, operationName: string | null = null) {
  const document = parse(source);
  expect(validate(schema, document)).toEqual([]);
  return shapes.of(document, operationName);
}

describe('the audience of an operation', () => {
  test.each([
    ['EVERYBODY', '{ cursor tip { id text } }'],
    ['EVERYBODY', '{ tip { creator { fans { ... on Person { nickname } ... on Guest { number } } } } }'],
    ['STRANGERS', '{ tip { name } }'],
    ['STRANGERS', '{ alias: tip { other: name } }'],
    ['STRANGERS', '{ ... on TipEvent { tip { ... on Tip { name } } } }'],
    ['STRANGERS', '{ tip { name @include(if: false) } }'],
    ['VIEWER', '{ tip { reply { name } } }'],
    ['VIEWER', '{ previous { name } }'],
    ['VIEWER', '{ tip { creator { role } } }'],
    ['VIEWER', '{ tip { creator { role } name } }'],
    ['VIEWER', '{ tip { node { mine } } }'],
    ['VIEWER', '{ tip { node { ... on Tip { name } } } }'],
    ['VIEWER', '{ tip { creator { fans { ... on Guest { seen } } } } }'],
  ])('is %s for %s', (audience, selection) => {
    expect(shapeOf(`subscription { tipReceived(creatorId: "1") ${selection} }`).audience).toBe(audience);
  });

  test.each([
    ['STRANGERS', 'fragment Parts on Tip { name }', '{ tip { ...Parts } }'],
    ['VIEWER', 'fragment Parts on Tip { name }', '{ tip { ...Parts reply { ...Parts } } }'],
    ['VIEWER', 'fragment Parts on Tip { ...More } fragment More on Tip { creator { role } }', '{ tip { ...Parts } }'],
  ])('is %s through %s', (audience, fragments, selection) => {
    expect(shapeOf(`subscription { tipReceived(creatorId: "1") ${selection} } ${fragments}`).audience).toBe(audience);
  });

  test('counts every place where the root field is written', () => {
    const split = 'subscription { tipReceived(creatorId: "1") { cursor } ...Rest } fragment Rest on Subscription { tipReceived(creatorId: "1") { tip { creator { role } } } }';
    expect(shapeOf(split).audience).toBe('VIEWER');
  });

  test('is one viewer\'s where an event has no subject that insiders could belong to', () => {
    expect(shapeOf('subscription { goal(id: "1") { secret } }').audience).toBe('VIEWER');
    expect(shapeOf('subscription { goal(id: "1") { title } }').audience).toBe('EVERYBODY');
  });
});

describe('the key of an operation', () => {
  const text = (head: string, after: string) => `subscription ${head} { tipReceived(creatorId: $creatorId${after}) { cursor tip { text(locale: $locale) } } }`;
  const whole = text('($creatorId: ID!, $after: String, $locale: String)', ', after: $after');

  test('does not know where a socket started, nor how the text was laid out', () => {
    const key = shapeOf(whole).key;
    expect(shapeOf(text('($creatorId: ID!, $locale: String)', ', after: "abc"')).key).toBe(key);
    expect(shapeOf(text('($creatorId: ID!, $locale: String)', '')).key).toBe(key);
    expect(shapeOf(whole.replaceAll(' ', '\n  ')).key).toBe(key);
    expect(shapeOf(whole.replace('cursor', 'place: cursor')).key).not.toBe(key);
    expect(shapeOf(whole.replace('subscription', 'subscription Named')).key).not.toBe(key);
  });

  test('knows the variables that an answer depends on, and of those only what they say', () => {
    const shape = shapeOf(whole);
    const key = variablesKey(shape, { creatorId: '1', after: 'x', locale: 'en' });
    expect(variablesKey(shape, { locale: 'en', after: 'y', creatorId: '1', stranger: true })).toBe(key);
    expect(variablesKey(shape, { creatorId: '1', locale: 'de' })).not.toBe(key);
    expect(variablesKey(shape, { creatorId: '1', locale: null })).not.toBe(variablesKey(shape, { creatorId: '1' }));
  });

  test('keeps a cursor\'s variable that says something else too', () => {
    const shape = shapeOf('subscription ($after: String) { tipReceived(creatorId: "1", after: $after) { tip { text(locale: $after) } } }');
    expect(variablesKey(shape, { after: 'x' })).not.toBe(variablesKey(shape, { after: 'y' }));
  });

  test('leaves out the other operations of a document', () => {
    const alone = 'subscription A { tipReceived(creatorId: "1") { cursor } }';
    expect(shapeOf(`${alone} subscription B { goal(id: "1") { title } }`, 'A').key).toBe(shapeOf(alone, 'A').key);
  });
});

describe('an execution', () => {
  const database = eachTestDatabase();
  const viewer = { personId: '01900000-0000-7000-8000-000000000001', email: 'a@example.com', sessionId: 's' };

  function runner(resolve: (context: RequestContext) => unknown, isTransient = false) {
    const reported: unknown[] = [];
    const own = new Runner({
      services: servicesOn(database.current),
      document: parse('subscription { goal(id: "1") { title } }'),
      operationName: null,
      variables: {},
      executed: () => {},
      execution: {
        schema,
        execute: ({ document, context }) =>
          execute({ schema, document, rootValue: { goal: { title: () => resolve(context) } }, contextValue: context }),
        isTransient: () => isTransient,
        toPublicError: (error) => {
          reported.push((error as GraphQLError).originalError);
          return new GraphQLError('Something failed on our side.', { extensions: { code: 'INTERNAL_SERVER_ERROR' } });
        },
      },
    });
    return { own, reported };
  }

  test('that is shared throws when it is asked for its viewer, and says so only to us', async () => {
    const { own, reported } = runner((context) => context.viewer?.email ?? 'nobody');
    const answer = JSON.parse(await own.run({}, nobody));
    expect(answer).toEqual({
      data: { goal: { title: null } },
      errors: [{ message: 'Something failed on our side.', extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
    });
    expect(reported).toMatchObject([{ message: expect.stringContaining('viewer-dependent') }]);
  });

  test('for one viewer knows that viewer, and one for somebody signed out knows nobody', async () => {
    const { own } = runner((context) => context.viewer?.email ?? 'nobody');
    expect(JSON.parse(await own.run({}, { viewer, guest: null, overlay: null, remoteAddress: '' }))).toEqual({ data: { goal: { title: 'a@example.com' } } });
    expect(JSON.parse(await own.run({}, { viewer: null, guest: null, overlay: null, remoteAddress: '' }))).toEqual({ data: { goal: { title: 'nobody' } } });
  });

  test('has a context of its own each time', async () => {
    const contexts: RequestContext[] = [];
    const { own } = runner((context) => contexts.push(context) && 'title');
    await own.run({}, nobody);
    await own.run({}, nobody);
    expect(contexts).toHaveLength(2);
    expect(contexts[0]).not.toBe(contexts[1]);
    expect(contexts[0]?.em).not.toBe(contexts[1]?.em);
  });

  test('that meets a passing fault throws, so that no client takes it for the answer', async () => {
    const { own } = runner(() => {
      throw new Error('connection terminated');
    }, true);
    await expect(own.run({}, nobody)).rejects.toThrow('connection terminated');
  });
});
