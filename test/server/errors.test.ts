import { expect, test } from '@jest/globals';
import { GraphQLError, GraphQLInt, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { ApiError } from '../../src/api/room.ts';
import { OutcomeUnknown, Overloaded, Unavailable } from '../../src/database/room.ts';
import { LedgerHalted } from '../../src/ledger/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { startBareServer } from './bare-server.ts';

const database = eachTestDatabase();

const secret = 'select * from wallet where token = 42';
const thrown: Record<string, unknown> = {
  forbidden: new ApiError('FORBIDDEN', 'It is for owner only.'),
  cursor: new ApiError('CURSOR_INVALID', 'The cursor "x" is not one of this list.', { list: 'tips' }),
  unavailable: new Unavailable(secret),
  refused: Object.assign(new Error(secret), { code: 'ECONNREFUSED' }),
  deadlock: new Error('wrapped', { cause: Object.assign(new Error(secret), { code: '40P01' }) }),
  unknown: new OutcomeUnknown(secret),
  overloaded: new Overloaded(secret),
  halted: new LedgerHalted('EUR', secret),
  bug: new TypeError(secret),
  sql: Object.assign(new Error(secret), { code: '42P01', detail: secret }),
  graphql: new GraphQLError(secret, { extensions: { code: 'WHATEVER', hint: secret } }),
  text: secret,
};

const fields = Object.fromEntries(
  Object.entries(thrown).flatMap(([name, error]) => {
    const fail = () => { throw error; };
    const reject = async () => { throw error; };
    return [[name, { type: GraphQLString, resolve: fail }], [`${name}Later`, { type: GraphQLString, resolve: reject }]];
  }),
);
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: {
      ...fields,
      echo: { type: GraphQLInt, args: { of: { type: new GraphQLNonNull(GraphQLInt) } }, resolve: (_root, { of }: { of: number }) => of },
      missing: { type: new GraphQLNonNull(GraphQLString), resolve: () => null },
    },
  }),
});

const expected: [name: string, code: string, message: RegExp][] = [
  ['forbidden', 'FORBIDDEN', /^It is for owner only\.$/],
  ['cursor', 'CURSOR_INVALID', /^The cursor "x" is not one of this list\.$/],
  ['unavailable', 'UNAVAILABLE', /^The database cannot be reached\. Nothing was written/],
  ['refused', 'UNAVAILABLE', /^The database cannot be reached/],
  ['deadlock', 'UNAVAILABLE', /^The database cannot be reached/],
  ['unknown', 'OUTCOME_UNKNOWN', /^The outcome is not known/],
  ['overloaded', 'OVERLOADED', /^More is waiting than the server can take/],
  ['halted', 'LEDGER_HALTED', /^Payments in EUR are stopped/],
  ['bug', 'INTERNAL_SERVER_ERROR', /^Something failed on our side\. Quote the request id test-1 /],
  ['sql', 'INTERNAL_SERVER_ERROR', /^Something failed on our side/],
  ['graphql', 'INTERNAL_SERVER_ERROR', /^Something failed on our side/],
  ['text', 'INTERNAL_SERVER_ERROR', /^Something failed on our side/],
];

async function ask(url: string, query: string, variables?: object) {
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json', 'x-request-id': 'test-1' };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) };
}

test.each(expected)('what a resolver throws as "%s" is answered as %s, at its place and without a leak', async (name, code, message) => {
  const server = await startBareServer(database.current, schema);
  for (const field of [name, `${name}Later`]) {
    const { status, text, body } = await ask(server.url, `{\n  alias: ${field} __typename }`);
    expect(status).toBe(200);
    expect(body.data).toEqual({ alias: null, __typename: 'Query' });
    expect(body.errors).toEqual([
      { message: expect.stringMatching(message), path: ['alias'], locations: [{ line: 2, column: 3 }], extensions: expect.objectContaining({ code }) },
    ]);
    expect(text).not.toContain('select');
    expect(text).not.toMatch(/stack|\.ts:/);
  }
  const logged = server.lines.filter((line) => line.level === 'error');
  expect(logged).toHaveLength(code === 'INTERNAL_SERVER_ERROR' ? 2 : 0);
  for (const line of logged) expect(line).toMatchObject({ requestId: 'test-1', path: 'alias', err: { message: expect.stringContaining('select') } });
});

test('further extensions of a room\'s error reach the client', async () => {
  const { url } = await startBareServer(database.current, schema);
  const { body } = await ask(url, '{ cursor }');
  expect(body.errors[0].extensions).toEqual({ code: 'CURSOR_INVALID', list: 'tips' });
});

test('a null where the schema promises a value is our bug, not the client\'s', async () => {
  const { url, lines } = await startBareServer(database.current, schema);
  const { body } = await ask(url, '{ missing }');
  expect(body).toMatchObject({ data: null, errors: [{ path: ['missing'], extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'test-1' } }] });
  expect(lines.filter((line) => line.level === 'error')).toHaveLength(1);
});

test.each([
  ['a variable of the wrong type', 'query ($n: Int!) { echo(of: $n) }', { n: 'x' }, 'BAD_USER_INPUT', /\$n/],
  ['a missing variable', 'query ($n: Int!) { echo(of: $n) }', {}, 'BAD_USER_INPUT', /\$n/],
  ['an unknown field', '{ nothing }', {}, 'GRAPHQL_VALIDATION_FAILED', /Cannot query field "nothing"/],
  ['a literal of the wrong type', '{ echo(of: "x") }', {}, 'GRAPHQL_VALIDATION_FAILED', /Int cannot represent/],
  ['what is no document', '{', {}, 'GRAPHQL_PARSE_FAILED', /Syntax Error/],
])('%s is a request error with status 400 and no data', async (_what, query, variables, code, message) => {
  const { url, lines } = await startBareServer(database.current, schema);
  const { status, body } = await ask(url, query, variables);
  expect(status).toBe(400);
  expect(body).toEqual({ errors: [expect.objectContaining({ message: expect.stringMatching(message), extensions: { code } })] });
  expect(lines.filter((line) => line.level === 'error')).toEqual([]);
});

test('an operation that the document does not have is a request error', async () => {
  const { url } = await startBareServer(database.current, schema);
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
  for (const operationName of ['C', '__proto__', undefined]) {
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query: 'query A { forbidden } query B { cursor }', operationName }) });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }] });
  }
});
