import { afterAll, describe, expect, test } from '@jest/globals';
import Stripe from 'stripe';
import { webhookTakerService } from '../../src/payments/room.ts';
import { eachTestServer, type TestPerson } from '../support/server.ts';
import { balancesByKind, expectCleanWallets, topUp } from '../wallets/support.ts';
import { StripeDouble } from './stripe-double.ts';

const double = await new StripeDouble().start();
afterAll(() => double.close());
const lines: string[] = [];
const server = eachTestServer({
  environment: { STRIPE_SECRET_KEY: 'sk_test_1', STRIPE_WEBHOOK_SECRET: 'whsec_old, whsec_new', STRIPE_API_URL: double.url, LIMIT_BODY_BYTES: '4096' },
  onLog: (line) => void lines.push(line),
});

interface Sent {
  readonly secret?: string;
  readonly ageSeconds?: number;
  readonly path?: string;
}

async function send(payload: string, { secret = 'whsec_new', ageSeconds = 0, path = '/webhooks/stripe' }: Sent = {}) {
  const timestamp = Math.floor(Date.now() / 1_000) - ageSeconds;
  const response = await fetch(`${server.current.url}${path}`, {
    method: 'POST', body: payload, headers: { 'content-type': 'application/json', 'stripe-signature': Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp }) },
  });
  return { status: response.status, body: (await response.json()) as any };
}

/** A top-up that waits for its fan, who then confirms it at Stripe. */
async function confirmedTopUp(fan: TestPerson) {
  const { topUp: made } = await topUp(server.current, fan.token, { provider: 'STRIPE', paymentMethodId: 'pm_action' });
  expect(made.status).toBe('ACTION_REQUIRED');
  const intent = double.all('payment_intent')[0]!;
  double.payerActs(intent.id, true);
  return { id: made.id as string, intent };
}

async function taken(): Promise<void> {
  await server.current.services.get(webhookTakerService).takeDue();
  await server.current.services.get(webhookTakerService).close();
}

async function statusOf(id: string, { token }: TestPerson): Promise<string> {
  return (await server.current.graphql('query ($id: ID!) { node(id: $id) { ... on TopUp { status } } }', { id }, token)).data.node.status;
}

async function stored(): Promise<{ id: string; isTaken: boolean }[]> {
  return server.current.db.query('SELECT id, taken_at IS NOT NULL AS "isTaken" FROM webhook_event ORDER BY id');
}

describe('a webhook of Stripe', () => {
  test.each(['whsec_old', 'whsec_new'])('signed with %s settles the payment that it is about, by what Stripe says then', async (secret) => {
    const fan = await server.current.signUp();
    const { id, intent } = await confirmedTopUp(fan);
    expect(await send(double.event('payment_intent.processing', intent), { secret })).toEqual({ status: 200, body: { received: true } });
    await taken();
    expect(await statusOf(id, fan)).toBe('SUCCEEDED');
    expect(await balancesByKind(server.current.db, 'USD')).toMatchObject({ wallet: 10_000_000n, clearing: -10_610_000n, processor_fee: 610_000n });
    await expectCleanWallets(server.current.db);
  });

  test('is refused with a wrong signature, too old, or from the future, and nothing is stored', async () => {
    const fan = await server.current.signUp();
    const { id, intent } = await confirmedTopUp(fan);
    const payload = double.event('payment_intent.succeeded', intent);
    const refused = [await send(payload, { secret: 'whsec_other' }), await send(payload, { ageSeconds: 305 }), await send(payload, { ageSeconds: -305 })];
    expect(refused.map(({ status, body }) => [status, body.errors[0].extensions.code])).toEqual(Array.from({ length: 3 }, () => [400, 'BAD_REQUEST']));
    expect(refused.map(({ body }) => body.errors[0].message)).toEqual([
      expect.stringContaining('none that we know a secret of'), expect.stringMatching(/30\d s ago; 300 s are allowed/), expect.stringMatching(/30\d s in the future/),
    ]);
    const bare = await fetch(`${server.current.url}/webhooks/stripe`, { method: 'POST', body: payload });
    expect(bare.status).toBe(400);
    expect(await stored()).toEqual([]);
    expect(await statusOf(id, fan)).toBe('ACTION_REQUIRED');
    expect(lines.filter((line) => line.includes('A webhook was refused.')).length).toBeGreaterThanOrEqual(4);
  });

  test('that comes a hundred times, and with others about the same payment, is stored once and moves money once', async () => {
    const fan = await server.current.signUp();
    const { id, intent } = await confirmedTopUp(fan);
    const payload = double.event('payment_intent.succeeded', intent);
    const others = ['payment_intent.created', 'payment_intent.requires_action', 'payment_intent.payment_failed'].map((type) => double.event(type, intent));
    const answers = await Promise.all([...Array.from({ length: 100 }, () => payload), ...others].map((one) => send(one)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await taken();
    expect(await stored()).toEqual(expect.arrayContaining(Array.from({ length: 4 }, () => ({ id: expect.any(String), isTaken: true }))));
    expect(await stored()).toHaveLength(4);
    expect(await statusOf(id, fan)).toBe('SUCCEEDED');
    expect(await server.current.db.query(`SELECT count(*) FROM posting WHERE kind = 'TOP_UP'`)).toEqual([{ count: 1n }]);
    await expectCleanWallets(server.current.db);
  });

  test('about something that is none of ours is taken and forgotten', async () => {
    const strange = [
      double.event('customer.created', { object: 'customer', id: 'cus_1' }),
      double.event('payment_intent.succeeded', { object: 'payment_intent', id: 'pi_shop', metadata: {} }),
      double.event('charge.dispute.created', { object: 'dispute', id: 'dp_1', status: 'warning_needs_response' }),
    ];
    expect((await Promise.all(strange.map((payload) => send(payload)))).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await stored()).toEqual([]);
    const unknownKey = double.event('payment_intent.succeeded', { object: 'payment_intent', id: 'pi_1', metadata: { farthing_key: 'top_gone' } });
    await send(unknownKey);
    await taken();
    expect((await stored()).map(({ isTaken }) => isTaken)).toEqual([true]);
  });

  test('that cannot be taken is tried again, later each time', async () => {
    const payload = double.event('charge.dispute.created', { object: 'dispute', id: 'dp_gone', status: 'needs_response' });
    await send(payload);
    await taken();
    const [event] = await server.current.db.query<{ attempts: number; taken_at: Date | null; isLater: boolean }>(
      'SELECT attempts, taken_at, take_after > received_at + interval \'1 s\' AS "isLater" FROM webhook_event');
    expect(event).toEqual({ attempts: 1, taken_at: null, isLater: true });
    expect(lines.some((line) => line.includes('A webhook could not be taken'))).toBe(true);
  });
});

test('a webhook may be larger than a request to the API, up to a megabyte', async () => {
  const large = double.event('customer.updated', { object: 'customer', id: 'cus_1', description: 'x'.repeat(100_000) });
  expect((await send(large)).status).toBe(200);
  const huge = await send('x'.repeat(1_048_577));
  expect(huge).toMatchObject({ status: 413, body: { errors: [{ message: expect.stringContaining('larger than 1048576 bytes'), extensions: { code: 'PAYLOAD_TOO_LARGE' } }] } });
});

test.each(['/webhooks/paypal', '/webhooks/STRIPE', '/webhooks/stripe%00'])('%s is no provider', async (path) => {
  expect((await send('{}', { path })).status).toBe(404);
});

test('what is signed but no JSON is refused', async () => {
  expect(await send('{"id":')).toMatchObject({ status: 400, body: { errors: [{ message: expect.stringContaining('no JSON') }] } });
});

test('Stripe gets our key as its idempotency key, and in the metadata', async () => {
  const fan = await server.current.signUp();
  const { topUp: made } = await topUp(server.current, fan.token, { provider: 'STRIPE', paymentMethodId: 'pm_ok', amount: '25.00' });
  expect(made).toMatchObject({ status: 'SUCCEEDED', charged: { amount: '26.06' } });
  const [row] = await server.current.db.query<{ key: string }>('SELECT provider_key AS key FROM top_up');
  const asked = double.asked.filter(({ path, method }) => method === 'POST' && path === '/v1/payment_intents').at(-1);
  expect(asked).toMatchObject({ idempotencyKey: row!.key, params: { amount: '2606', currency: 'usd', confirm: 'true', metadata: { farthing_key: row!.key } } });
});

test('a key that Stripe does not accept fails the payment at once, says so to the operator, and the fan may try again', async () => {
  const { current } = server;
  const fan = await current.signUp();
  double.isKeyRevoked = true;
  try {
    const { topUp: made, errors } = await topUp(current, fan.token, { provider: 'STRIPE', paymentMethodId: 'pm_ok' });
    expect(made).toMatchObject({ status: 'FAILED', failureReason: 'The payment provider cannot be used at the moment; no money moved.' });
    expect(errors).toEqual([expect.objectContaining({ code: 'PAYMENT_DECLINED', declineCode: 'provider_unavailable', retryable: true })]);
  } finally {
    double.isKeyRevoked = false;
  }
  expect((await topUp(current, fan.token, { provider: 'STRIPE', paymentMethodId: 'pm_ok' })).topUp.status).toBe('SUCCEEDED');
  await expectCleanWallets(current.db);
});
