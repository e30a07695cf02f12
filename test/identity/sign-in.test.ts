import { expect, test } from '@jest/globals';
import { sessionsAlive, signIn, signUp, viewerFromRequest, type SignedIn } from '../../src/identity/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { bearer, cookieOf, identityOver, password, tokenOf } from './support.ts';

const database = eachTestDatabase();
const ada = { email: 'ada@example.com', password, name: 'Ada' };

async function problem(response: Response): Promise<unknown> {
  return { status: response.status, code: ((await response.json()) as { code: string }).code };
}

test('a sign-up answers a token that is the viewer, and makes the person with the account', async () => {
  const server = identityOver(database.current.db);
  const response = await server.post('/sign-up/email', { ...ada, email: ' Ada@Example.COM ' });
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('no-store');
  const viewer = await viewerFromRequest(server.services, bearer(tokenOf(response)));
  expect(viewer).toEqual({ personId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/), email: 'ada@example.com', sessionId: expect.any(String) });
  const people = await database.current.db.query('SELECT p.id, p.display_name, u.email FROM person p JOIN auth."user" u USING (id)');
  expect(people).toEqual([{ id: (viewer as { personId: string }).personId, display_name: 'Ada', email: 'ada@example.com' }]);
});
