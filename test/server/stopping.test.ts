import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { eachTestDatabase } from '../support/database.ts';
import { eachTestServer } from '../support/server.ts';
import { startBareServer } from './bare-server.ts';

const database = eachTestDatabase();
const server = eachTestServer();

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: { slow: { type: GraphQLString, resolve: () => delay(600, 'done') } },
  }),
});

test('a request that runs when the server stops is answered; one that comes later is not taken', async () => {
  const bare = await startBareServer(database.current, schema);
  const ask = () => fetch(`${bare.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ slow }"}' });
  const running = ask();
  await delay(100);
  const startedAt = performance.now();
  const stopped = bare.stop();
  await delay(50);
  const late = await ask().then((response) => response.status, () => 'REFUSED');
  expect([503, 'REFUSED']).toContain(late);
  expect(await (await running).json()).toEqual({ data: { slow: 'done' } });
  await stopped;
  expect(performance.now() - startedAt).toBeLessThan(1_500);
});

test('a server stops twice as well as once, and leaves its database to who opened it', async () => {
  const { app, db } = server.current;
  await app.stop();
  await app.stop();
  expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a hundred requests in flight are all answered while the server stops', async () => {
  const bare = await startBareServer(database.current, schema);
  const asked = Array.from({ length: 100 }, () =>
    fetch(`${bare.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ slow }"}' }));
  await delay(200);
  await bare.stop();
  const answers = await Promise.all(asked.map(async (response) => (await response).json()));
  expect(answers).toEqual(answers.map(() => ({ data: { slow: 'done' } })));
});
