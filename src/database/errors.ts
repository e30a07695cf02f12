/** The database could not be asked, or gave way five times. Nothing was written; the same call may be made again. */
export class Unavailable extends Error {
  override name = 'Unavailable';
}

/** A COMMIT was sent and its answer lost, and asking again failed too: what it wrote may or may not stand. */
export class OutcomeUnknown extends Error {
  override name = 'OutcomeUnknown';
}

/** More work is waiting than may wait. Nothing was written. */
export class Overloaded extends Error {
  override name = 'Overloaded';
}

/** What to do about an error that a transaction ended with. */
export type FailureKind = 'RETRY' | 'CONFLICT' | 'POISON' | 'BUG';

/**
 * Gave way to another transaction, or was asked to go; then a server that cannot write for now: a standby that is not promoted yet
 * (25006), a full disk or no memory (53*), a disk that fails (58030).
 */
const retryStates = new Set(['40001', '40P01', '55P03', '25P03', '57P01', '57P02', '57P03', '57014', '25006', '58030']);
const socketCodes = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'ENOENT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);
const lostConnection =
  /connection terminated|connection ended|client has encountered a connection error|not queryable|connection error|timeout exceeded when trying to connect|server closed the connection|socket|client was closed|connection timeout/i;

interface PgLike {
  code?: string;
  message?: string;
  constraint?: string;
  cause?: unknown;
}

/** The error as `pg` raised it, without the wrappers that MikroORM puts around it. */
export function databaseErrorOf(error: unknown): PgLike {
  const own = error as PgLike;
  const inner = own?.cause as PgLike | undefined;
  return own?.code === undefined && inner?.code !== undefined ? inner : own;
}

/** True when the connection itself is gone, so that a COMMIT sent on it may have happened or not. */
export function isConnectionLoss(error: unknown): boolean {
  const { code, message } = databaseErrorOf(error);
  if (code !== undefined) return code.startsWith('08') || code.startsWith('57P0') || code === '25P03' || socketCodes.has(code);
  return error instanceof Error && lostConnection.test(message ?? '');
}

/**
 * Sorts an error by its SQLSTATE (PostgreSQL's manual, appendix A). CONFLICT is a unique violation: somebody else wrote the
 * same key first, so reading again tells. POISON is data that the database refuses whoever sends it.
 */
export function failureKind(error: unknown): FailureKind {
  if (isConnectionLoss(error)) return 'RETRY';
  const { code } = databaseErrorOf(error);
  if (code === undefined) return 'BUG';
  if (retryStates.has(code) || code.startsWith('53')) return 'RETRY';
  if (code === '23505') return 'CONFLICT';
  if (code.startsWith('22') || code.startsWith('23')) return 'POISON';
  return 'BUG';
}
