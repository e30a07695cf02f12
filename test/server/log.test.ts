import { expect, test } from '@jest/globals';
import { createLog } from '../../src/server/room.ts';

function write(details: object, level: 'info' | 'error' = 'info'): Record<string, any> {
  const lines: string[] = [];
  createLog('debug', { write: (line) => void lines.push(line) })[level](details, 'message');
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0]!);
}

test('a line is JSON with a level, a time in RFC 3339, a message and its details', () => {
  expect(write({ path: '/graphql', ms: 1.5 })).toEqual({ level: 'info', time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), msg: 'message', path: '/graphql', ms: 1.5 });
});

test.each([
  ['authorization', { authorization: 'Bearer s3cret' }],
  ['a header in its own spelling', { headers: { 'Set-Cookie': 's3cret', 'set-auth-token': 's3cret' } }],
  ['a variable', { request: { variables: { input: { password: 's3cret', newPassword: 's3cret' } } } }],
  ['a payload of connection_init', { payload: { authToken: 's3cret' } }],
  ['an item of a list', { sessions: [{ token: 's3cret' }] }],
  ['configuration', { config: { databaseUrl: 'postgres://a:s3cret@b', auth_secret: 's3cret' } }],
])('a credential is left out: %s', (_what, details) => {
  const before = JSON.stringify(details);
  const line = JSON.stringify(write(details));
  expect(line).not.toContain('s3cret');
  expect(line).toContain('[redacted]');
  expect(JSON.stringify(details)).toBe(before);
});

test('an error is logged with its stack and cause, without the values it carries', () => {
  const cause = Object.assign(new Error('duplicate key'), { code: '23505', constraint: 'person_pkey', detail: 'Key (email)=(ada@example.com)', parameters: ['s3cret'] });
  const { err } = write({ err: new TypeError('it broke', { cause }) }, 'error');
  expect(err).toMatchObject({ type: 'TypeError', message: 'it broke', stack: expect.stringContaining('log.test'), cause: { code: '23505', constraint: 'person_pkey' } });
  expect(JSON.stringify(err)).not.toMatch(/s3cret|ada@/);
});
