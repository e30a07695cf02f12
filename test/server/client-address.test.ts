import { expect, test } from '@jest/globals';
import { ClientAddresses } from '../../src/server/client-address.ts';
import { eachTestServer } from '../support/server.ts';

test.each([
  // our proxies                    socket               X-Forwarded-For                        the client
  [[],                              '203.0.113.9',       undefined,                             '203.0.113.9'],
  [[],                              '203.0.113.9',       '198.51.100.1',                        '203.0.113.9'],
  [['10.0.0.0/8'],                  '10.1.2.3',          '198.51.100.1',                        '198.51.100.1'],
  [['10.0.0.0/8'],                  '::ffff:10.1.2.3',   '198.51.100.1',                        '198.51.100.1'],
  [['10.0.0.0/8'],                  '10.1.2.3',          undefined,                             '10.1.2.3'],
  [['10.0.0.0/8'],                  '203.0.113.9',       '198.51.100.1',                        '203.0.113.9'],
  [['10.0.0.0/8'],                  '10.1.2.3',          'made up, 198.51.100.1, 10.9.9.9',     '198.51.100.1'],
  [['10.0.0.0/8'],                  '10.1.2.3',          '1.1.1.1, 198.51.100.1',               '198.51.100.1'],
  [['10.0.0.0/8'],                  '10.1.2.3',          'no address at all',                   '10.1.2.3'],
  [['127.0.0.1', 'fd00::/8'],       'fd00::7',           '2001:db8::1',                         '2001:db8::1'],
  [['127.0.0.1'],                   '127.0.0.1',         '127.0.0.1, 127.0.0.1',                '127.0.0.1'],
])('behind %j, %s forwarding %j is %s', (proxies, remoteAddress, forwarded, client) => {
  const request = { socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } };
  expect(new ClientAddresses(proxies).of(request as never)).toBe(client);
});

const server = eachTestServer({ environment: { TRUSTED_PROXIES: '127.0.0.1', LIMIT_AUTH_ATTEMPTS_PER_MINUTE: '3' } });

test('sign-in is limited for each client of a proxy by itself', async () => {
  const attempt = async (address: string) => {
    const response = await fetch(`${server.current.url}/api/auth/sign-in/email`, {
      method: 'POST', headers: { 'content-type': 'application/json', 'x-forwarded-for': address }, body: '{"email":"nobody@example.com","password":"not a password"}',
    });
    return response.status;
  };
  const statuses: number[] = [];
  for (let n = 0; n < 4; n++) statuses.push(await attempt('198.51.100.1'));
  expect(statuses).toEqual([401, 401, 401, 429]);
  expect(await attempt('198.51.100.2')).toBe(401);
});
