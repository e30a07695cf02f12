import { expect, test } from '@jest/globals';
import { signIn, signUp, sessionsAlive, viewerFromRequest } from '../../src/identity/room.ts';
import type { Viewer } from '../../src/api/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { asOwner, bearer, codeOf, cookieOf, identityOver, password, tokenOf, untilWaitingForLock } from './support.ts';

const database = eachTestDatabase();
const ada = { email: 'ada@example.com', password, name: 'Ada' };

test('a sign-up answers a token that is the viewer, and makes the person with the account', async () => {
  const server = identityOver(database.current.db);
  const response = await server.post('/sign-up/email', { ...ada, email: ' Ada@Example.COM ' });
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('no-store');
  const viewer = await viewerFromRequest(server.services, bearer(tokenOf(response)));
  expect(viewer).toEqual({ personId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/), email: 'ada@example.com', sessionId: expect.any(String) });
  const people = await database.current.db.query('SELECT p.id, p.display_name, u.email FROM person p JOIN auth."user" u USING (id)');
  expect(people).toEqual([{ id: (viewer as Viewer).personId, display_name: 'Ada', email: 'ada@example.com' }]);
});

test('an account that cannot be made whole leaves no part of itself', async () => {
  const server = identityOver(database.current.db);
  await asOwner(database.current, 'REVOKE INSERT ON auth.session FROM farthing_app');
  expect((await server.post('/sign-up/email', ada)).status).toBe(500);
  await asOwner(database.current, 'GRANT INSERT ON auth.session TO farthing_app');
  expect(await database.current.db.query('SELECT FROM auth."user"')).toEqual([]);
  expect(await database.current.db.query('SELECT FROM person')).toEqual([]);
  expect((await server.post('/sign-up/email', ada)).status).toBe(200);
});

test('each sign-in opens a session of its own, and a sign-out ends that one alone', async () => {
  const server = identityOver(database.current.db);
  const first = await signUp(server.services, ada);
  const second = await server.post('/sign-in/email', { email: 'ADA@example.com', password });
  const third = await signIn(server.services, ada);
  const viewers = await Promise.all(
    [first.token, tokenOf(second), third.token].map((token) => viewerFromRequest(server.services, bearer(token)) as Promise<Viewer>),
  );
  expect(new Set(viewers.map((viewer) => viewer.personId))).toEqual(new Set([first.personId]));
  expect(new Set(viewers.map((viewer) => viewer.sessionId)).size).toBe(3);

  expect((await server.post('/sign-out', {}, bearer(tokenOf(second)))).status).toBe(200);
  expect(await viewerFromRequest(server.services, bearer(tokenOf(second)))).toBe('INVALID');
  expect(await viewerFromRequest(server.services, bearer(first.token))).toEqual(viewers[0]);
  const ids = viewers.map((viewer) => viewer.sessionId);
  expect(await sessionsAlive(server.services, ids)).toEqual(new Set([ids[0], ids[2]]));
  expect(await sessionsAlive(server.services, [])).toEqual(new Set());
});

test('a cookie signs in like a token; a dead one is a signed-out browser, a dead token a mistake', async () => {
  const server = identityOver(database.current.db);
  const cookie = cookieOf(await server.post('/sign-up/email', ada));
  expect(await viewerFromRequest(server.services, { cookie })).toMatchObject({ email: ada.email });
  expect(await viewerFromRequest(server.services, { cookie: `theme=dark; ${cookie}`, authorization: 'Basic eDp5' })).toMatchObject({ email: ada.email });
  expect(await viewerFromRequest(server.services, { cookie, ...bearer('nobody.nothing') })).toBe('INVALID');
  const session = (await (await server.get('/get-session', { cookie })).json()) as { user: { name: string } };
  expect(session.user.name).toBe('Ada');

  const origin = server.config.publicUrl;
  expect((await server.post('/sign-out', {}, { cookie, origin })).status).toBe(200);
  expect(await viewerFromRequest(server.services, { cookie })).toBeNull();
  expect(await viewerFromRequest(server.services, {})).toBeNull();
});

test('cookies stay with the browser and its own site, and with TLS where the public URL has it', async () => {
  const plain = await identityOver(database.current.db).post('/sign-up/email', ada);
  const [cookie] = plain.headers.getSetCookie();
  expect(cookie).toMatch(/^farthing\.session_token=.*HttpOnly.*SameSite=Lax/);
  const server = identityOver(database.current.db, { publicUrl: 'https://tips.example.com' });
  const safe = await server.post('/sign-in/email', ada);
  expect(safe.headers.getSetCookie()[0]).toMatch(/^__Secure-farthing\.session_token=.*Secure/);
  expect(await viewerFromRequest(server.services, { cookie: cookieOf(safe) })).toMatchObject({ email: ada.email });
});

test.each([
  ['no token at all', () => ''],
  ['a token whose signature was cut off', (token: string) => token.split('.')[0]],
  ['a token with another signature', (token: string) => token.replace(/\..*/, `.${Buffer.alloc(32, 7).toString('base64')}`)],
  ['another token with this signature', (token: string) => `x${token}`],
  ['a token that never ends', (token: string) => token.padStart(100_000, 'x')],
  ['half an escape', (token: string) => `${token}%`],
])('%s is refused', async (_title, spoil) => {
  const server = identityOver(database.current.db);
  const { token } = await signUp(server.services, ada);
  const spoilt = spoil(token) as string;
  expect(await viewerFromRequest(server.services, { authorization: `Bearer ${spoilt}` })).toBe(spoilt === '' ? null : 'INVALID');
  expect(await viewerFromRequest(server.services, { authorization: `bearer ${encodeURIComponent(token)}` })).toMatchObject({ email: ada.email });
});

test('a session of another secret, or one that is over, is no session', async () => {
  const server = identityOver(database.current.db);
  const { token } = await signUp(server.services, ada);
  const other = identityOver(database.current.db, { authSecret: 'another secret, also long enough for it' });
  expect(await viewerFromRequest(other.services, bearer(token))).toBe('INVALID');
  await database.current.db.query(`UPDATE auth.session SET "expiresAt" = now() - interval '1 second'`);
  expect(await viewerFromRequest(server.services, bearer(token))).toBe('INVALID');
  expect(await (await server.get('/get-session', bearer(token))).json()).toBeNull();
  const change = await server.post('/change-password', { currentPassword: password, newPassword: 'a brand new password' }, bearer(token));
  expect(change.status).toBe(401);
});

test('a session that one process ends is refused by every other within two seconds, and at once by the check of open sockets', async () => {
  const here = identityOver(database.current.db);
  const there = identityOver(await database.current.connect());
  const { token } = await signUp(here.services, ada);
  const viewer = (await viewerFromRequest(there.services, bearer(token))) as Viewer;
  await here.post('/sign-out', {}, bearer(token));
  expect(await sessionsAlive(there.services, [viewer.sessionId])).toEqual(new Set());
  await new Promise((resolve) => setTimeout(resolve, 2_050));
  expect(await viewerFromRequest(there.services, bearer(token))).toBe('INVALID');
});

test('a sign-out that could not end the session says so', async () => {
  const server = identityOver(database.current.db);
  const { token } = await signUp(server.services, ada);
  await asOwner(database.current, 'REVOKE DELETE ON auth.session FROM farthing_app');
  const response = await server.post('/sign-out', {}, bearer(token));
  expect([response.status, await codeOf(response)]).toEqual([503, 'UNAVAILABLE']);
});

test('a wrong password and an unknown address get the same answer after the same work', async () => {
  const server = identityOver(database.current.db);
  await signUp(server.services, ada);
  const answers: unknown[] = [];
  const times: Record<string, number[]> = { [ada.email]: [], 'nobody@example.com': [] };
  for (let round = 0; round < 8; round++) {
    for (const email of Object.keys(times)) {
      const startMs = performance.now();
      const response = await server.post('/sign-in/email', { email, password: 'not the password' });
      times[email]?.push(performance.now() - startMs);
      answers.push([response.status, await response.json()]);
    }
  }
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(answers[0]).toMatchObject([401, { code: 'INVALID_EMAIL_OR_PASSWORD' }]);
  // Both hash once, which is nearly all of the time: leaving it out would make a factor of ten.
  const [known = 0, unknown = 0] = Object.values(times).map((list) => Math.min(...list));
  expect(unknown).toBeGreaterThan(known / 3);
  expect(unknown).toBeLessThan(known * 3);
});

test('an address has one account, however it is written and however many try at once', async () => {
  const server = identityOver(database.current.db);
  const other = identityOver(await database.current.connect());
  const tries = Array.from({ length: 8 }, (_, index) =>
    (index % 2 === 0 ? server : other).post('/sign-up/email', { ...ada, email: index % 3 === 0 ? 'ADA@example.com' : ada.email }));
  const responses = await Promise.all(tries);
  const outcomes = await Promise.all(responses.map(async (response) => (response.ok ? 'made' : codeOf(response))));
  expect(outcomes.sort()).toEqual([...Array<string>(7).fill('USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL'), 'made']);
  expect(await database.current.db.query('SELECT FROM person')).toHaveLength(1);
  expect(await database.current.db.query('SELECT FROM auth.session')).toHaveLength(1);
});

test('a sign-in with the old password that a reset overtakes opens no session', async () => {
  const server = identityOver(database.current.db);
  await signUp(server.services, ada);
  const response = await asOwner(database.current, 'BEGIN; LOCK TABLE auth.session IN SHARE MODE', async (owner) => {
    const signingIn = server.post('/sign-in/email', ada);
    await untilWaitingForLock(owner);
    await owner.query(`UPDATE auth.account SET password = 'the hash of another password'; DELETE FROM auth.session; COMMIT`);
    return signingIn;
  });
  expect([response.status, await codeOf(response)]).toEqual([401, 'INVALID_EMAIL_OR_PASSWORD']);
  expect(await database.current.db.query('SELECT FROM auth.session')).toEqual([]);
});

test('a session lasts thirty days from its sign-in, and reading it does not prolong it', async () => {
  const server = identityOver(database.current.db);
  const { token } = await signUp(server.services, ada);
  const daysLeft = async () => (await database.current.db.query<{ days: number }>(
    `SELECT round(extract(epoch FROM "expiresAt" - now()) / 86400)::int AS days FROM auth.session`,
  ))[0]?.days;
  expect(await daysLeft()).toBe(30);
  await database.current.db.query(`UPDATE auth.session SET "expiresAt" = now() + interval '3 days'`);
  expect((await server.get('/get-session', bearer(token))).status).toBe(200);
  expect(await daysLeft()).toBe(3);
});

test('a changed password ends every other session', async () => {
  const server = identityOver(database.current.db);
  const { token } = await signUp(server.services, ada);
  const elsewhere = await signIn(server.services, ada);
  await viewerFromRequest(server.services, bearer(elsewhere.token));
  const change = { currentPassword: password, newPassword: 'a brand new password', revokeOtherSessions: false };
  const wrong = await server.post('/change-password', { ...change, currentPassword: 'not the password' }, bearer(token));
  expect([wrong.status, await codeOf(wrong)]).toEqual([400, 'INVALID_PASSWORD']);
  const response = await server.post('/change-password', change, bearer(token));
  expect(response.status).toBe(200);
  expect(await viewerFromRequest(server.services, bearer(elsewhere.token))).toBe('INVALID');
  expect(await viewerFromRequest(server.services, bearer(tokenOf(response)))).toMatchObject({ email: ada.email });
  await expect(signIn(server.services, ada)).rejects.toThrow('Invalid email or password');
});
