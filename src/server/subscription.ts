import type { DocumentNode, ExecutionResult, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { OverlayCredential, Visitor } from '../api/room.ts';
import type { Services } from '../database/room.ts';
import type { LiveSocket } from '../live/room.ts';

/** One subscription that a socket asked for: parsed, validated and within the limits. */
export interface SubscriptionRequest extends Visitor {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly operationName: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly services: Services;
  readonly overlay: OverlayCredential | null;
  readonly requestId: string;
  readonly remoteAddress: string;
  /** The `id` of the socket's `subscribe` message. */
  readonly operationId: string;
  /** For executors that write their `next` frames themselves, so that sockets can share them. */
  readonly socket: LiveSocket;
}

/**
 * Runs subscriptions; the room that shares executions between sockets gives one to the server. It answers the events' results, or
 * a result with errors when the subscription is refused; what it or its iterator throws is mapped like any error: refusals and bugs
 * become an `error` message, passing causes close the socket with 1012 or 1013 so that clients come back. The transport pulls the next
 * result when the last one has left the process, and calls `return()` when the client goes.
 */
export type SubscriptionExecutor = (request: SubscriptionRequest) => Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>;
