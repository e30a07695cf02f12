import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach } from '@jest/globals';
import { createClient, type Client } from 'graphql-ws';
import { GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString, type ExecutionResult } from 'graphql';
import { WebSocket } from 'ws';
import { ApiError, type RequestContext } from '../../src/api/room.ts';
import { Overloaded, Unavailable } from '../../src/database/room.ts';
import { SlowReader } from '../../src/events/room.ts';
import type { SubscriptionExecutor } from '../../src/server/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { startBareServer, type BareServer } from './bare-server.ts';

export const database = eachTestDatabase();

/** What the fields of the schema count. */
export const counts = { running: 0, most: 0, larges: 0, paid: 0, waiting: 0 };

export const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: {
      who: { type: GraphQLString, resolve: (_root, _args, context: RequestContext) => context.viewer?.email ?? 'nobody' },
      slowly: { type: GraphQLString, resolve: async () => {
        counts.most = Math.max(counts.most, ++counts.running);
        await delay(30);
        counts.running--;
        return 'done';
      } },
      large: { type: GraphQLString, resolve: () => { counts.larges++; return 'x'.repeat(6_000_000); } },
      busy: { type: GraphQLString, resolve: () => { throw new Overloaded('full'); } },
    },
  }),
  mutation: new GraphQLObjectType({
    name: 'Mutation',
    fields: { pay: { type: GraphQLString, resolve: () => { counts.paid++; return 'paid'; } } },
  }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: { count: { type: GraphQLInt, args: { to: { type: GraphQLInt } } }, refuse: { type: GraphQLInt }, fail: { type: GraphQLInt, args: { how: { type: GraphQLString } } }, wait: { type: GraphQLInt } },
  }),
});

const faults: Record<string, () => unknown> = {
  slow: () => new SlowReader(1_000),
  unavailable: () => new Unavailable('select 1'),
  bug: () => new TypeError('select 1'),
  forbidden: () => new ApiError('FORBIDDEN', 'Not yours.'),
};

/** One execution a socket; the field says how it goes. */
export const executeSubscription: SubscriptionExecutor = async ({ operation, variables }) => {
  const field = (operation.selectionSet.selections[0] as { name: { value: string } }).name.value;
  if (field === 'refuse') throw new ApiError('FORBIDDEN', 'Not yours.');
  if (field === 'fail' && variables.when === 'start') throw faults[String(variables.how)]!();
  return (async function* (): AsyncGenerator<ExecutionResult> {
    if (field === 'wait') {
      counts.waiting++;
      try {
        yield { data: { wait: 0 } };
        await delay(60_000, undefined, { ref: false });
      } finally {
        counts.waiting--;
      }
    }
    if (field === 'fail') {
      yield { data: { fail: 1 } };
      throw faults[String(variables.how)]!();
    }
    for (let n = 1; n <= Number(variables.to); n++) yield { data: { count: n } };
  })();
};

export const clients: { dispose(): void }[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.dispose();
});

export async function start(options: Parameters<typeof startBareServer>[2] = {}): Promise<BareServer & { socketUrl: string }> {
  const server = await startBareServer(database.current, schema, { executeSubscription, ...options });
  return { ...server, socketUrl: `${server.url.replace('http', 'ws')}/graphql` };
}

export function clientOf(url: string, authToken?: string, onClosed?: (event: { code: number; reason: string }) => void): Client {
  const client = createClient({
    url, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams: authToken === undefined ? {} : { authToken },
    on: { closed: (event) => onClosed?.(event as { code: number; reason: string }) },
  });
  clients.push({ dispose: () => void client.dispose() });
  return client;
}

/** Everything an operation answers, then how it ended. */
export async function run(client: Client, query: string, variables?: Record<string, unknown>): Promise<{ results: ExecutionResult[]; end: unknown }> {
  const results: ExecutionResult[] = [];
  const end = await new Promise<unknown>((resolve) => {
    client.subscribe({ query, variables }, { next: (result) => void results.push(result as ExecutionResult), error: resolve, complete: () => resolve('COMPLETE') });
  });
  return { results, end };
}

/** A socket without a client's manners: what it receives, and how it is closed. */
export async function raw(url: string, options: { headers?: Record<string, string>; protocol?: string } = {}) {
  const socket = new WebSocket(url, options.protocol ?? 'graphql-transport-ws', { headers: options.headers });
  clients.push({ dispose: () => socket.terminate() });
  const messages: any[] = [];
  socket.on('message', (data) => void messages.push(JSON.parse(String(data))));
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await once(socket, 'open');
  return { socket, messages, closed, send: (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)) };
}
