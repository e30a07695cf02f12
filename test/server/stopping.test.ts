import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, expect, test } from '@jest/globals';
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { eachTestDatabase } from '../support/database.ts';
import { eachTestServer } from '../support/server.ts';
import { startBareServer } from './bare-server.ts';

const database = eachTestDatabase();
const server = eachTestServer();

let started = 0;
let gate = Promise.withResolvers<string>();

beforeEach(() => {
  started = 0;
  gate = Promise.withResolvers();
});

/** A field that is answered when the test opens the gate. */
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: {
      slow: {
        type: GraphQLString,
        resolve: () => {
          started++;
          return gate.promise;
        },
      },
    },
  }),
});

function ask(url: string): Promise<Response> {
  return fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ slow }"}' });
}

async function running(count: number): Promise<void> {
  while (started < count) await delay(5);
}

test('a request that runs when the server stops is answered; one that comes later is not taken', async () => {
  const bare = await startBareServer(database.current, schema);
  const early = ask(bare.url);
  await running(1);
  const stopped = bare.stop();
  await delay(50);
  const late = await ask(bare.url).then((response) => response.status, () => 'REFUSED');
  expect([503, 'REFUSED']).toContain(late);
  gate.resolve('done');
  expect(await (await early).json()).toEqual({ data: { slow: 'done' } });
  await stopped;
});

test('a server stops twice as well as once, and leaves its database to who opened it', async () => {
  const { app, db } = server.current;
  await app.stop();
  await app.stop();
  expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a hundred requests in flight are all answered while the server stops', async () => {
  const bare = await startBareServer(database.current, schema);
  const asked = Array.from({ length: 100 }, () => ask(bare.url));
  await running(100);
  const stopped = bare.stop();
  gate.resolve('done');
  const answers = await Promise.all(asked.map(async (response) => (await response).json()));
  expect(answers).toEqual(answers.map(() => ({ data: { slow: 'done' } })));
  await stopped;
});
