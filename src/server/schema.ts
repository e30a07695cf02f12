import { lexicographicSortSchema, printSchema, type GraphQLInterfaceType, type GraphQLSchema, type GraphQLUnionType } from 'graphql';
import { buildSchema, type NonEmptyArray } from 'type-graphql';
import { typeNameOf, type ApiFace } from '../api/room.ts';

/** type-graphql insists on a bus for any @Subscription; ours bring their own streams. */
const unusedPubSub = {
  publish(): never {
    throw new Error('Nothing is published here: subscriptions read event streams.');
  },
  subscribe(): never {
    throw new Error('Nothing is subscribed to here: subscriptions read event streams.');
  },
};

/** type-graphql makes the root types itself and leaves them without a word. */
const rootDescriptions: Readonly<Record<string, string>> = {
  Query: 'What can be read. A GET will do.',
  Mutation: 'What can be changed. Expected failures are data: look at `errors` of each answer. Whatever moves money takes an idempotencyKey.',
  Subscription: 'What is pushed over a WebSocket (graphql-transport-ws). Keep the last cursor, and come back with it as `after`.',
};

/** Builds the schema of the rooms. Once a process: type-graphql registers resolvers globally. */
export async function schemaOf(rooms: readonly ApiFace[]): Promise<GraphQLSchema> {
  const schema = await buildSchema({
    resolvers: rooms.flatMap((room) => room.resolvers ?? []) as NonEmptyArray<Function>,
    orphanedTypes: rooms.flatMap((room) => room.orphanedTypes ?? []),
    validate: false,
    pubSub: unusedPubSub,
  });
  // type-graphql makes every resolveType asynchronous, and graphql-jit waits for none.
  for (const name of ['Node', 'OverlayEventPayload']) {
    (schema.getType(name) as GraphQLInterfaceType | GraphQLUnionType).resolveType = (value) => typeNameOf(value as object);
  }
  for (const [name, description] of Object.entries(rootDescriptions)) {
    const root = schema.getType(name);
    if (root) root.description = description;
  }
  return schema;
}

/** The schema as text, sorted, so that a change shows as the lines it changes. */
export function printed(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
