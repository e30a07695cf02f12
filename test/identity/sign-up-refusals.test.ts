import { expect, test } from '@jest/globals';
import { signUp } from '../../src/identity/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { codeOf, identityOver, password } from './support.ts';

const database = eachTestDatabase();
const ada = { email: 'ada@example.com', password, name: 'Ada' };

test.each([
  ['an empty name', { name: '' }, 'INVALID_NAME'],
  ['a name of spaces', { name: '   ' }, 'INVALID_NAME'],
  ['a name of nothing visible', { name: '\u200b\u200d' }, 'INVALID_NAME'],
  ['a name of 81 characters', { name: '😀'.repeat(81) }, 'INVALID_NAME'],
  ['a name with a line break', { name: 'Ada\nLovelace' }, 'INVALID_NAME'],
  ['a name with U+0000', { name: 'Ada\u0000' }, 'INVALID_NAME'],
  ['a name with half a surrogate pair', { name: 'Ada\ud83d' }, 'INVALID_NAME'],
  ['a name that turns the writing direction', { name: 'Ada\u202e$5' }, 'INVALID_NAME'],
  ['a name that is a number', { name: 7 }, 'INVALID_NAME'],
  ['no name', { name: undefined }, 'INVALID_NAME'],
  ['an address without a host', { email: 'ada@' }, 'VALIDATION_ERROR'],
  ['an address with a line break', { email: 'ada@example.com\r\nBcc: eve@example.com' }, 'VALIDATION_ERROR'],
  ['an address of 255 characters', { email: `${'a'.repeat(243)}@example.com` }, 'INVALID_EMAIL'],
  ['two addresses', { email: 'ada@example.com,eve@example.com' }, 'VALIDATION_ERROR'],
  ['a password of 7 characters', { password: '1234567' }, 'PASSWORD_TOO_SHORT'],
  ['a password of 129 characters', { password: 'x'.repeat(129) }, 'PASSWORD_TOO_LONG'],
  ['a password that is a list', { password: ['12345678'] }, 'VALIDATION_ERROR'],
])('%s is refused and nothing is stored', async (_title, wrong, code) => {
  const server = identityOver(database.current.db);
  const response = await server.post('/sign-up/email', { ...ada, ...wrong });
  expect([response.status, await codeOf(response)]).toEqual([400, code]);
  expect(response.headers.get('set-auth-token')).toBeNull();
  expect(await database.current.db.query('SELECT FROM person UNION ALL SELECT FROM auth."user"')).toEqual([]);
});

test.each([
  ['80 emoji', '😀'.repeat(80), '😀'.repeat(80)],
  ['right-to-left letters', 'أدا', 'أدا'],
  ['a family of joined emoji', '👩‍👩‍👧', '👩‍👩‍👧'],
  ['a decomposed accent', 'Zoe\u0308', 'Zo\u00eb'],
  ['spaces around', '  Ada  ', 'Ada'],
  ['markup', '<b>"Ada" & \'co\'</b>', '<b>"Ada" & \'co\'</b>'],
])('a name of %s is kept', async (_title, name, kept) => {
  const server = identityOver(database.current.db);
  expect((await server.post('/sign-up/email', { ...ada, name })).status).toBe(200);
  expect(await database.current.db.query('SELECT display_name, u.name FROM person JOIN auth."user" u USING (id)')).toEqual([{ display_name: kept, name: kept }]);
});

test('a password is the same however a keyboard composes it, and differs in case and spaces', async () => {
  const server = identityOver(database.current.db);
  await signUp(server.services, { ...ada, password: 'pa\u00dfword \u00e9t\u00e9' });
  const tries = ['pa\u00dfword e\u0301te\u0301', 'Pa\u00dfword \u00e9t\u00e9', 'pa\u00dfword \u00e9t\u00e9 '];
  const answers = await Promise.all(tries.map((text) => server.post('/sign-in/email', { email: ada.email, password: text })));
  expect(answers.map((response) => response.status)).toEqual([200, 401, 401]);
});

test('what is stored of a password is argon2id with the stated cost', async () => {
  const server = identityOver(database.current.db);
  await signUp(server.services, ada);
  const [account] = await database.current.db.query<{ password: string }>('SELECT password FROM auth.account');
  expect(account?.password).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
});

test('a sign-up cannot choose its id, a verified address, a picture or a role', async () => {
  const server = identityOver(database.current.db);
  const extra = { id: '01900000-0000-7000-8000-000000000000', emailVerified: true, image: 'javascript:alert(1)', role: 'admin' };
  await server.post('/sign-up/email', { ...ada, ...extra });
  const [user] = await database.current.db.query<Record<string, unknown>>('SELECT * FROM auth."user"');
  expect(user).toMatchObject({ emailVerified: false, image: null });
  expect(user?.id).not.toBe(extra.id);
});

test.each(['/update-user', '/delete-user', '/change-email', '/sign-in/social', '/list-sessions', '/sign-up/email/', '/../sign-out', ''])(
  'POST %s is not there, and the answer names what is',
  async (route) => {
    const response = await identityOver(database.current.db).post(route, {});
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ code: 'NOT_FOUND', message: expect.stringContaining('POST /sign-up/email') });
  },
);

test.each([
  ['a page of a stranger', 'https://evil.example', 403],
  ['a page of no origin', 'null', 403],
  ['our own page', 'http://127.0.0.1:4000', 200],
  ['our own page by another name of this machine', 'http://localhost:4000', 200],
  ['a page that was allowed', 'https://shop.example', 200],
])('%s gets the answer it should', async (_title, origin, status) => {
  const server = identityOver(database.current.db, { allowedOrigins: ['https://shop.example'] });
  const fromBrowser = { origin, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };
  expect((await server.post('/sign-up/email', ada, fromBrowser)).status).toBe(status);
});
