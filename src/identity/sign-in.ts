import type { Services } from '../database/room.ts';
import { authService } from './auth.ts';

export interface SignUp {
  readonly email: string;
  readonly password: string;
  readonly name: string;
}

/** A person with a session that was just opened; the token is for `Authorization: Bearer`. */
export interface SignedIn {
  readonly personId: string;
  readonly token: string;
}

/** Makes an account as `POST /api/auth/sign-up/email` does, without its limit. Throws better-auth's APIError where that would refuse. */
export async function signUp(services: Services, account: SignUp): Promise<SignedIn> {
  const { auth } = services.get(authService);
  return signedIn(await auth.api.signUpEmail({ body: { ...account }, returnHeaders: true }));
}

/** Opens one more session of an account. Throws better-auth's APIError when the password is not its. */
export async function signIn(services: Services, account: Omit<SignUp, 'name'>): Promise<SignedIn> {
  const { auth } = services.get(authService);
  return signedIn(await auth.api.signInEmail({ body: { email: account.email, password: account.password }, returnHeaders: true }));
}

function signedIn(answer: { headers: Headers; response: { user: { id: string } } }): SignedIn {
  const token = answer.headers.get('set-auth-token');
  if (token === null) throw new Error('better-auth opened a session without a set-auth-token header: its bearer plugin is missing.');
  return { personId: answer.response.user.id, token };
}
