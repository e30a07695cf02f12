import { expect, test } from '@jest/globals';
import { paymentProvidersService } from '../../src/payments/room.ts';
import { eachTestServer } from '../support/server.ts';
import { newFan, newPage, send, sent, tipInput } from '../tips/http.ts';
import { answerWith, refundTip, usd } from '../tips/refunds-support.ts';
import { addMethod, expectCleanWallets, topUp } from './support.ts';

const server = eachTestServer();

test('where no provider is set up, it is said so, and no input is blamed that nobody gave', async () => {
  const bare = await server.another({ environment: { NODE_ENV: 'production' } });
  const [page, fan] = [await newPage(server.current), await newFan(server.current)];
  const none = { code: 'PROVIDER_UNAVAILABLE', message: 'No payment provider is set up here.', path: null };
  expect((await topUp(bare, fan.token)).errors).toMatchObject([none]);
  expect((await send(bare, fan.token, tipInput(page.id, { amount: usd('5'), funding: 'CARD', paymentMethodId: 'pm_sandbox_ok' }))).errors).toMatchObject([none]);
  const preview = await bare.graphql('{ previewTopUp(amount: { amount: "5", currency: "USD" }) { errors { code message path } } }');
  expect(preview.data.previewTopUp.errors).toEqual([none]);
});

test('a provider that is not set up is named in the same words everywhere', async () => {
  const { current } = server;
  const [page, fan] = [await newPage(current), await newFan(current)];
  const card = await current.graphql(
    'mutation { addPaymentMethod(input: { provider: STRIPE, token: "pm_x" }) { errors { code message path } } }', {}, fan.token);
  const errors = [
    (await topUp(current, fan.token, { provider: 'STRIPE' })).errors,
    (await send(current, fan.token, tipInput(page.id, { amount: usd('5'), funding: 'CARD', provider: 'STRIPE', paymentMethodId: 'pm_x' }))).errors,
    card.data.addPaymentMethod.errors,
  ].flat();
  const same = { code: 'PROVIDER_UNAVAILABLE', message: 'STRIPE is not set up here.', path: ['input', 'provider'] };
  expect(errors).toMatchObject([same, same, same]);
  answerWith(current, () => ({ createCustomer: async () => { throw new Error('unreachable'); } }));
  const silent = await current.graphql('mutation { addPaymentMethod(input: { provider: SANDBOX, token: "pm_x" }) { errors { message } } }', {}, fan.token);
  expect(silent.data.addPaymentMethod.errors[0].message).toBe('SANDBOX does not answer. No card was kept; try again later.');
});

test('the rail that takes neither a part of a cent nor a currency is named, though nobody asked for one', async () => {
  const { current } = server;
  const { token } = await current.signUp();
  const { errors: [parts] } = await topUp(current, token, { amount: '5.001' });
  expect(parts.message).toBe('"5.001" is not a whole number of steps of 0.01 USD, the smallest part of an amount that SANDBOX charges.');
  answerWith(current, () => ({ rail: () => null }));
  expect((await topUp(current, token)).errors[0].message).toBe('SANDBOX takes no USD.');
  const page = await newPage(current);
  const { errors: [tip] } = await send(current, token, tipInput(page.id, { amount: usd('5'), funding: 'CARD', paymentMethodId: 'pm_sandbox_ok' }));
  expect(tip.message).toBe('SANDBOX takes no USD: tip from the wallet.');
});

test.each(['0', '-1', '0.10', '10000.01'])('a top-up of %s is told the range of top-ups', async (amount) => {
  const { current } = server;
  const { token } = await current.signUp();
  const { errors } = await topUp(current, token, { amount });
  expect(errors).toMatchObject([{ code: 'AMOUNT_OUT_OF_RANGE', path: ['input', 'amount', 'amount'], minimum: { amount: '0.50' }, maximum: { amount: '10000.00' } }]);
  const preview = await current.graphql(
    'query ($amount: MoneyInput!) { previewTopUp(amount: $amount) { errors { path ... on AmountOutOfRange { minimum { amount } } } } }', { amount: usd(amount) });
  expect(preview.data.previewTopUp.errors).toEqual([{ path: ['amount', 'amount'], minimum: { amount: '0.50' } }]);
});

test.each([
  [null, 'A card has to be entered first: do what "action" says. It goes on by itself afterwards.'],
  ['pm_sandbox_action', 'The bank wants the payment confirmed first: do what "action" says. It goes on by itself afterwards.'],
])('what has to be done is said, with the card %p', async (paymentMethodId, message) => {
  const { current } = server;
  const [page, fan] = [await newPage(current), await newFan(current)];
  expect((await topUp(current, fan.token, { paymentMethodId })).errors).toMatchObject([{ code: 'ACTION_REQUIRED', message }]);
  expect((await send(current, fan.token, tipInput(page.id, { amount: usd('5'), funding: 'CARD', paymentMethodId }))).errors).toMatchObject([{ code: 'ACTION_REQUIRED', message }]);
  await expectCleanWallets(current.db);
});

test('a card that nobody knows is told to the fan in the fan\'s words', async () => {
  const { current } = server;
  const { token } = await current.signUp();
  const { topUp: made, errors } = await topUp(current, token, { paymentMethodId: 'pm_mistyped' });
  expect(made.failureReason).toBe('The card is not known: enter it again, or use another one.');
  expect(errors).toMatchObject([{ code: 'PAYMENT_DECLINED', declineCode: 'invalid_payment_method' }]);
});

test('of a tip that went back nothing is left', async () => {
  const { current } = server;
  const [page, fan] = [await newPage(current), await newFan(current)];
  const tip = await sent(current, fan.token, tipInput(page.id, { amount: usd('1') }));
  await refundTip(current, page.token, tip.id);
  for (const [amount, path] of [[null, ['input', 'tipId']], ['1', ['input', 'amount', 'amount']]] as const) {
    expect((await refundTip(current, page.token, tip.id, amount)).errors).toMatchObject([{
      code: 'REFUND_EXCEEDS_CHARGE', path, message: 'Nothing is left of this tip: all of it went back already, or is on its way.',
    }]);
  }
  await expectCleanWallets(current.db);
});

test('whoever comes back from a provider\'s page brings the payment\'s id', async () => {
  const other = await server.another({ environment: { PAYMENT_RETURN_URL: 'https://fans.example/back?from=bank' } });
  const [page, fan] = [await newPage(other), await newFan(other)];
  const asked: string[] = [];
  const note = (url: string | null) => void asked.push(url!);
  const sandbox = other.services.get(paymentProvidersService).get('SANDBOX')!;
  answerWith(other, () => ({
    createCharge: (request) => (note(request.returnUrl), sandbox.createCharge(request)),
    saveMethod: (request) => (note(request.returnUrl), sandbox.saveMethod(request)),
  }));
  const { topUp: made } = await topUp(other, fan.token);
  const tip = await sent(other, fan.token, tipInput(page.id, { amount: usd('5'), funding: 'CARD', paymentMethodId: 'pm_sandbox_ok' }));
  const { paymentMethod } = await addMethod(other, fan.token);
  expect(asked).toEqual([made.id, tip.id, paymentMethod.id].map((id) => `https://fans.example/back?from=bank&payment=${id}`));
});
