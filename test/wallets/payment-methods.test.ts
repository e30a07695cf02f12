import { describe, expect, test } from '@jest/globals';
import { paymentMethodsService } from '../../src/wallets/room.ts';
import { eachTestServer } from '../support/server.ts';
import { act, addMethod, expectCleanWallets, provideSandbox, stored, topUp } from './support.ts';

const server = eachTestServer();

const methodsQuery = '{ viewer { paymentMethods { id label isDefault } autoTopUp { below { amount } } } }';

async function methodsOf(token: string): Promise<any[]> {
  return (await server.current.graphql(methodsQuery, {}, token)).data.viewer.paymentMethods;
}

function change(name: 'removePaymentMethod' | 'setDefaultPaymentMethod', token: string, id: string) {
  const operation = `mutation ($id: ID!) { ${name}(input: { paymentMethodId: $id }) { viewer { paymentMethods { id isDefault } } errors { code path } } }`;
  return server.current.graphql(operation, { id }, token).then(({ data }) => data[name]);
}

test('a card is kept, shown, and charged where none is named', async () => {
  const { token } = await server.current.signUp();
  const { paymentMethod, errors } = await addMethod(server.current, token);
  expect([paymentMethod, errors]).toEqual([{ id: expect.stringMatching(/^pmt_/), provider: 'SANDBOX', label: expect.stringContaining('4242'), expiresOn: expect.stringMatching(/^\d{4}-\d\d$/), isDefault: true }, []]);
  const { data } = await server.current.graphql('query ($id: ID!) { node(id: $id) { ... on PaymentMethod { id label } } }', { id: paymentMethod.id }, token);
  expect(data.node).toEqual({ id: paymentMethod.id, label: paymentMethod.label });
  expect((await topUp(server.current, token, { paymentMethodId: null })).topUp.status).toBe('SUCCEEDED');
  expect((await topUp(server.current, token, { paymentMethodId: paymentMethod.id })).topUp.status).toBe('SUCCEEDED');
  await expectCleanWallets(server.current.db);
});

test('the first card is the default, a later one only when it is asked for, and never two', async () => {
  const { token } = await server.current.signUp();
  const first = (await addMethod(server.current, token)).paymentMethod;
  const second = (await addMethod(server.current, token)).paymentMethod;
  const third = (await addMethod(server.current, token, 'pm_sandbox_ok', true)).paymentMethod;
  const defaults = async () => (await methodsOf(token)).map(({ id, isDefault }) => [id, isDefault]);
  expect(await defaults()).toEqual([[third.id, true], [second.id, false], [first.id, false]]);
  await Promise.all([change('setDefaultPaymentMethod', token, first.id), change('setDefaultPaymentMethod', token, second.id)]);
  expect((await defaults()).filter(([, isDefault]) => isDefault)).toHaveLength(1);
});

test('a card that declines is not kept, and says why', async () => {
  const { token } = await server.current.signUp();
  expect(await addMethod(server.current, token, 'pm_sandbox_declined')).toMatchObject({ paymentMethod: null, action: null, errors: [{ __typename: 'PaymentDeclined', path: ['input', 'token'] }] });
  expect(await methodsOf(token)).toEqual([]);
});

test.each([['CONFIRMED', 1], ['REFUSED', 0]] as const)('a card that asks for an action and is %s leaves %i of them', async (decision, kept) => {
  const live = await server.another({ runsJobs: true });
  const { token } = await live.signUp();
  const { paymentMethod, action, errors } = await addMethod(live, token, 'pm_sandbox_action');
  expect([paymentMethod, errors, await methodsOf(token)]).toEqual([null, [], []]);
  await act(live, action.redirectUrl, decision);
  const statuses = async () => (await live.db.query<{ status: string }>('SELECT status FROM payment_method')).map(({ status }) => status);
  for (const deadline = Date.now() + 90_000; (await statuses())[0] === 'ACTION_REQUIRED' && Date.now() < deadline; ) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await statuses()).toEqual([kept === 1 ? 'SAVED' : 'FAILED']);
  expect(await methodsOf(token)).toHaveLength(kept);
});

describe('a removed card', () => {
  test('is gone here and at its provider, and an automatic top-up with it', async () => {
    const { token } = await server.current.signUp();
    const { paymentMethod } = await addMethod(server.current, token);
    const auto = { below: { amount: '1', currency: 'USD' }, amount: { amount: '10', currency: 'USD' } };
    await server.current.graphql('mutation ($input: SetAutoTopUpInput!) { setAutoTopUp(input: $input) { errors { code } } }', { input: auto }, token);
    expect(await change('removePaymentMethod', token, paymentMethod.id)).toEqual({ viewer: { paymentMethods: [] }, errors: [] });
    const { data } = await server.current.graphql(methodsQuery, {}, token);
    expect(data.viewer).toEqual({ paymentMethods: [], autoTopUp: null });
    expect((await topUp(server.current, token, { paymentMethodId: paymentMethod.id })).errors).toMatchObject([{ code: 'NOT_FOUND', path: ['input', 'paymentMethodId'] }]);
    const rows = await server.current.db.query('SELECT forgotten_at IS NOT NULL AS forgotten FROM payment_method');
    expect(rows).toEqual([{ forgotten: true }]);
    await expectCleanWallets(server.current.db);
  });

  test('is told to its provider later, if that did not listen', async () => {
    let isDeaf = true;
    provideSandbox(server.current, (sandbox) => ({ forgetMethod: (token) => (isDeaf ? Promise.reject(new Error('down')) : sandbox.forgetMethod(token)) }));
    const { token } = await server.current.signUp();
    const { paymentMethod } = await addMethod(server.current, token);
    await change('removePaymentMethod', token, paymentMethod.id);
    const forgotten = () => server.current.db.query('SELECT forgotten_at IS NOT NULL AS forgotten FROM payment_method');
    expect(await forgotten()).toEqual([{ forgotten: false }]);
    isDeaf = false;
    await server.current.services.get(paymentMethodsService).forgetRemoved();
    expect(await forgotten()).toEqual([{ forgotten: true }]);
  });

  test('answers a key that charged it before', async () => {
    const { token } = await server.current.signUp();
    const { paymentMethod } = await addMethod(server.current, token);
    const wish = { paymentMethodId: paymentMethod.id, idempotencyKey: 'k' };
    const first = await topUp(server.current, token, wish);
    await change('removePaymentMethod', token, paymentMethod.id);
    expect(await topUp(server.current, token, wish)).toEqual(first);
  });
});

test('cards are their person\'s alone', async () => {
  const [one, other] = [await server.current.signUp(), await server.current.signUp()];
  const { paymentMethod } = await addMethod(server.current, one.token);
  expect(await change('removePaymentMethod', other.token, paymentMethod.id)).toMatchObject({ viewer: null, errors: [{ code: 'NOT_FOUND' }] });
  expect(await change('setDefaultPaymentMethod', other.token, paymentMethod.id)).toMatchObject({ viewer: null, errors: [{ code: 'NOT_FOUND' }] });
  expect((await topUp(server.current, other.token, { paymentMethodId: paymentMethod.id })).errors).toMatchObject([{ code: 'NOT_FOUND' }]);
  const { data } = await server.current.graphql('query ($id: ID!) { node(id: $id) { id } }', { id: paymentMethod.id }, other.token);
  expect(data.node).toBeNull();
  expect(await stored(server.current.db)).toMatchObject({ topUps: [], charges: 0 });
});

test('a saved card of one provider is not charged by another', async () => {
  const { token } = await server.current.signUp();
  const { paymentMethod } = await addMethod(server.current, token);
  expect((await topUp(server.current, token, { paymentMethodId: paymentMethod.id, provider: 'STRIPE' })).errors).toMatchObject([{ code: 'INVALID_INPUT', path: ['input', 'paymentMethodId'] }]);
});
