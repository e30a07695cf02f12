import { beforeAll, expect, test } from '@jest/globals';
import { graphql, type GraphQLSchema } from 'graphql';
import { buildSchema } from 'type-graphql';
import { apiRoom, createContext, type RequestContext, type Viewer } from '../../src/api/room.ts';
import type { Database, Services } from '../../src/database/room.ts';
import { forgetSessions, identityRoom, loadPerson, signUp, viewerFromRequest } from '../../src/identity/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { bearer, identityOver, password } from './support.ts';

const database = eachTestDatabase();
const ada = { email: 'ada@example.com', password, name: 'Ada' };

let schema: GraphQLSchema;
beforeAll(async () => {
  schema = await buildSchema({
    resolvers: [...(apiRoom.resolvers ?? []), ...(identityRoom.resolvers ?? [])] as never,
    orphanedTypes: [...(apiRoom.orphanedTypes ?? [])],
    validate: false,
  });
});

async function contextOf(services: Services, token?: string): Promise<RequestContext> {
  const viewer = token === undefined ? null : ((await viewerFromRequest(services, bearer(token))) as Viewer);
  return createContext({ services, viewer, requestId: 'test', remoteAddress: '192.0.2.1' });
}

async function run(contextValue: RequestContext, source: string, variableValues: Record<string, unknown> = {}): Promise<unknown> {
  return JSON.parse(JSON.stringify(await graphql({ schema, source, contextValue, variableValues })));
}

const rename = `mutation ($input: UpdateViewerInput!) { updateViewer(input: $input) { viewer { displayName } errors { code message path } } }`;

test('the viewer is null until somebody signs in, and then that account', async () => {
  const { services } = identityOver(database.current.db);
  const { token } = await signUp(services, ada);
  const query = '{ viewer { id email displayName } }';
  expect(await run(await contextOf(services), query)).toEqual({ data: { viewer: null } });
  expect(await run(await contextOf(services, token), query)).toEqual({
    data: { viewer: { id: expect.stringMatching(/^per_[0-9a-z]{26}$/), email: 'ada@example.com', displayName: 'Ada' } },
  });
});

test('a new name shows at once, in the account, the person and every later read of the request', async () => {
  const { services } = identityOver(database.current.db);
  const { token, personId } = await signUp(services, ada);
  const context = await contextOf(services, token);
  expect((await loadPerson(context, personId))?.displayName).toBe('Ada');
  const answer = await run(context, rename, { input: { displayName: ' Countess ' } });
  expect(answer).toEqual({ data: { updateViewer: { viewer: { displayName: 'Countess' }, errors: [] } } });
  expect((await loadPerson(context, personId))?.displayName).toBe('Countess');
  expect(await database.current.db.query('SELECT display_name, name FROM person JOIN auth."user" u USING (id)')).toEqual([{ display_name: 'Countess', name: 'Countess' }]);
});

test('an absent name stays', async () => {
  const { services } = identityOver(database.current.db);
  const { token } = await signUp(services, ada);
  const answer = await run(await contextOf(services, token), rename, { input: {} });
  expect(answer).toEqual({ data: { updateViewer: { viewer: { displayName: 'Ada' }, errors: [] } } });
});

test.each([
  ['null', null, 'cannot be cleared'],
  ['nothing', '', '"" has 0 characters'],
  ['81 characters', 'x'.repeat(81), 'has 81 characters; at most 80'],
  ['a line break', 'a\nb', '"a\\nb" contains a line break'],
])('a name of %s is refused as data, and nothing changes', async (_title, displayName, message) => {
  const { services } = identityOver(database.current.db);
  const { token } = await signUp(services, ada);
  const answer = await run(await contextOf(services, token), rename, { input: { displayName } });
  const errors = [{ code: 'INVALID_INPUT', message: expect.stringContaining(message), path: ['input', 'displayName'] }];
  expect(answer).toEqual({ data: { updateViewer: { viewer: null, errors } } });
  expect(await database.current.db.query('SELECT display_name FROM person')).toEqual([{ display_name: 'Ada' }]);
});

test('nobody renames an account without signing in', async () => {
  const { services } = identityOver(database.current.db);
  await signUp(services, ada);
  const answer = await run(await contextOf(services), rename, { input: { displayName: 'Eve' } });
  expect(answer).toMatchObject({ data: null, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
});

test('people are read together, each once', async () => {
  const { services } = identityOver(database.current.db);
  const ids = await Promise.all(['a', 'b', 'c'].map(async (name) => (await signUp(services, { ...ada, email: `${name}@example.com`, name })).personId));
  const context = await contextOf(services);
  let finds = 0;
  const find = context.em.find.bind(context.em);
  context.em.find = ((...args: Parameters<typeof find>) => (finds++, find(...args))) as typeof context.em.find;
  const missing = '01900000-0000-7000-8000-000000000000';
  const people = await Promise.all([...ids, missing, ids[0] as string].map((id) => loadPerson(context, id)));
  expect(people.map((person) => person?.displayName)).toEqual(['a', 'b', 'c', undefined, 'a']);
  expect(finds).toBe(1);
});

test('sessions that requests bring at the same time are read together, and each again only after a while', async () => {
  const { db } = database.current;
  let reads = 0;
  const counted: Database['query'] = (text, values) => (reads++, db.query(text, values));
  const { services } = identityOver({ ...db, query: counted });
  const tokens = await Promise.all(['a', 'b', 'c'].map(async (name) => (await signUp(services, { ...ada, email: `${name}@example.com`, name })).token));
  const [altered] = tokens.map((token) => `x${token}`) as [string];
  forgetSessions(services);
  reads = 0;
  const readAll = () => Promise.all([...tokens, tokens[0]!, altered].map((token) => viewerFromRequest(services, bearer(token))));
  const emails = (await readAll()).map((viewer) => (typeof viewer === 'object' ? viewer?.email : viewer));
  expect(emails).toEqual(['a@example.com', 'b@example.com', 'c@example.com', 'a@example.com', 'INVALID']);
  expect(await readAll()).toHaveLength(5);
  expect(reads).toBe(1);
});

test('the mutation states its rule and the viewer says that it differs between viewers', () => {
  expect(schema.getMutationType()?.getFields().updateViewer?.extensions).toMatchObject({ rule: 'SIGNED_IN' });
  expect(schema.getQueryType()?.getFields().viewer?.extensions).toMatchObject({ dependsOnViewer: true });
});
