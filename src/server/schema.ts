import { lexicographicSortSchema, printSchema, type GraphQLSchema } from 'graphql';
import { buildSchema, type NonEmptyArray } from 'type-graphql';
import type { ApiFace } from '../api/room.ts';

/** type-graphql insists on a bus for any @Subscription; ours bring their own streams. */
const unusedPubSub = {
  publish(): never {
    throw new Error('Nothing is published here: subscriptions read event streams.');
  },
  subscribe(): never {
    throw new Error('Nothing is subscribed to here: subscriptions read event streams.');
  },
};

/** Builds the schema of the rooms. Once a process: type-graphql registers resolvers globally. */
export function schemaOf(rooms: readonly ApiFace[]): Promise<GraphQLSchema> {
  return buildSchema({
    resolvers: rooms.flatMap((room) => room.resolvers ?? []) as NonEmptyArray<Function>,
    orphanedTypes: rooms.flatMap((room) => room.orphanedTypes ?? []),
    validate: false,
    pubSub: unusedPubSub,
  });
}

/** The schema as text, sorted, so that a change shows as the lines it changes. */
export function printed(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
