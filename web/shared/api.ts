import { createClient, type Client } from 'graphql-ws';
import { ApiFailure } from './failure.ts';
import { comesBack, resume } from './resume.ts';

interface GivenError {
  readonly message: string;
  readonly code?: string;
  /** Of a payload's error: where in the arguments. */
  readonly path?: readonly string[] | null;
  readonly extensions?: { readonly code?: string };
}

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly GivenError[];
}

export interface Watch<Data> {
  next(data: Data): void;
  /** The server refused for good: it will not be asked again by itself. */
  refused(failure: ApiFailure): void;
}

export interface ApiOptions {
  /** The token to sign in with, read anew for every request; empty: the browser's cookie alone. */
  readonly token: () => string;
  /** Whether the socket is open, while something is watched. */
  readonly onLive?: (isLive: boolean) => void;
}

export interface Api {
  /** Throws `ApiFailure` for a top-level error, with the code UNREACHABLE where no answer came. */
  ask<Data>(query: string, variables?: Record<string, unknown>): Promise<Data>;
  /** Runs a mutation of one field that selects `errors { code message }`. Throws the first of them as `ApiFailure`. */
  change<Payload = unknown>(query: string, variables?: Record<string, unknown>): Promise<Payload>;
  /** Subscribes, and comes back for ever after a lost socket. Answers how to stop. */
  watch<Data>(query: string, variables: Record<string, unknown>, watch: Watch<Data>): () => void;
  close(): void;
}

const endpoint = '/graphql';
const answerWithinMs = 15_000;
/** Whoever moderates should not wait longer than the overlay does for a server that is back. */
const longestWaitMs = 3_000;
const firstWaitMs = 250;

/** The API of the server that the page came from. */
export function createApi({ token, onLive = () => {} }: ApiOptions): Api {
  const client = createClient({
    ...comesBack(firstWaitMs, longestWaitMs),
    url: `${location.origin.replace(/^http/, 'ws')}${endpoint}`,
    connectionParams: () => (token() === '' ? {} : { authToken: token() }),
    on: { connected: () => onLive(true), closed: () => onLive(false) },
  });
  const ask = async <Data>(query: string, variables?: Record<string, unknown>): Promise<Data> => {
    const { data, errors } = await post<Data>(token(), query, variables);
    const [error] = errors ?? [];
    if (error) throw failureOf(error);
    return data as Data;
  };
  return {
    ask,
    async change<Payload>(query: string, variables?: Record<string, unknown>) {
      const data = await ask<Record<string, { errors: readonly GivenError[] }>>(query, variables);
      const [payload] = Object.values(data);
      const [error] = payload?.errors ?? [];
      if (error) throw failureOf(error, error.path ?? []);
      return payload as Payload;
    },
    watch: <Data>(query: string, variables: Record<string, unknown>, watch: Watch<Data>) => watchOver<Data>(client, query, variables, watch),
    close: () => void client.dispose(),
  };
}

function watchOver<Data>(client: Client, query: string, variables: Record<string, unknown>, { next, refused }: Watch<Data>): () => void {
  return resume<Data>(client, { query, variables }, {
    next({ data, errors }) {
      const [error] = (errors ?? []) as readonly GivenError[];
      if (error) refused(failureOf(error));
      else next(data as Data);
    },
    error(problem) {
      const [error] = Array.isArray(problem) ? (problem as GivenError[]) : [];
      refused(error ? failureOf(error) : new ApiFailure('CLOSED', 'The server closed the connection. Sign in again.'));
    },
    complete: () => refused(new ApiFailure('CLOSED', 'The server ended the subscription.')),
  });
}

async function post<Data>(token: string, query: string, variables?: Record<string, unknown>): Promise<Answer<Data>> {
  // Apollo answers only requests that a foreign page's form could not have sent.
  const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json', 'apollo-require-preflight': 'true' };
  if (token !== '') headers.authorization = `Bearer ${token}`;
  const body = JSON.stringify({ query, variables });
  return (await readJson(request(endpoint, { method: 'POST', headers, body }))) as Answer<Data>;
}

/** Sends a request to our own server. Throws `ApiFailure` UNREACHABLE where no answer came in time. */
export async function request(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, credentials: 'same-origin', signal: AbortSignal.timeout(answerWithinMs) });
  } catch {
    throw unreachable();
  }
}

async function readJson(answer: Promise<Response>): Promise<unknown> {
  const response = await answer;
  try {
    return await response.json();
  } catch {
    throw new ApiFailure('UNREACHABLE', `The server answered ${response.status} ${response.statusText}`.trim() + '.');
  }
}

function unreachable(): ApiFailure {
  return new ApiFailure('UNREACHABLE', 'No answer came from the server. Try again.');
}

function failureOf({ message, code, extensions }: GivenError, path: readonly string[] = []): ApiFailure {
  return new ApiFailure(code ?? extensions?.code ?? 'UNKNOWN', message, path);
}
