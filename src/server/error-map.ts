import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { ApiError, type ApiErrorCode } from '../api/room.ts';
import { failureKind, OutcomeUnknown, Overloaded, Unavailable } from '../database/room.ts';
import { StreamInterrupted } from '../events/room.ts';
import { LedgerHalted } from '../ledger/room.ts';
import type { Log } from './log.ts';

/** Codes of the transport itself, beside those that rooms answer with. */
export type TransportCode =
  | 'BAD_REQUEST'
  | 'GRAPHQL_PARSE_FAILED'
  | 'GRAPHQL_VALIDATION_FAILED'
  | 'OPERATION_RESOLUTION_FAILURE'
  | 'QUERY_TOO_COMPLEX'
  | 'PAYLOAD_TOO_LARGE'
  | 'INTERNAL_SERVER_ERROR';

export type PublicCode = ApiErrorCode | TransportCode;

/** An error as clients see it: nothing of where or why our code failed. */
export class PublicError extends GraphQLError {
  readonly code: PublicCode;

  constructor(code: PublicCode, message: string, options: { path?: GraphQLError['path']; extra?: Record<string, unknown> } = {}) {
    super(message, { path: options.path, extensions: { ...options.extra, code } });
    this.code = code;
  }

  /** Puts the error where it was in the document; GraphQLError itself only computes that from a syntax tree. */
  at(locations: GraphQLError['locations']): this {
    if (locations?.length) Object.defineProperty(this, 'locations', { value: locations, enumerable: true });
    return this;
  }

  /** Gives the HTTP response a status of its own; Apollo takes it out of what is sent. */
  withStatus(status: number): this {
    this.extensions.http = { status };
    return this;
  }
}

/** What went wrong, for clients. `isTransient` means that the same request may succeed by itself later. */
interface Verdict {
  readonly code: PublicCode;
  readonly message: string;
  readonly isTransient?: boolean;
  readonly extra?: Record<string, unknown>;
}

/** The one place where what rooms throw becomes what clients read. Anything without a line here is a bug of ours. */
function judge(error: unknown): Verdict | null {
  if (error instanceof PublicError) return { code: error.code, message: error.message, extra: error.extensions };
  if (error instanceof ApiError) {
    const code = error.extensions.code as ApiErrorCode;
    return { code, message: error.message, extra: error.extensions, isTransient: transientCodes.has(code) };
  }
  if (error instanceof Overloaded) {
    return { code: 'OVERLOADED', message: 'More is waiting than the server can take. Nothing was written: try again later with the same key.', isTransient: true };
  }
  if (error instanceof OutcomeUnknown) {
    return { code: 'OUTCOME_UNKNOWN', message: 'The outcome is not known: it may or may not have been written. The same request with the same key tells.', isTransient: true };
  }
  if (error instanceof LedgerHalted) {
    return { code: 'LEDGER_HALTED', message: `Payments in ${error.currency} are stopped until the books are checked. Nothing was written: try again later with the same key.`, isTransient: true };
  }
  if (error instanceof StreamInterrupted) {
    return { code: 'UNAVAILABLE', message: 'The stream was interrupted: subscribe again after the last cursor.', isTransient: true };
  }
  if (error instanceof Unavailable || failureKind(error) === 'RETRY') {
    return { code: 'UNAVAILABLE', message: 'The database cannot be reached. Nothing was written: try again later with the same key.', isTransient: true };
  }
  return null;
}

const transientCodes: ReadonlySet<string> = new Set<PublicCode>(['OVERLOADED', 'UNAVAILABLE', 'OUTCOME_UNKNOWN', 'LEDGER_HALTED']);

/** Whether a client that comes back may find it gone. */
export function isTransient(error: unknown): boolean {
  return judge(causeOf(error))?.isTransient ?? false;
}

/** Whether an answer holds an error that a client that comes back may find gone. */
export function hasTransientError(errors: readonly GraphQLError[] | undefined): boolean {
  return errors?.some((error) => transientCodes.has(error.extensions?.code as string)) ?? false;
}

/** Where an error happened, for the log and for the message of one that we cannot explain to clients. */
export interface ErrorScene {
  readonly log: Log;
  readonly requestId: string;
}

/** An error as GraphQL's executors make it; those of graphql-jit are no instances of GraphQLError. */
type ExecutionError = Pick<GraphQLError, 'message' | 'path' | 'locations' | 'originalError'>;

/**
 * Turns anything thrown into what clients may see. What we did not expect is logged whole and answered as INTERNAL_SERVER_ERROR
 * with the request's id, by which the log finds it.
 */
export function toPublicError(error: unknown, scene: ErrorScene): PublicError {
  if (error instanceof PublicError) return error;
  const cause = causeOf(error);
  const { path, locations } = placeOf(error);
  const verdict = judge(cause) ?? requestMistake(error, cause, path);
  if (verdict) return new PublicError(verdict.code, verdict.message, { path, extra: verdict.extra }).at(locations);
  scene.log.error({ err: cause, requestId: scene.requestId, path: path?.join('.') }, 'An unexpected error was answered as INTERNAL_SERVER_ERROR.');
  const message = `Something failed on our side. Quote the request id ${scene.requestId} when you report it.`;
  return new PublicError('INTERNAL_SERVER_ERROR', message, { path, extra: { requestId: scene.requestId } }).at(locations);
}

/** Errors without a path come before execution: the variables do not fit the operation. */
function requestMistake(error: unknown, cause: unknown, path: GraphQLError['path']): Verdict | null {
  if (!isExecutionError(error)) return null;
  const isRequestError = path === undefined && (cause === error || cause instanceof GraphQLError);
  return isRequestError || isArgumentMistake(error, cause) ? { code: 'BAD_USER_INPUT', message: (error as Error).message } : null;
}

/**
 * A null variable may pass into an argument that has a default and may not be null; that shows where the field is run. What a
 * resolver throws has no syntax nodes of its own (graphql-js), or stands behind the error as its cause (graphql-jit).
 */
function isArgumentMistake(error: unknown, cause: unknown): boolean {
  const isExecutors = cause === error || (cause instanceof GraphQLError && (cause.nodes?.length ?? 0) > 0);
  return isExecutors && /^Argument "\w+" (of (non-null|required) type|has invalid value) /.test((error as Error).message);
}

function isExecutionError(error: unknown): boolean {
  return error instanceof GraphQLError || (error instanceof Error && 'locations' in error);
}

function placeOf(error: unknown): Partial<Pick<ExecutionError, 'path' | 'locations'>> {
  if (!isExecutionError(error)) return {};
  const { path, locations } = error as ExecutionError;
  return { path: path ?? undefined, locations };
}

function causeOf(error: unknown): unknown {
  let cause = error;
  while (isExecutionError(cause) && (cause as ExecutionError).originalError) cause = (cause as ExecutionError).originalError;
  return cause;
}

/** A response body in GraphQL's own form, for refusals that happen before GraphQL. */
export function errorBody(code: PublicCode, message: string): { errors: GraphQLFormattedError[] } {
  return { errors: [{ message, extensions: { code } }] };
}
