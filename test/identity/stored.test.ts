import { expect, jest, test } from '@jest/globals';
import { getMigrations } from 'better-auth/db/migration';
import { authService, identityRoom, signIn, signUp } from '../../src/identity/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { asOwner, bearer, identityOver, password, tokenOf } from './support.ts';

const database = eachTestDatabase();
const ada = { email: 'ada@example.com', password, name: 'Ada' };

test('the migrated tables are what better-auth wants', async () => {
  const { services } = identityOver(database.current.db);
  const { auth } = services.get(authService);
  const wanted = await getMigrations(auth.options);
  expect({ tables: wanted.toBeCreated, columns: wanted.toBeAdded, indexes: wanted.toBeAddedIndexes }).toEqual({ tables: [], columns: [], indexes: [] });
});

test('neither the log nor the console holds a password, a token, an address or a name', async () => {
  const printed: string[] = [];
  const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((level) =>
    jest.spyOn(console, level).mockImplementation((...args: unknown[]) => void printed.push(JSON.stringify(args.map(String)))));
  const server = identityOver(database.current.db);
  const secrets = [password, 'not the password', ada.email, 'Ada', server.config.authSecret as string];
  secrets.push(tokenOf(await server.post('/sign-up/email', ada)));
  await Promise.all([server.post('/sign-up/email', ada), server.post('/sign-up/email', { ...ada, email: 'new@example.com' }), server.post('/sign-up/email', { ...ada, email: 'new@example.com' })]);
  await server.post('/sign-in/email', { ...ada, password: 'not the password' });
  await server.post('/request-password-reset', { email: ada.email });
  const resetToken = /#token=(\S+)/.exec((await server.mails())[0] as string)?.[1] as string;
  secrets.push(resetToken);
  await asOwner(database.current, 'ALTER TABLE auth.account RENAME TO elsewhere');
  await server.post('/reset-password', { token: resetToken, newPassword: `${password} 2` });
  await server.post('/sign-out', {}, bearer('x.y'));
  for (const spy of spies) spy.mockRestore();

  const everything = [...printed, ...server.logged].join('\n');
  for (const secret of secrets) expect(everything).not.toContain(secret);
});

test('a failure that nobody expected is logged without what was typed, and answered with the log\'s own number', async () => {
  const server = identityOver(database.current.db);
  await signUp(server.services, ada);
  await asOwner(database.current, 'DROP TABLE auth.account');
  const printed: string[] = [];
  const spy = jest.spyOn(console, 'error').mockImplementation((...args: unknown[]) => void printed.push(args.map(String).join(' ')));
  const response = await server.post('/sign-in/email', ada);
  spy.mockRestore();
  expect(response.status).toBe(500);
  const { code, message } = (await response.json()) as { code: string; message: string };
  expect(code).toBe('INTERNAL_SERVER_ERROR');
  const requestId = /[0-9a-f-]{36}/.exec(message)?.[0] as string;
  const line = server.logged.find((entry) => entry.includes(requestId)) as string;
  expect(line).toContain('42P01');
  expect(message).not.toMatch(/relation|auth\.|select/i);
  for (const secret of [ada.email, password]) expect([...server.logged, ...printed].join('\n')).not.toContain(secret);
});

test('what ended is deleted on a timer, and what lives stays', async () => {
  const { services } = identityOver(database.current.db);
  await signUp(services, ada);
  const living = await signIn(services, ada);
  await database.current.db.query(`UPDATE auth.session SET "expiresAt" = now() - interval '1 second' WHERE token <> $1`, [living.token.split('.')[0]]);
  for (const job of identityRoom.jobs ?? []) await job.run(services, new AbortController().signal);
  expect(await database.current.db.query('SELECT token FROM auth.session')).toEqual([{ token: living.token.split('.')[0] }]);
});

test('the check of accounts finds one that lost its person', async () => {
  const { services } = identityOver(database.current.db);
  const { personId } = await signUp(services, ada);
  const [invariant] = identityRoom.invariants ?? [];
  const violations = () => database.current.db.query(invariant?.sql as string);
  expect(await violations()).toEqual([]);
  await database.current.db.query('DELETE FROM person WHERE id = $1', [personId]);
  expect(await violations()).toEqual([{ id: personId }]);
});
