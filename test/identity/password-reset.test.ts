import { expect, test } from '@jest/globals';
import { signIn, signUp, viewerFromRequest } from '../../src/identity/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { bearer, codeOf, identityOver, password, type IdentityServer } from './support.ts';

const database = eachTestDatabase();
const ada = { email: 'ada@example.com', password, name: 'Ada' };
const newPassword = 'a brand new password';

async function requestReset(server: IdentityServer, body: object = {}): Promise<{ link: URL; token: string }> {
  expect((await server.post('/request-password-reset', { email: ada.email, ...body })).status).toBe(200);
  const mail = (await server.mails()).at(-1) as string;
  const link = new URL(/^https?:\S+/m.exec(mail)?.[0] as string);
  return { link, token: new URLSearchParams(link.hash.slice(1)).get('token') as string };
}

test('a reset by mail sets the password once and ends every session', async () => {
  const server = identityOver(database.current.db);
  const old = await signUp(server.services, ada);
  await viewerFromRequest(server.services, bearer(old.token));
  const { link, token } = await requestReset(server, { email: ' ADA@example.com' });
  const [mail] = await server.mails();
  expect(mail).toMatch(/^To: ada@example\.com\r$/m);
  expect(mail).toMatch(new RegExp(`^${token}\r$`, 'm'));
  expect(link.href).toMatch(/^http:\/\/127\.0\.0\.1:4000\/api\/auth\/reset-password#token=/);

  expect((await server.post('/reset-password', { token, newPassword })).status).toBe(200);
  expect(await viewerFromRequest(server.services, bearer(old.token))).toBe('INVALID');
  await expect(signIn(server.services, ada)).rejects.toThrow('Invalid email or password');
  expect(await signIn(server.services, { ...ada, password: newPassword })).toMatchObject({ personId: old.personId });

  const again = await server.post('/reset-password', { token, newPassword: 'yet another password' });
  expect([again.status, await codeOf(again)]).toEqual([400, 'INVALID_TOKEN']);
});

test('of many uses of one token at once, in two processes, one succeeds', async () => {
  const server = identityOver(database.current.db);
  const other = identityOver(await database.current.connect());
  await signUp(server.services, ada);
  const { token } = await requestReset(server);
  const uses = Array.from({ length: 8 }, (_, index) => (index % 2 ? server : other).post('/reset-password', { token, newPassword: `${newPassword} ${index}` }));
  const statuses = (await Promise.all(uses)).map((response) => response.status);
  expect(statuses.sort()).toEqual([200, ...Array<number>(7).fill(400)]);
});

test('a token lasts an hour', async () => {
  const server = identityOver(database.current.db);
  await signUp(server.services, ada);
  const { token } = await requestReset(server);
  const [stored] = await database.current.db.query<{ minutes: number }>(
    `SELECT round(extract(epoch FROM "expiresAt" - now()) / 60)::int AS minutes FROM auth.verification`,
  );
  expect(stored?.minutes).toBe(60);
  await database.current.db.query(`UPDATE auth.verification SET "expiresAt" = now() - interval '1 second'`);
  const response = await server.post('/reset-password', { token, newPassword });
  expect([response.status, await codeOf(response)]).toEqual([400, 'INVALID_TOKEN']);
  expect(await signIn(server.services, ada)).toBeDefined();
});

test.each([['1234567', 'PASSWORD_TOO_SHORT'], ['x'.repeat(129), 'PASSWORD_TOO_LONG']])('a new password %s is refused and the token stays good', async (tooBad, code) => {
  const server = identityOver(database.current.db);
  await signUp(server.services, ada);
  const { token } = await requestReset(server);
  const refused = await server.post('/reset-password', { token, newPassword: tooBad });
  expect([refused.status, await codeOf(refused)]).toEqual([400, code]);
  expect((await server.post('/reset-password', { token, newPassword })).status).toBe(200);
});

test('the database holds no token that would reset a password', async () => {
  const server = identityOver(database.current.db);
  await signUp(server.services, ada);
  const { token } = await requestReset(server);
  const rows = await database.current.db.query<{ identifier: string }>('SELECT identifier FROM auth.verification');
  expect(rows).toHaveLength(1);
  expect(JSON.stringify(rows)).not.toContain(token);
  const stolen = await server.post('/reset-password', { token: rows[0]?.identifier, newPassword });
  expect(await codeOf(stolen)).toBe('INVALID_TOKEN');
});

test('a reset for an unknown address answers the same, as late, and sends nothing', async () => {
  const server = identityOver(database.current.db);
  await signUp(server.services, ada);
  const ask = async (email: string) => {
    const startMs = performance.now();
    const response = await server.post('/request-password-reset', { email });
    return { status: response.status, body: await response.json(), tookMs: performance.now() - startMs };
  };
  const [known, unknown] = [await ask(ada.email), await ask('nobody@example.com')];
  expect(unknown.body).toEqual(known.body);
  expect(unknown.status).toBe(known.status);
  expect(Math.min(known.tookMs, unknown.tookMs)).toBeGreaterThanOrEqual(245);
  expect(await server.mails()).toHaveLength(1);
});

test('one person gets at most five reset mails an hour, and the answers do not tell', async () => {
  const server = identityOver(database.current.db);
  await signUp(server.services, ada);
  const responses = await Promise.all(Array.from({ length: 8 }, (_, index) =>
    server.post('/request-password-reset', { email: ada.email }, {}, `192.0.2.${index}`)));
  expect(new Set(responses.map((response) => response.status))).toEqual(new Set([200]));
  expect(await server.mails()).toHaveLength(5);
});

test('a frontend may name its own page, of an origin that is trusted', async () => {
  const server = identityOver(database.current.db, { allowedOrigins: ['https://shop.example'] });
  await signUp(server.services, ada);
  const { link, token } = await requestReset(server, { redirectTo: 'https://shop.example/new-password?from=mail' });
  expect(link.href).toBe(`https://shop.example/new-password?from=mail#token=${token}`);
  expect((await requestReset(server, { redirectTo: '/new-password' })).link.href).toMatch('http://127.0.0.1:4000/new-password#token=');

  for (const redirectTo of ['https://evil.example/', '//evil.example/', 'javascript:alert(1)', 'https://shop.example@evil.example/', 'https://shop.example.evil.example/']) {
    const response = await server.post('/request-password-reset', { email: ada.email, redirectTo });
    expect([redirectTo, response.status]).toEqual([redirectTo, 403]);
  }
  expect(await server.mails()).toHaveLength(2);
});

test('the page behind the link is whole in itself and runs nothing but its own script', async () => {
  const response = await identityOver(database.current.db).get('/reset-password');
  expect(response.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self'/);
  const page = await response.text();
  expect(page).toContain('autocomplete="new-password"');
  expect(page).not.toMatch(/src=|href=/);
});

test.each(['a\0b', 'a\ud800b'])('a token that no text can be (%j) is refused', async (token) => {
  const response = await identityOver(database.current.db).post('/reset-password', { token, newPassword });
  expect([response.status, await codeOf(response)]).toEqual([400, 'INVALID_TEXT']);
});
