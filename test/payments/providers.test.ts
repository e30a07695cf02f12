import { expect, test } from '@jest/globals';
import { readConfig, configService } from '../../src/config.ts';
import { clockService, databaseService, Services, systemClock, type Database } from '../../src/database/room.ts';
import { paymentProvidersService } from '../../src/payments/room.ts';
import { eachTestServer } from '../support/server.ts';
import { act, expectCleanWallets, topUp } from '../wallets/support.ts';

const stripe = { STRIPE_SECRET_KEY: 'sk_test_1', STRIPE_WEBHOOK_SECRET: 'whsec_1' };

test.each([
  ['by default the sandbox alone is set up', {}, ['SANDBOX']],
  ['with its key, Stripe comes first, and is the default', stripe, ['STRIPE', 'SANDBOX']],
  ['in production there is no sandbox', { NODE_ENV: 'production' }, []],
  ['in production Stripe stands alone', { NODE_ENV: 'production', ...stripe }, ['STRIPE']],
  ['in production the sandbox must be asked for', { NODE_ENV: 'production', SANDBOX_IN_PRODUCTION: 'true' }, ['SANDBOX']],
])('%s', async (_, environment, expected) => {
  const services = new Services()
    .provide(configService, readConfig(environment))
    .provide(databaseService, {} as Database)
    .provide(clockService, systemClock);
  expect([...services.get(paymentProvidersService).keys()]).toEqual(expected);
  await services.close();
});

const lines: string[] = [];
const production = eachTestServer({ environment: { NODE_ENV: 'production' }, onLog: (line) => void lines.push(line) });

test('a server in production without Stripe says that nobody can pay in, and has no page of the sandbox', async () => {
  expect(lines.some((line) => line.includes('No payment provider is set up'))).toBe(true);
  expect((await fetch(`${production.current.url}/sandbox/pages/ch_1`)).status).toBe(404);
  expect((await fetch(`${production.current.url}/webhooks/sandbox`, { method: 'POST', body: '{}' })).status).toBe(404);
});

test('the sandbox\'s page is reached through our server: it asks, takes one decision, and sends the payer back', async () => {
  const server = await production.another({ environment: { PAYMENT_RETURN_URL: 'https://fans.example/back' } });
  const fan = await server.signUp();
  const { topUp: made } = await topUp(server, fan.token, { paymentMethodId: 'pm_sandbox_action' });
  const page = `${server.url}${new URL(made.action.redirectUrl).pathname}`;
  const asked = await fetch(page);
  expect(asked.status).toBe(200);
  expect(asked.headers.get('content-type')).toMatch(/^text\/html/);
  expect(await asked.text()).toContain('The payment of $10.61 waits for you.');
  const decided = await fetch(page, { method: 'POST', body: 'decision=CONFIRMED', redirect: 'manual' });
  expect(decided.status).toBe(303);
  expect(decided.headers.get('location')).toMatch(/^https:\/\/fans\.example\/back/);
  expect(await (await fetch(page)).text()).toContain('is decided already');
  expect((await fetch(page, { method: 'POST', body: 'decision=MAYBE' })).status).toBe(400);
  expect((await fetch(`${server.url}/sandbox/pages/ch_none`)).status).toBe(404);
  await act(server, made.action.redirectUrl, 'REFUSED');
  await expectCleanWallets(server.db);
});

test('the processor answers only those who have its key', async () => {
  const server = await production.another({ environment: {} });
  const fan = await server.signUp();
  await topUp(server, fan.token);
  const outside = await Promise.all(['/v1/create-charge', '/control/settings', '/sandbox/control/settings'].map((path) => fetch(`${server.url}${path}`, { method: 'POST', body: '{}' })));
  expect(outside.map(({ status }) => status)).toEqual([404, 404, 404]);
});
