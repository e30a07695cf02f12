import { setTimeout as delay } from 'node:timers/promises';
import { DemoError } from './demo-error.ts';

interface Answer<Data> {
  readonly data?: Data | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

export interface ApiClientOptions {
  /** Where the server listens, without a trailing slash. */
  readonly url: string;
  /** Ends what waits. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** How long to go on trying when the server is away or overloaded. */
  readonly patienceMs?: number;
}

/** Each of them says: later, with the same key. */
const passingCodes = ['OVERLOADED', 'UNAVAILABLE', 'OUTCOME_UNKNOWN', 'RATE_LIMITED'];
const pauseMs = 500;
const answerWithinMs = 15_000;

/** The public API as any program outside sees it: JSON over HTTP, sent again with the same key while the reason passes. */
export class ApiClient {
  readonly #options: Required<ApiClientOptions>;

  constructor(options: ApiClientOptions) {
    this.#options = { patienceMs: 30_000, ...options };
  }

  /** Signs in and answers the token. Throws DemoError when the account or password is not known there. */
  async signIn(email: string, password: string): Promise<string> {
    const { url } = this.#options;
    const response = await this.#post('/api/auth/sign-in/email', { email, password }, null);
    const token = response.headers.get('set-auth-token');
    if (response.ok && token) return token;
    const { message } = (await response.json().catch(() => ({}))) as { message?: string };
    if (response.status === 401) {
      throw new DemoError(`${url} does not know the demo account ${email}: demo data is on the embedded database only, see "farthing seed --help".`);
    }
    throw new DemoError(`${url} refused the sign-in of ${email}: ${message ?? `it answered ${response.status}`}`);
  }

  /** Runs an operation. Throws DemoError with the server's words when it refuses for good, or for too long. */
  async run<Data>(query: string, variables: object, token: string | null): Promise<Data> {
    const giveUp = Date.now() + this.#options.patienceMs;
    for (;;) {
      const response = await this.#post('/graphql', { query, variables }, token);
      const { data, errors } = (await response.json().catch(() => ({}))) as Answer<Data>;
      if (data && !errors) return data;
      const [error] = errors ?? [{ message: `The server answered ${response.status} without an answer in GraphQL.` }];
      const passes = passingCodes.includes(error?.extensions?.code ?? '') || response.status === 503;
      if (!passes || Date.now() > giveUp) throw new DemoError(`The server refused: ${error?.message}`);
      await this.#pause();
    }
  }

  async #post(path: string, body: object, token: string | null): Promise<Response> {
    const { url, signal, patienceMs, say } = this.#options;
    const giveUp = Date.now() + patienceMs;
    const headers = { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) };
    for (let isSaid = false; ; isSaid = true) {
      try {
        return await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body), signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]) });
      } catch (error) {
        if (signal.aborted) throw error;
        if (Date.now() > giveUp) throw new DemoError(`${url} does not answer. Is the server running? Start it with "npm start", or name another one with --url.`);
        if (!isSaid) say(`${url} does not answer; trying again.`);
        await this.#pause();
      }
    }
  }

  #pause(): Promise<void> {
    return delay(pauseMs, undefined, { signal: this.#options.signal });
  }
}
