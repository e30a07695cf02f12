import { describe, expect, test } from '@jest/globals';
import { reconcile } from '../../src/payments/room.ts';
import { eachTestServer } from '../support/server.ts';
import { fundWallet, micros } from '../support/world.ts';
import { act, addMethod, balancesByKind, provideSandbox } from '../wallets/support.ts';
import { cardInput, newFan, newPage, send, sendTipOperation, tipInput } from './http.ts';
import { expectCleanTips, stored } from './support.ts';

const server = eachTestServer();
const minutesLater = { clock: { now: () => new Date(Date.now() + 120_000) } };

async function scene() {
  const page = await newPage(server.current);
  const fan = await newFan(server.current, { micros: 0n, name: 'Ada' });
  return { page, fan, db: server.current.db };
}

async function charges(): Promise<number> {
  const [row] = await server.current.db.query<{ count: bigint }>('SELECT count(*) AS count FROM sandbox_charge');
  return Number(row!.count);
}

async function statuses(): Promise<string[]> {
  return (await server.current.db.query<{ status: string }>('SELECT status FROM tip ORDER BY id')).map(({ status }) => status);
}

test('a tip by card bears the card\'s fee, and then counts as any other', async () => {
  const { page, fan, db } = await scene();
  const { tip, errors } = await send(server.current, fan.token, cardInput(page.id, { message: 'Hello' }));
  expect([tip, errors]).toEqual([expect.objectContaining({ status: 'SUCCEEDED', displayName: 'Ada', message: 'Hello', amount: expect.objectContaining({ amount: '5.00' }) }), []]);
  // 5.00 less 0.25 for the platform and ceil(0.145 + 0.30) for the card.
  expect(await balancesByKind(db, 'USD')).toEqual({ clearing: -5_000_000n, processor_fee: 450_000n, earnings: 4_300_000n, platform_fee: 250_000n });
  const { data } = await server.current.graphql(
    '{ viewer { creator { handle } } creator(handle: "' + page.handle + '") { tips { totalCount nodes { id fee { amount } processorFee { amount } net { amount } } } topTippers { displayName total { amount } } } }', {}, page.token);
  expect(data.creator).toEqual({
    tips: { totalCount: 1, nodes: [{ id: tip.id, fee: { amount: '0.25' }, processorFee: { amount: '0.45' }, net: { amount: '4.30' } }] },
    topTippers: [{ displayName: 'Ada', total: { amount: '5.00' } }],
  });
  expect(await stored(db)).toEqual({ tips: 1, postings: 1, events: 1 });
  await expectCleanTips(db);
});

test.each([
  ['more', 600_000n, { platform_loss: -150_000n, platform_fee: 250_000n }],
  ['less', 400_000n, { platform_fee: 300_000n }],
])('what the provider takes %s than was quoted is the platform\'s', async (_, feeMicros, platform) => {
  const { page, fan, db } = await scene();
  provideSandbox(server.current, (sandbox) => ({ createCharge: async (request) => ({ ...(await sandbox.createCharge(request)), feeMicros }) as never }));
  await send(server.current, fan.token, cardInput(page.id));
  expect(await balancesByKind(db, 'USD')).toEqual({ clearing: -5_000_000n, processor_fee: feeMicros, earnings: 4_300_000n, ...platform });
  await expectCleanTips(db);
});

describe('a tip that is not paid', () => {
  test.each([
    ['pm_sandbox_declined', 'FAILED', { __typename: 'PaymentDeclined', declineCode: 'card_declined' }],
    ['pm_sandbox_action', 'ACTION_REQUIRED', { __typename: 'ActionRequired', code: 'ACTION_REQUIRED' }],
    [null, 'ACTION_REQUIRED', { __typename: 'ActionRequired', code: 'ACTION_REQUIRED' }],
  ])('by %s is %s, its sender\'s alone to see, and counts nowhere', async (paymentMethodId, status, error) => {
    const { page, fan, db } = await scene();
    const { tip, errors } = await send(server.current, fan.token, cardInput(page.id, { paymentMethodId }));
    expect([tip.status, errors]).toEqual([status, [expect.objectContaining(error)]]);
    const query = 'query ($id: ID!, $handle: String!) { node(id: $id) { ... on Tip { id action { redirectUrl } } } creator(handle: $handle) { tips { totalCount } topTippers { displayName } } viewer { tips { nodes { id status } } } }';
    const seenBy = async (token?: string) => (await server.current.graphql(query, { id: tip.id, handle: page.handle }, token)).data;
    const own = await seenBy(fan.token);
    expect(own.node).toEqual({ id: tip.id, action: status === 'FAILED' ? null : { redirectUrl: expect.any(String) } });
    expect(own.viewer.tips.nodes).toEqual([{ id: tip.id, status }]);
    for (const token of [page.token, undefined]) expect((await seenBy(token)).node).toBeNull();
    expect(own.creator).toEqual({ tips: { totalCount: 0 }, topTippers: [] });
    expect(await stored(db)).toEqual({ tips: 1, postings: 0, events: 0 });
    await expectCleanTips(db);
  });

  test.each([['CONFIRMED', 'SUCCEEDED', 1], ['REFUSED', 'FAILED', 0]] as const)('and %s later is found by its key and by the reconciler, once', async (decision, status, paid) => {
    const { page, fan, db } = await scene();
    const input = cardInput(page.id, { paymentMethodId: 'pm_sandbox_action' });
    const { errors } = await send(server.current, fan.token, input);
    await act(server.current, errors[0].action.redirectUrl, decision);
    const later = await server.another(minutesLater);
    await Promise.all([reconcile(later.services), send(server.current, fan.token, input), send(later, fan.token, input)]);
    expect((await send(server.current, fan.token, input)).tip.status).toBe(status);
    expect(await stored(db)).toEqual({ tips: 1, postings: paid, events: paid });
    await expectCleanTips(db);
  });
});

describe('a key', () => {
  test('raced through two processes is one charge, one posting and one answer', async () => {
    const { page, fan, db } = await scene();
    const other = await server.another();
    const input = cardInput(page.id, { idempotencyKey: 'k' });
    const payloads = await Promise.all(Array.from({ length: 40 }, (_, index) => send(index % 2 === 0 ? server.current : other, fan.token, input)));
    expect(new Set(payloads.map((payload) => JSON.stringify(payload))).size).toBe(1);
    expect(payloads[0].tip.status).toBe('SUCCEEDED');
    expect([await charges(), await stored(db)]).toEqual([1, { tips: 1, postings: 1, events: 1 }]);
    await expectCleanTips(db);
  });

  test.each([
    ['another amount', { amount: { amount: '6.00', currency: 'USD' } }],
    ['another card', { paymentMethodId: 'pm_sandbox_declined' }],
    ['another receipt', { receiptEmail: 'a@example.com' }],
    ['the wallet', { funding: 'WALLET', paymentMethodId: undefined }],
  ])('with %s is a mismatch and charges nothing', async (_, given) => {
    const { page, fan, db } = await scene();
    await fundWallet(db, fan.personId, 20_000_000n);
    await send(server.current, fan.token, cardInput(page.id, { idempotencyKey: 'k' }));
    const second = await send(server.current, fan.token, cardInput(page.id, { idempotencyKey: 'k', ...given }));
    expect(second).toMatchObject({ tip: null, errors: [{ code: 'IDEMPOTENCY_MISMATCH' }] });
    expect([await charges(), await stored(db)]).toEqual([1, { tips: 1, postings: 1, events: 1 }]);
    await expectCleanTips(db);
  });

  test('answers a declined attempt for ever, while another one may succeed', async () => {
    const { page, fan, db } = await scene();
    const input = cardInput(page.id, { idempotencyKey: 'k', paymentMethodId: 'pm_sandbox_declined' });
    const first = await send(server.current, fan.token, input);
    expect(await send(server.current, fan.token, input)).toEqual(first);
    expect((await send(server.current, fan.token, cardInput(page.id))).tip.status).toBe('SUCCEEDED');
    expect(await charges()).toBe(2);
    await expectCleanTips(db);
  });
});

test.each([
  ['before-commit', 1], ['after-commit', 1], ['card-tip-stored', 1], ['card-tip-charged', 1], ['before-commit', 2], ['after-commit', 2], ['before-commit', 3],
  ['after-commit', 3], ['before-commit', 4], ['after-commit', 4],
])('cut off at %s number %i, a tip is finished by the reconciler or by its key: one charge, one posting', async (failpoint, nth) => {
  const { page, fan, db } = await scene();
  let passed = 0;
  db.failpoint = (name) => {
    if (name === failpoint && ++passed === nth) throw new Error('the process died');
  };
  const input = cardInput(page.id, { idempotencyKey: 'k' });
  await server.current.graphql(sendTipOperation, { input }, fan.token);
  expect(passed).toBeGreaterThanOrEqual(nth);
  db.failpoint = () => {};
  await expectCleanTips(db);
  const later = await server.another(minutesLater);
  await reconcile(later.services);
  await expectCleanTips(db);
  expect((await send(server.current, fan.token, input)).tip.status).toBe('SUCCEEDED');
  expect([await charges(), await statuses(), await stored(db)]).toEqual([1, ['SUCCEEDED'], { tips: 1, postings: 1, events: 1 }]);
  await expectCleanTips(db);
});

describe('a refusal says what is wrong and stores nothing', () => {
  test.each([
    ['too little for the card', { amount: { amount: '0.05', currency: 'USD' } }, 'AMOUNT_OUT_OF_RANGE', ['input', 'amount', 'amount']],
    ['parts of a cent', { amount: { amount: '1.005', currency: 'USD' } }, 'INVALID_INPUT', ['input', 'amount', 'amount']],
    ['another currency', { amount: { amount: '5', currency: 'EUR' } }, 'CURRENCY_MISMATCH', ['input', 'amount', 'currency']],
    ['a provider that is not there', { provider: 'STRIPE' }, 'PROVIDER_UNAVAILABLE', ['input', 'provider']],
    ['a saved card of nobody', { paymentMethodId: 'pmt_01h45ytscbebyvny4gc8cr8ma2' }, 'NOT_FOUND', ['input', 'paymentMethodId']],
    ['an address that is none', { receiptEmail: 'nobody' }, 'INVALID_INPUT', ['input', 'receiptEmail']],
    ['an address with a line break', { receiptEmail: 'a@example.com\nBcc: b@example.com' }, 'INVALID_INPUT', ['input', 'receiptEmail']],
  ])('%s', async (_, given, code, path) => {
    const { page, fan, db } = await scene();
    expect(await send(server.current, fan.token, cardInput(page.id, given))).toMatchObject({ tip: null, errors: [{ code, path }] });
    expect([await charges(), await stored(db)]).toEqual([0, { tips: 0, postings: 0, events: 0 }]);
  });

  test('to oneself', async () => {
    const { page } = await scene();
    expect(await send(server.current, page.token, cardInput(page.id))).toMatchObject({ tip: null, errors: [{ code: 'SELF_PAYMENT' }] });
  });

  test('by a frozen account', async () => {
    const { page, fan, db } = await scene();
    await db.query('UPDATE person SET frozen_at = now() WHERE id = $1', [fan.personId]);
    expect((await send(server.current, fan.token, cardInput(page.id))).errors[0].code).toBe('ACCOUNT_FROZEN');
  });

  test('in a currency whose books are halted, before any card is charged', async () => {
    const { page, fan, db } = await scene();
    await db.query(`INSERT INTO ledger_halt (currency, reason, halted_at) VALUES ('USD', 'a test', now())`);
    const { errors } = await server.current.graphql(sendTipOperation, { input: cardInput(page.id) }, fan.token);
    expect([errors?.[0]?.extensions.code, await charges()]).toEqual(['LEDGER_HALTED', 0]);
  });

  test('once the creator got too many tries from anybody', async () => {
    const strict = await server.another({ environment: { LIMIT_CARD_ATTEMPTS_PER_CREATOR: '2' } });
    const page = await newPage(strict);
    const fans = await Promise.all(Array.from({ length: 5 }, () => newFan(strict, { micros: 0n })));
    const payloads = await Promise.all(fans.map(({ token }) => send(strict, token, cardInput(page.id, { paymentMethodId: 'pm_sandbox_declined' }))));
    expect(payloads.filter(({ errors }) => errors[0].code === 'TOO_MANY_ATTEMPTS')).toHaveLength(3);
    await expectCleanTips(strict.db);
  });
});

describe('a spending cap', () => {
  const cap = 'mutation { setSpendingCap(input: { period: DAY, currency: "USD", limit: "8" }) { errors { code } } }';
  const used = async (token: string) => (await server.current.graphql('{ viewer { spendingCaps { used { amount } } } }', {}, token)).data.viewer.spendingCaps[0].used.amount;

  test('counts what waits, and gets back what failed', async () => {
    const { page, fan, db } = await scene();
    await server.current.graphql(cap, {}, fan.token);
    const { errors } = await send(server.current, fan.token, cardInput(page.id, { paymentMethodId: 'pm_sandbox_action', idempotencyKey: 'k' }));
    expect(await used(fan.token)).toBe('5.00');
    expect((await send(server.current, fan.token, cardInput(page.id))).errors).toMatchObject([{ code: 'CAP_EXCEEDED', remaining: { amount: '3.00' } }]);
    await expectCleanTips(db);
    await act(server.current, errors[0].action.redirectUrl, 'REFUSED');
    await send(server.current, fan.token, cardInput(page.id, { paymentMethodId: 'pm_sandbox_action', idempotencyKey: 'k' }));
    expect(await used(fan.token)).toBe('0.00');
    expect((await send(server.current, fan.token, cardInput(page.id))).tip.status).toBe('SUCCEEDED');
    await expectCleanTips(db);
  });
});

test('what goes back to somebody who tipped the sender is held longer', async () => {
  const { db } = server.current;
  const [one, other] = [await newPage(server.current), await newPage(server.current)];
  await fundWallet(db, one.ownerId, 10_000_000n);
  await send(server.current, one.token, tipInput(other.id, { amount: { amount: '5', currency: 'USD' } }));
  const held = () => db.query<{ days: number }>(`SELECT round(extract(epoch FROM hour - now()) / 86400)::integer AS days FROM earnings_hold ORDER BY 1`);
  expect(await held()).toEqual([{ days: 0 }]);
  await send(server.current, other.token, cardInput(one.id));
  expect(await held()).toEqual([{ days: 0 }, { days: 30 }]);
  await send(server.current, (await newFan(server.current, { micros: 0n })).token, cardInput(one.id));
  expect(await held()).toEqual([{ days: 0 }, { days: 0 }, { days: 30 }]);
  await expectCleanTips(db);
});

test('two who tip one another while both have to confirm are held longer, both', async () => {
  const { current } = server;
  const [one, other] = [await newPage(current), await newPage(current)];
  const ask = async (token: string, page: string) => (await send(current, token, cardInput(page, { paymentMethodId: 'pm_sandbox_action' }))).errors[0].action.redirectUrl as string;
  const urls = [await ask(one.token, other.id), await ask(other.token, one.id)];
  for (const url of urls) await act(current, url, 'CONFIRMED');
  await reconcile((await server.another({ clock: { now: () => new Date(Date.now() + 120_000) } })).services);
  expect(await current.db.query('SELECT status, hold_days AS days FROM tip')).toEqual([{ status: 'SUCCEEDED', days: 30 }, { status: 'SUCCEEDED', days: 30 }]);
  const [held] = await current.db.query<{ count: bigint }>(`SELECT count(*) FROM earnings_hold WHERE hour > now() + interval '29 days'`);
  expect(held?.count).toBe(2n);
  await expectCleanTips(current.db);
});

test('the default card is charged where none is named', async () => {
  const { page, fan, db } = await scene();
  await addMethod(server.current, fan.token);
  expect((await send(server.current, fan.token, cardInput(page.id, { paymentMethodId: null }))).tip.status).toBe('SUCCEEDED');
  expect(await micros(db, page.uuid, 'earnings')).toBe(4_300_000n);
  await expectCleanTips(db);
});
