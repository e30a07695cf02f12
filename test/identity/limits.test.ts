import { expect, test } from '@jest/globals';
import { connect, Overloaded, Unavailable } from '../../src/database/room.ts';
import { sessionsAlive, signUp, viewerFromRequest } from '../../src/identity/room.ts';
import { addressGroup } from '../../src/identity/attempt-limit.ts';
import { PasswordHasher } from '../../src/identity/password-hasher.ts';
import { readConfig } from '../../src/config.ts';
import { eachTestDatabase } from '../support/database.ts';
import { bearer, codeOf, identityOver, password } from './support.ts';

const database = eachTestDatabase();
const ada = { email: 'ada@example.com', password, name: 'Ada' };

test('one address may try so many times a minute, whatever it tries; others go on', async () => {
  const { limits } = readConfig({});
  const server = identityOver(database.current.db, { limits: { ...limits, authAttemptsPerMinute: 3 } });
  const { token } = await signUp(server.services, ada);
  const wrong = { email: ada.email, password: 'not the password' };
  const routes = ['/sign-in/email', '/sign-up/email', '/request-password-reset', '/reset-password'];
  const tries: number[] = [];
  for (const route of routes) tries.push((await server.post(route, wrong, {}, '2001:db8::1')).status);
  expect(tries.at(-1)).toBe(429);
  expect(tries.slice(0, 3)).not.toContain(429);

  const refused = await server.post('/sign-in/email', ada, { 'x-forwarded-for': '192.0.2.77' }, '2001:db8::2');
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.json()).toEqual({ code: 'RATE_LIMITED', message: expect.stringMatching(/^More than 3 attempts a minute .* Try again in \d+ seconds\.$/) });

  expect((await server.post('/sign-in/email', ada, {}, '2001:db8:0:1::1')).status).toBe(200);
  expect((await server.post('/sign-out', {}, bearer(token), '2001:db8::1')).status).toBe(200);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0DB8:0:0:ffff::9', '2001:db8:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['', ''],
])('the address %s counts as %s', (address, group) => {
  expect(addressGroup(address)).toBe(group);
});

test('passwords are checked a few at a time, a bounded number waits, and the rest hears so', async () => {
  const hasher = new PasswordHasher(2, 3);
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => hasher.hash(password)));
  expect(outcomes.map(({ status }) => status)).toEqual([...Array<string>(5).fill('fulfilled'), ...Array<string>(3).fill('rejected')]);
  expect((outcomes[7] as PromiseRejectedResult).reason).toBeInstanceOf(Overloaded);
  const stored = await hasher.hash(password);
  expect(await hasher.verify({ hash: stored, password })).toBe(true);
  expect(await hasher.verify({ hash: stored, password: `${password}!` })).toBe(false);
});

test('a flood of sign-ins is told to come back rather than left to wait', async () => {
  const { limits } = readConfig({});
  const server = identityOver(database.current.db, { limits: { ...limits, authAttemptsPerMinute: 1_000 } });
  const responses = await Promise.all(Array.from({ length: 160 }, () => server.post('/sign-in/email', { ...ada, name: undefined })));
  const refused = responses.filter((response) => response.status === 503);
  expect(refused.length).toBeGreaterThan(0);
  expect(responses.filter((response) => response.status === 401)).toHaveLength(160 - refused.length);
  expect(await codeOf(refused[0] as Response)).toBe('OVERLOADED');
});

test('a database that cannot be reached is told apart from a dead session', async () => {
  const alive = identityOver(database.current.db);
  const { token } = await signUp(alive.services, ada);
  const unreachable = await connect({ url: 'postgres://nobody@127.0.0.1:1/nothing', entities: [] });
  const server = identityOver(unreachable);
  await expect(viewerFromRequest(server.services, bearer(token))).rejects.toBeInstanceOf(Unavailable);
  await expect(sessionsAlive(server.services, ['01900000-0000-7000-8000-000000000000'])).rejects.toBeInstanceOf(Unavailable);
  const response = await server.post('/sign-in/email', ada);
  expect([response.status, await codeOf(response)]).toEqual([503, 'UNAVAILABLE']);
  await unreachable.close();
});
