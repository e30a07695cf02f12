import type { Viewer } from '../api/room.ts';
import { databaseService, failureKind, service, Unavailable, type Services } from '../database/room.ts';
import { authSecretService } from './secret.ts';
import { givenToken, verifySessionToken, type Credentials } from './session-token.ts';

/** How long an answer is believed: a session that another process ends is refused here at most this much later. */
const freshMs = 2_000;
const mostRemembered = 10_000;

interface Remembered {
  readonly untilMs: number;
  readonly viewer: Promise<Viewer | null>;
}

/** Reads sessions by their token, each at most once in two seconds. */
class SessionReader {
  readonly #services: Services;
  readonly #remembered = new Map<string, Remembered>();

  constructor(services: Services) {
    this.#services = services;
  }

  read(token: string): Promise<Viewer | null> {
    const nowMs = performance.now();
    const known = this.#remembered.get(token);
    if (known && known.untilMs > nowMs) return known.viewer;
    const viewer = readSession(this.#services, token);
    this.#remembered.delete(token);
    this.#remembered.set(token, { untilMs: nowMs + freshMs, viewer });
    viewer.then((found) => found ?? this.#remembered.delete(token), () => this.#remembered.delete(token));
    if (this.#remembered.size > mostRemembered) this.#remembered.delete(this.#remembered.keys().next().value as string);
    return viewer;
  }

  forgetAll(): void {
    this.#remembered.clear();
  }
}

const sessionReaderService = service<SessionReader>('identity.sessions', (services) => new SessionReader(services));

interface SessionRow {
  readonly id: string;
  readonly person_id: string;
  readonly email: string;
}

async function readSession(services: Services, token: string): Promise<Viewer | null> {
  const [row] = await orUnavailable(services.get(databaseService).query<SessionRow>(
    `SELECT session.id, account.id AS person_id, account.email
       FROM auth.session AS session JOIN auth."user" AS account ON account.id = session."userId"
      WHERE session.token = $1 AND session."expiresAt" > now()`,
    [token],
  ));
  return row ? { personId: row.person_id, email: row.email, sessionId: row.id } : null;
}

/**
 * Who sent a request or opened a socket: null when nobody said, or only a browser's old cookie did; INVALID when a bearer token was given
 * that is not, or no longer, good. Throws `Unavailable` when the database cannot tell.
 */
export async function viewerFromRequest(services: Services, credentials: Credentials): Promise<Viewer | null | 'INVALID'> {
  const given = givenToken(credentials);
  if (!given) return null;
  const token = verifySessionToken(given.text, services.get(authSecretService));
  const viewer = token === null ? null : await services.get(sessionReaderService).read(token);
  return viewer ?? (given.source === 'BEARER' ? 'INVALID' : null);
}

/** Which of these sessions still live, in one statement and never from memory. Throws `Unavailable` when the database cannot tell. */
export async function sessionsAlive(services: Services, sessionIds: readonly string[]): Promise<Set<string>> {
  if (sessionIds.length === 0) return new Set();
  const rows = await orUnavailable(services.get(databaseService).query<{ id: string }>(
    'SELECT id FROM auth.session WHERE id = ANY ($1::uuid[]) AND "expiresAt" > now()',
    [sessionIds],
  ));
  return new Set(rows.map((row) => row.id));
}

/** Reads every session again at its next use: called when this process ended some. */
export function forgetSessions(services: Services): void {
  services.get(sessionReaderService).forgetAll();
}

async function orUnavailable<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (failureKind(error) === 'RETRY') throw new Unavailable(`Sessions cannot be read: ${(error as Error).message}`, { cause: error });
    throw error;
  }
}
