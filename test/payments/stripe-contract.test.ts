import { afterEach } from '@jest/globals';
import Stripe from 'stripe';
import { StripeProvider } from '../../src/payments/room.ts';
import { describeProvider } from './contract.ts';
import { StripeDouble } from './stripe-double.ts';

const opened: StripeDouble[] = [];
afterEach(() => Promise.all(opened.splice(0).map((double) => double.close())));

describeProvider('Stripe', async () => {
  const double = await new StripeDouble().start();
  opened.push(double);
  double.put('account', 'acct', {
    id: 'acct_nova', payouts_enabled: false,
    external_accounts: { object: 'list', data: [{ object: 'bank_account', bank_name: 'STRIPE TEST BANK', last4: '6789' }] },
  });
  const intentOf = (key: string) => double.all('payment_intent', ({ metadata }) => metadata.farthing_key === key)[0]!;
  return {
    provider: new StripeProvider({ secretKey: 'sk_test_1', webhookSecrets: ['whsec_old', 'whsec_new'], apiUrl: double.url }),
    cards: { ok: 'pm_ok', declined: 'pm_declined', poor: 'pm_poor', action: 'pm_action', silent: 'pm_silent' },
    destination: {
      token: 'acct_nova',
      prepare: async (id) => void Object.assign(double.thing(id), { payouts_enabled: true }),
      proof: [],
    },
    payerActs: async (key, confirms) => double.payerActs(intentOf(key).id, confirms),
    dispute: async (key) => double.dispute(intentOf(key).id),
    closeDispute: async (id, status) => void Object.assign(double.thing(id), { status: status.toLowerCase() }),
    webhook: async (key) => {
      const payload = double.event('payment_intent.succeeded', intentOf(key));
      return { rawBody: Buffer.from(payload), headers: { 'stripe-signature': Stripe.webhooks.generateTestHeaderString({ payload, secret: 'whsec_new' }) } };
    },
  };
});
