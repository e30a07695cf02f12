import { APIError, createAuthMiddleware } from 'better-auth/api';
import type { Database } from '../database/room.ts';
import { parseDisplayName } from './display-name.ts';
import { passwordTrace } from './password-hasher.ts';

const longestEmail = 254;

/** Checks what better-auth leaves open, before it acts: the name, the address's length, and that a new password ends other sessions. */
export const checkRequest = createAuthMiddleware(async (ctx) => {
  const body: Record<string, unknown> = { ...(ctx.body as object | undefined) };
  if (typeof body.email === 'string') {
    body.email = body.email.trim().toLowerCase();
    if ((body.email as string).length > longestEmail) {
      throw new APIError('BAD_REQUEST', { code: 'INVALID_EMAIL', message: `The e-mail address has ${(body.email as string).length} characters; at most ${longestEmail} are allowed.` });
    }
  }
  if (ctx.path === '/sign-up/email') body.name = checkedName(body.name);
  refuseWhatNoTextHolds(body);
  if (ctx.path === '/change-password') body.revokeOtherSessions = true;
  return ctx.body ? { context: { body } } : undefined;
});

/** PostgreSQL takes neither, wherever the text would end. */
function refuseWhatNoTextHolds(body: Record<string, unknown>): void {
  for (const [field, value] of Object.entries(body)) {
    if (typeof value !== 'string' || (!value.includes('\0') && value.isWellFormed())) continue;
    throw new APIError('BAD_REQUEST', { code: 'INVALID_TEXT', message: `The field "${field}" holds U+0000 or half of a surrogate pair, which no text may.` });
  }
}

function checkedName(name: unknown): string {
  const parsed = parseDisplayName(typeof name === 'string' ? name : '', ['name']);
  if (parsed.ok) return parsed.name;
  throw new APIError('BAD_REQUEST', { code: 'INVALID_NAME', message: `The name ${parsed.error.message}` });
}

/** Corrects two answers that better-auth gives when it loses a race. */
export function checkAnswer(database: Database) {
  return createAuthMiddleware(async (ctx) => {
    if (ctx.path === '/sign-up/email') await explainFailedSignUp(database, ctx.context.returned, ctx.body as { email: string });
    if (ctx.path === '/sign-in/email' && ctx.context.newSession) await endStaleSignIn(database, ctx.context.newSession.session);
  });
}

/** Of two sign-ups at once with one address the later one fails in the database: it hears what it would have heard a moment later. */
async function explainFailedSignUp(database: Database, returned: unknown, body: { email: string }): Promise<void> {
  if (!(returned instanceof APIError) || returned.body?.code !== 'FAILED_TO_CREATE_USER') return;
  const [taken] = await database.query('SELECT FROM auth."user" WHERE email = $1', [body.email]);
  if (taken) {
    throw new APIError('UNPROCESSABLE_ENTITY', { code: 'USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL', message: 'User already exists. Use another email.' });
  }
  throw new APIError('SERVICE_UNAVAILABLE', { code: 'UNAVAILABLE', message: 'The account could not be made just now. Try again.' });
}

/**
 * A sign-in with the old password may check it before a reset and make its session after the reset ended all sessions. The reset writes
 * the new password first, so whoever finds it changed here knows, and whoever does not is found by the reset.
 */
async function endStaleSignIn(database: Database, session: { id: string; userId: string }): Promise<void> {
  const matched = passwordTrace.getStore()?.matchedHash;
  if (matched === undefined) return;
  const [current] = await database.query<{ password: string }>(
    `SELECT password FROM auth.account WHERE "userId" = $1 AND "providerId" = 'credential'`,
    [session.userId],
  );
  if (current?.password === matched) return;
  await database.query('DELETE FROM auth.session WHERE id = $1', [session.id]);
  throw new APIError('UNAUTHORIZED', { code: 'INVALID_EMAIL_OR_PASSWORD', message: 'Invalid email or password' });
}
