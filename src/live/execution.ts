import type { DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql';
import type { RequestContext } from '../api/room.ts';
import { service } from '../database/room.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** One run of a subscription's operation on one event. */
export interface EventOperation {
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Variables;
  readonly rootValue: unknown;
  readonly context: RequestContext;
}

/** How the server runs operations: its own executor and error map, so that events read exactly like answers over HTTP. */
export interface LiveExecution {
  readonly schema: GraphQLSchema;
  /** Runs the operation on one event. Its errors are as they were thrown: they are judged here after. */
  execute(operation: EventOperation): ExecutionResult | Promise<ExecutionResult>;
  /** Whether a client that comes back may find the error gone: such errors close the socket, and are never sent. */
  isTransient(error: unknown): boolean;
  /** An error as clients may see it; what is a bug of ours is logged by this. */
  toPublicError(error: unknown, requestId: string): GraphQLError;
}

/** Provided by the server before the first subscription. */
export const liveExecutionService = service<LiveExecution>('live.execution');
