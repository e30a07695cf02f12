import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildSchema, execute, parse, validate, type ExecutionResult, type GraphQLInterfaceType, type GraphQLObjectType } from 'graphql';
import type { RequestContext } from '../../src/api/room.ts';
import { readConfig } from '../../src/config.ts';
import { createLog } from '../../src/server/room.ts';
import { Operations } from '../../src/server/operations.ts';

const schema = buildSchema(`
  enum Kind { A B }
  input Inner { x: Int! = 9, y: Int }
  input Given {
    required: Int!, absent: Int, default: Int = 7, requiredDefault: Int! = 5, kind: Kind! = B, other: Kind = A
    list: [Int!], listDefault: [Int!]! = [1, 2], inner: Inner, innerDefault: Inner! = { x: 3 }, text: String, id: ID
  }
  interface Thing { self: Query!, text: String, list: [Query!]!, thing: Thing }
  type Query implements Thing {
    self: Query!, text: String, list: [Query!]!, thing: Thing
    echo(given: Given, n: Int = 4, m: Int! = 6, kind: Kind = B, inners: [Inner!], id: ID, number: Float, yes: Boolean): String
  }
`);

const fields = (schema.getType('Query') as GraphQLObjectType).getFields();
fields.echo!.resolve = (_root, given) => JSON.stringify(sorted(given));
fields.self!.resolve = () => ({});
fields.text!.resolve = async () => 'text';
fields.list!.resolve = async () => [{}, {}];
fields.thing!.resolve = () => ({});
(schema.getType('Thing') as GraphQLInterfaceType).resolveType = () => 'Query';

const operations = new Operations(schema, { ...readConfig({}).limits, aliases: 1_000 });
const scene = { log: createLog('silent'), requestId: 'test' };

/** The order of keys is not what is compared. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}

async function ours(document: string, variables: Record<string, unknown>): Promise<ExecutionResult> {
  const prepared = operations.prepare(document);
  expect(prepared.problems).toEqual([]);
  return operations.execute(prepared, null, variables, {} as RequestContext, scene);
}

async function expectSameAsGraphqlJs(document: string, variables: Record<string, unknown>): Promise<void> {
  const expected = await execute({ schema, document: parse(document), variableValues: variables });
  const answered = await ours(document, variables);
  expect(sorted(answered.data ?? null)).toEqual(sorted(expected.data ?? null));
  expect((answered.errors ?? []).length > 0).toBe((expected.errors ?? []).length > 0);
}

test.each<[document: string, ...variables: Record<string, unknown>[]]>([
  ['{ echo }', {}],
  ['{ echo(given: { required: 1, inner: {} }) }', {}],
  ['query ($g: Given!) { echo(given: $g) }', { g: { required: 1 } }, { g: { required: 1, absent: null, default: null, list: 3 } }, {}, { g: null }, { g: {} }, { g: [{ required: 1 }] }, { g: 'x' }],
  ['query ($g: Given!) { echo(given: $g) }', { g: { required: '1' } }, { g: { required: 1, stray: 1 } }, { g: { required: 1, inner: {} } }, { g: { required: 1, inner: { y: null } } }, { g: { required: 1, text: '\u0000"\\', id: 5 } }],
  ['query ($g: Given = { required: 4 }) { echo(given: $g) }', {}, { g: null }, { g: { required: 2 } }],
  ['query ($r: Int!, $o: Int) { echo(given: { required: $r, absent: $o, default: $o }) }', { r: 2 }, { r: 2, o: null }, { r: 2, o: 3 }],
  ['query ($o: Int = 8) { echo(given: { required: 1, absent: $o }) }', {}, { o: null }, { o: 1 }],
  ['query ($n: Int) { echo(n: $n) }', {}, { n: null }, { n: 3_000_000_000 }, { n: 1.5 }, { n: 'x' }],
  ['query ($n: Int = 8) { echo(n: $n, m: $n) }', {}, { n: null }, { n: 1 }],
  ['query ($m: Int) { echo(m: $m) }', {}, { m: null }],
  ['query ($m: Int! = 3) { echo(m: $m) }', {}, { m: null }, { m: 1 }],
  ['query ($k: Kind! = A) { echo(kind: $k, given: { required: 1, kind: $k }) }', {}, { k: 'B' }, { k: 'C' }],
  ['query ($i: [Inner!]) { echo(inners: $i) }', {}, { i: [{}, { x: 1 }] }, { i: { y: 1 } }],
  ['query ($i: Inner!, $x: Int!) { echo(inners: [$i, { x: $x }]) }', { i: {}, x: 1 }, { i: { y: 1 }, x: 2 }],
  ['query ($id: ID, $f: Float, $b: Boolean) { echo(id: $id, number: $f, yes: $b) }', {}, { id: 7, f: 3, b: true }, { id: '7' }, { id: 1.5 }, { b: 'true' }, { b: 0 }],
])('%s reads its arguments as the specification says', async (document, ...given) => {
  for (const variables of given) await expectSameAsGraphqlJs(document, variables);
});

const condition = fc.constantFrom('', '', ' @skip(if: $a)', ' @include(if: $b)', ' @include(if: $a) @skip(if: $c)', ' @include(if: false)');

/** Selections that meet in the same fields through fragments, under conditions: where executors go wrong. */
function selection(depth: number, fragments: number, conditions: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const leaf = fc.tuple(fc.constantFrom('text', 'alias: text', '__typename'), conditions).map((parts) => parts.join(''));
  if (depth === 0) return fc.array(leaf, { minLength: 1, maxLength: 3 }).map((parts) => `{ ${parts.join(' ')} }`);
  const inner = selection(depth - 1, fragments, conditions);
  const nested = fc.tuple(fc.constantFrom('self', 'list', 'thing', '...'), conditions, inner).map((parts) => parts.join(' '));
  const spread = fc.tuple(fc.nat(Math.max(fragments - 1, 0)), conditions).map(([n, when]) => `...F${n}${when}`);
  const one = fragments > 0 ? fc.oneof(leaf, nested, spread) : fc.oneof(leaf, nested);
  return fc.array(one, { minLength: 1, maxLength: 3 }).map((parts) => `{ ${parts.join(' ')} }`);
}

function documents(conditions: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const fragment = (n: number) => fc.tuple(fc.constantFrom('Query', 'Thing'), selection(2, n, conditions)).map(([type, body]) => `fragment F${n} on ${type} ${body}`);
  return fc.tuple(selection(3, 3, conditions), fragment(0), fragment(1), fragment(2)).map(([body, ...parts]) =>
    `query ($a: Boolean! = false, $b: Boolean! = true, $c: Boolean = true) ${body} ${parts.join(' ')}`);
}

test.each([
  ['with conditions', documents(condition)],
  ['without conditions', documents(fc.constant(''))],
])('random documents %s answer what graphql-js answers', async (_what, arbitrary) => {
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(arbitrary, fc.record({ a: fc.boolean(), b: fc.boolean(), c: fc.boolean() }), async (text, variables) => {
      // Unused fragments and variables are mistakes, and no reason to throw the document away.
      const used = [0, 1, 2].reduceRight((kept, n) => (kept.split(`...F${n}`).length > 1 ? kept : kept.replace(new RegExp(`fragment F${n} .*?(?=fragment|$)`, 's'), '')), text);
      const document = ['a', 'b', 'c'].reduce((kept, name) => (kept.split(`$${name}`).length > 2 ? kept : kept.replace(new RegExp(`\\$${name}: [^,)]*,? ?`), '')), used).replace('query ()', 'query');
      if (validate(schema, parse(document)).length > 0) return;
      compared++;
      await expectSameAsGraphqlJs(document, variables);
    }),
    { numRuns: 400 },
  );
  expect(compared).toBeGreaterThan(200);
});
