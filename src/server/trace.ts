import type { OperationDefinitionNode } from 'graphql';
import type { RequestContext } from '../api/room.ts';

/** What a request's log line says of its GraphQL operation, filled in while it runs. */
export interface OperationTrace {
  kind: 'query' | 'mutation' | 'subscription' | 'unknown';
  name: string | null;
  errorCodes: string[];
}

export interface TracedContext extends RequestContext {
  readonly trace: OperationTrace;
}

export function newTrace(): OperationTrace {
  return { kind: 'unknown', name: null, errorCodes: [] };
}

export function traceOperation(trace: OperationTrace, operation: OperationDefinitionNode | undefined): void {
  trace.kind = operation?.operation ?? 'unknown';
  trace.name = operation?.name?.value.slice(0, 80) ?? null;
}

/** The codes of a response's errors, each once. */
export function codesOf(errors: readonly { readonly extensions?: Record<string, unknown> }[] | undefined): string[] {
  return [...new Set(errors?.map((error) => String(error.extensions?.code ?? 'UNKNOWN')) ?? [])];
}
