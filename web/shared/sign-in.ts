import { el, field, form } from './dom.ts';
import type { Session } from './session.ts';

const email = () => field({ name: 'email', label: 'E-mail', type: 'email', autocomplete: 'username' });

/** The ways to sign in, for an empty page. `done` is called once somebody is. */
export function signInForms(session: Session, done: () => Promise<void>, { canSignUp }: { readonly canSignUp: boolean }): HTMLElement {
  const signIn = form('Sign in', [email(), field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password' })], 'Sign in', async (given) => {
    await session.signIn(given.email!, given.password!);
    await done();
  });
  const token = form('Sign in with a token', [field({ name: 'token', label: 'Session token', type: 'password', hint: 'Kept by this window alone.' })], 'Use the token', async (given) => {
    session.useToken(given.token!);
    await done();
  });
  const others = [el('details', {}, el('summary', {}, 'Sign in with a token'), token)];
  if (canSignUp) others.unshift(el('details', {}, el('summary', {}, 'Make an account'), signUpForm(session, done)));
  return el('section', { 'aria-labelledby': 'sign-in', class: 'card narrow' }, el('h2', { id: 'sign-in' }, 'Sign in'), signIn, ...others);
}

function signUpForm(session: Session, done: () => Promise<void>): HTMLFormElement {
  const fields = [
    field({ name: 'new-name', label: 'Name', autocomplete: 'name', attributes: { maxlength: 80 } }),
    field({ name: 'new-email', label: 'E-mail', type: 'email', autocomplete: 'email' }),
    field({ name: 'new-password', label: 'Password', type: 'password', autocomplete: 'new-password', hint: '8 to 128 characters.', attributes: { minlength: 8, maxlength: 128 } }),
  ];
  return form('Make an account', fields, 'Make the account', async (given) => {
    await session.signUp(given['new-name']!, given['new-email']!, given['new-password']!);
    await done();
  });
}
