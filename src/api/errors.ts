import { GraphQLError } from 'graphql';

/** Top-level errors that a client can act on; everything expected beyond these is data (`errors: [UserError!]!`). */
export type ApiErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'RATE_LIMITED'
  | 'BAD_USER_INPUT'
  | 'CURSOR_INVALID'
  | 'OVERLOADED'
  | 'UNAVAILABLE'
  | 'OUTCOME_UNKNOWN'
  | 'LEDGER_HALTED'
  | 'NOT_FOUND';

/** An error for `errors` at the top of a response, with its code in `extensions.code`. */
export class ApiError extends GraphQLError {
  constructor(code: ApiErrorCode, message: string, extra: Record<string, unknown> = {}) {
    super(message, { extensions: { code, ...extra } });
  }
}
