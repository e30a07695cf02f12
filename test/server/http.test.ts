import { expect, test } from '@jest/globals';
import { eachTestServer } from '../support/server.ts';

const server = eachTestServer();

test('a signed-in viewer reads itself over HTTP', async () => {
  const ada = await server.current.signUp({ name: 'Ada' });
  const { status, data, errors } = await server.current.graphql('{ viewer { email displayName } }', {}, ada.token);
  expect({ status, data, errors }).toEqual({ status: 200, data: { viewer: { email: ada.email, displayName: 'Ada' } }, errors: undefined });
});
