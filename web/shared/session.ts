import { request } from './api.ts';
import { ApiFailure } from './failure.ts';
import { createTokenStore, takeTokenFromFragment, type TokenStore } from './token.ts';

/**
 * Who is signed in: by the cookie that the server sets, which outlives the window (a dock in OBS is opened anew each day), or by a
 * token that was pasted or came with the link, which the window alone keeps.
 */
export class Session {
  readonly #tokens: TokenStore = createTokenStore(sessionStorage);

  constructor() {
    const { token, rest } = takeTokenFromFragment(location.hash);
    if (token === null) return;
    history.replaceState(history.state, '', location.pathname + location.search + rest);
    this.useToken(token);
  }

  /** Empty where the cookie alone counts. */
  readonly token = (): string => this.#tokens.get();

  useToken(token: string): void {
    this.#tokens.set(token);
  }

  /** Throws `ApiFailure` with the server's words when it refuses. */
  async signIn(email: string, password: string): Promise<void> {
    await postAuth('sign-in/email', { email, password });
    this.useToken('');
  }

  async signUp(name: string, email: string, password: string): Promise<void> {
    await postAuth('sign-up/email', { name, email, password });
    this.useToken('');
  }

  async signOut(): Promise<void> {
    this.useToken('');
    await postAuth('sign-out', {});
  }
}

async function postAuth(path: string, body: object): Promise<void> {
  const response = await request(`/api/auth/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  if (response.ok) return;
  const { code, message } = (await response.json().catch(() => ({}))) as { code?: string; message?: string };
  throw new ApiFailure(code ?? 'UNKNOWN', message ?? `The server answered ${response.status}.`);
}
