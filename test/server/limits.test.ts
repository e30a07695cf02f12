import { expect, test } from '@jest/globals';
import { buildSchema, getIntrospectionQuery, parse, type OperationDefinitionNode } from 'graphql';
import { readConfig } from '../../src/config.ts';
import { costOf } from '../../src/server/cost.ts';
import { measure } from '../../src/server/limits.ts';
import { Operations } from '../../src/server/operations.ts';

const schema = buildSchema(`
  interface Node { id: ID! }
  type PageInfo { hasNextPage: Boolean! }
  type Money { amount: String! currency: String! }
  type Tip implements Node { id: ID! amount: Money! creator: Creator! }
  type TipEdge { node: Tip! }
  type TipConnection { edges: [TipEdge!]! nodes: [Tip!]! pageInfo: PageInfo! totalCount: Int! }
  type Creator implements Node { id: ID! handle: String! links: [String!]! goals: [Tip!]! tips(first: Int = 20): TipConnection! }
  type CreatorConnection { nodes: [Creator!]! pageInfo: PageInfo! }
  type Query {
    node(id: ID!): Node
    nodes(ids: [ID!]!): [Node]!
    creator(handle: String = "x"): Creator
    creators(first: Int = 20): CreatorConnection!
  }
`);
const { limits } = readConfig({});

function cost(query: string, variables: Record<string, unknown> = {}): number {
  const document = parse(query);
  return costOf(schema, document, document.definitions[0] as OperationDefinitionNode, variables, limits);
}

test.each([
  // query                                                                             variables       cost
  ['{ creator { id } }',                                                               {},             2],
  ['{ creator { id handle links } }',                                                  {},             4],
  ['{ creator { goals { id } } }',                                                     {},             2 + 10],
  ['{ creator { tips { nodes { id } } } }',                                            {},             2 + 20 * 2],
  ['{ creator { tips(first: 3) { nodes { id amount { amount } } } } }',                {},             2 + 3 * 4],
  ['{ creator { tips(first: 3) { edges { node { id } } pageInfo { hasNextPage } } } }', {},            2 + 3 * (3 + 2)],
  ['query ($n: Int) { creator { tips(first: $n) { totalCount } } }',                   { n: 7 },       2 + 7],
  ['query ($n: Int) { creator { tips(first: $n) { totalCount } } }',                   {},             2 + 20],
  ['query ($n: Int = 5) { creator { tips(first: $n) { totalCount } } }',               {},             2 + 5],
  ['query ($n: Int) { creator { tips(first: $n) { totalCount } } }',                   { n: null },    2 + 20],
  ['{ creator { tips(first: 100000) { totalCount } } }',                               {},             2 + 100],
  ['{ creator { tips(first: -100000) { totalCount } } }',                              {},             2],
  ['query ($n: Int) { creator { tips(first: $n) { totalCount } } }',                   { n: -9 },      2],
  ['query ($n: Int) { creator { tips(first: $n) { totalCount } } }',                   { n: NaN },     2 + 20],
  ['{ nodes(ids: ["a", "b", "c"]) { id } }',                                           {},             1 + 3],
  ['query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Tip { amount { amount } } } }', { ids: ['a', 'b'] }, 1 + 2 * 3],
  ['{ creators(first: 100) { nodes { tips(first: 100) { nodes { id } } } } }',         {},             1 + 100 * (1 + 1 + 100 * 2)],
  ['query { ...F } fragment F on Query { creators(first: 2) { nodes { ...C } } } fragment C on Creator { id handle }', {}, 1 + 2 * 3],
])('%s with %j costs %d', (query, variables, expected) => {
  expect(cost(query, variables)).toBe(expected);
});

/** Twenty-five fragments, each of which spreads the next twice: two to the power of 25 fields written out. */
const doubling = `{ creator { ...F0 } } ${Array.from({ length: 25 }, (_, n) => `fragment F${n} on Creator { a: tips { nodes { creator { ...F${n + 1} } } } b: tips { nodes { creator { ...F${n + 1} } } } }`).join(' ')} fragment F25 on Creator { id }`;
const circular = '{ creator { ...A } } fragment A on Creator { tips { nodes { creator { ...B } } } } fragment B on Creator { ...A }';

test('fragments that double each other or go in circles are measured at once', () => {
  const startedAt = performance.now();
  expect(measure(parse(doubling))[0]).toMatchObject({ fields: expect.any(Number), depth: 3 * 25 + 2 });
  expect(measure(parse(doubling))[0]!.fields).toBeGreaterThan(2 ** 25);
  expect(cost(doubling)).toBeGreaterThan(2 ** 25);
  expect(cost(circular)).toBeLessThan(1_000);
  expect(performance.now() - startedAt).toBeLessThan(200);
});

const small = { ...limits, tokens: 200, depth: 6, aliases: 3, cost: 500 };

test.each([
  ['{ creator { tips { nodes { creator { tips { nodes { id } } } } } } }', 'The operation nests fields 7 levels deep; at most 6 are allowed.', { actual: 7, limit: 6 }],
  ['{ a: creator { id } b: creator { c: id d: id } }', 'The operation has 4 aliases; at most 3 are allowed.', { actual: 4, limit: 3 }],
  ['{ creator { ...F ...F ...F ...F } } fragment F on Creator { a: id }', 'The operation has 4 aliases; at most 3 are allowed.', { actual: 4, limit: 3 }],
  [`{ creator { ${'id '.repeat(200)} } }`, 'The document has more than 200 tokens; no more are allowed.', { limit: 200 }],
  [`{ creator { ${'...F '.repeat(20)} } } fragment F on Creator { ${'id '.repeat(12)} }`, 'The operation selects 241 fields once its fragments are written out; at most 200 are allowed.', { actual: 241, limit: 200 }],
  ['{ creators(first: 100) { nodes { tips(first: 5) { totalCount } } } }', 'The operation may answer 701 fields in all, pages counted as full; at most 500 are allowed. Ask for smaller pages.', { actual: 701, limit: 500 }],
  [doubling, 'The document has more than 200 tokens; no more are allowed.', { limit: 200 }],
])('%#: an operation beyond a limit is refused with the figure and the limit', (query, message, figures) => {
  const operations = new Operations(schema, small);
  const selected = operations.select(operations.prepare(query), null, {});
  expect(selected).toMatchObject({ ok: false, problems: [{ message, extensions: { code: 'QUERY_TOO_COMPLEX', ...figures } }] });
});

test('doubling fragments are refused, and circular ones as invalid, within the default limits', () => {
  const operations = new Operations(schema, limits);
  expect(operations.prepare(doubling).problems[0]!.message).toMatch(/levels deep/);
  expect(operations.prepare(circular).problems.map((problem) => problem.message)).toContainEqual(expect.stringMatching(/Cannot spread fragment "A" within itself/));
});

test('every limit is checked of every operation of a document', () => {
  const operations = new Operations(schema, small);
  const document = 'query A { creator { id } } query B { a: creator { b: id c: id d: id } }';
  expect(operations.select(operations.prepare(document), 'A', {})).toMatchObject({ ok: false });
});

test('the introspection query of every client passes, four times over at most', () => {
  const operations = new Operations(schema, limits);
  const query = getIntrospectionQuery({ descriptions: true, inputValueDeprecation: true, oneOf: true, specifiedByUrl: true });
  expect(operations.select(operations.prepare(query), null, {})).toMatchObject({ ok: true });
  const many = (count: number) => `{ ${Array.from({ length: count }, (_, n) => `s${n}: __schema { types { name } }`).join(' ')} }`;
  expect(operations.select(operations.prepare(many(4)), null, {})).toMatchObject({ ok: true });
  expect(operations.select(operations.prepare(many(5)), null, {})).toMatchObject({ ok: false });
});

test('a document is read once, and kept until others need the room', () => {
  const operations = new Operations(schema, limits);
  const first = operations.prepare('{ creator { id } }');
  expect(operations.prepare('{ creator { id } }')).toBe(first);
  for (let n = 0; n < 400; n++) operations.prepare(`{ creator { id } } # ${n} ${'x'.repeat(100_000)}`);
  expect(operations.prepare('{ creator { id } }')).not.toBe(first);
});

test('the largest document that the limits allow is read and compiled in well under a second', () => {
  const operations = new Operations(schema, limits);
  const fields = `{ ${'creator { ...F } '.repeat(10)} } fragment F on Creator { ${'goals { id amount { amount currency } } '.repeat(70)} }`;
  const startedAt = performance.now();
  const prepared = operations.prepare(fields);
  expect(prepared.problems).toEqual([]);
  operations.compile(prepared, null);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
