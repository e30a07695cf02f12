import DataLoader from 'dataloader';
import type { Viewer, Visitor } from '../api/room.ts';
import { clockService, databaseService, failureKind, service, Unavailable, type Services } from '../database/room.ts';
import { isGuestToken, readGuest } from './guest-session.ts';
import { authSecretService } from './secret.ts';
import { givenToken, verifySessionToken, type Credentials } from './session-token.ts';

/** How long an answer is believed: a session that another process ends is refused here at most this much later. */
const freshMs = 2_000;
const mostRemembered = 10_000;

interface Remembered {
  readonly untilMs: number;
  readonly viewer: Promise<Viewer | null>;
}

/** Reads sessions by their signed token, each at most once in two seconds, and those that are asked for together in one statement. */
class SessionReader {
  readonly #secret: string;
  readonly #sessions: DataLoader<string, Viewer | null>;
  readonly #remembered = new Map<string, Remembered>();

  constructor(services: Services) {
    this.#secret = services.get(authSecretService);
    this.#sessions = new DataLoader((tokens) => readSessions(services, tokens), {
      cache: false,
      // One turn of the event loop gathers every request that arrived in the same poll.
      batchScheduleFn: (read) => setImmediate(read),
    });
  }

  async read(signed: string): Promise<Viewer | null> {
    const nowMs = performance.now();
    const known = this.#remembered.get(signed);
    if (known && known.untilMs > nowMs) return known.viewer;
    const token = verifySessionToken(signed, this.#secret);
    if (token === null) return null;
    const viewer = this.#sessions.load(token);
    this.#remembered.delete(signed);
    this.#remembered.set(signed, { untilMs: nowMs + freshMs, viewer });
    viewer.then((found) => found ?? this.#remembered.delete(signed), () => this.#remembered.delete(signed));
    if (this.#remembered.size > mostRemembered) this.#remembered.delete(this.#remembered.keys().next().value as string);
    return viewer;
  }

  forgetAll(): void {
    this.#remembered.clear();
  }
}

const sessionReaderService = service<SessionReader>('identity.sessions', (services) => new SessionReader(services));

interface SessionRow {
  readonly token: string;
  readonly id: string;
  readonly person_id: string;
  readonly email: string;
}

async function readSessions(services: Services, tokens: readonly string[]): Promise<(Viewer | null)[]> {
  const rows = await orUnavailable(services.get(databaseService).query<SessionRow>(
    `SELECT session.token, session.id, account.id AS person_id, account.email
       FROM auth.session AS session JOIN auth."user" AS account ON account.id = session."userId"
      WHERE session.token = ANY ($1::text[]) AND session."expiresAt" > now()`,
    [tokens],
  ));
  const viewers = new Map(rows.map((row) => [row.token, { personId: row.person_id, email: row.email, sessionId: row.id }]));
  return tokens.map((token) => viewers.get(token) ?? null);
}

/**
 * Who sent a request or opened a socket: null when nobody said, or only a browser's old cookie did; INVALID when a bearer token was given
 * that is not, or no longer, good. Throws `Unavailable` when the database cannot tell.
 */
export async function viewerFromRequest(services: Services, credentials: Credentials): Promise<Viewer | null | 'INVALID'> {
  const given = givenToken(credentials);
  if (!given) return null;
  const viewer = await services.get(sessionReaderService).read(given.text);
  return viewer ?? (given.source === 'BEARER' ? 'INVALID' : null);
}

/** The same of who may be a guest: a bearer token of `createGuestSession` counts too. */
export async function visitorFromRequest(services: Services, credentials: Credentials): Promise<Visitor | 'INVALID'> {
  const given = givenToken(credentials);
  if (given && isGuestToken(given.text)) {
    const guest = await orUnavailable(readGuest(services, given.text));
    return guest ? { viewer: null, guest } : 'INVALID';
  }
  const viewer = await viewerFromRequest(services, credentials);
  return viewer === 'INVALID' ? viewer : { viewer, guest: null };
}

/** Which of these sessions still live, of accounts and of guests, in one statement and never from memory. Throws `Unavailable` when the database cannot tell. */
export async function sessionsAlive(services: Services, sessionIds: readonly string[]): Promise<Set<string>> {
  if (sessionIds.length === 0) return new Set();
  const rows = await orUnavailable(services.get(databaseService).query<{ id: string }>(
    `SELECT id FROM auth.session WHERE id = ANY ($1::uuid[]) AND "expiresAt" > now()
     UNION ALL SELECT id FROM guest_session WHERE id = ANY ($1::uuid[]) AND expires_at > $2`,
    [sessionIds, services.get(clockService).now()],
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
