import { describe, expect, test } from '@jest/globals';
import { lastDays, WebhookRefused, type ActionRequired, type ChargeOutcome, type ChargeRequest, type PaymentProvider } from '../../src/payments/room.ts';
import { chargeRequest } from './support.ts';

export interface Delivery {
  readonly rawBody: Buffer;
  readonly headers: Record<string, string>;
}

/** A provider with somebody at the other end who does what payers, banks and networks do. */
export interface OpenProvider {
  readonly provider: PaymentProvider;
  readonly cards: { readonly ok: string; readonly declined: string; readonly poor: string; readonly action: string; readonly silent: string };
  /** A destination's token, and what proves it. */
  readonly destination: { readonly token: string; prepare(destinationToken: string): Promise<void>; readonly proof: readonly bigint[] };
  payerActs(key: string, confirms: boolean): Promise<void>;
  /** Answers the dispute's id. */
  dispute(key: string): Promise<string>;
  closeDispute(id: string, status: 'WON' | 'LOST'): Promise<void>;
  /** A webhook about the charge with a key, signed now. */
  webhook(key: string): Promise<Delivery>;
}

const second = 1_000;

/** What every adapter promises: the port's contract, against whatever stands behind it. */
export function describeProvider(name: string, open: () => Promise<OpenProvider>): void {
  describe(`the contract of providers, kept by ${name}`, () => {
    async function charged(changes: Partial<ChargeRequest> = {}) {
      const world = await open();
      const request = chargeRequest({ paymentMethod: world.cards.ok, ...changes });
      const outcome = await world.provider.createCharge(request);
      const chargeId = outcome.status === 'SUCCEEDED' ? outcome.chargeId : '';
      return { ...world, request, outcome, chargeId };
    }

    test('a charge succeeds, tells its fee, and reads as it was made', async () => {
      const { provider, outcome, chargeId } = await charged();
      expect(outcome).toEqual({ status: 'SUCCEEDED', chargeId: expect.any(String), feeMicros: 610_000n });
      expect(await provider.readCharge('k')).toEqual(outcome);
      expect(await provider.readChargeById(chargeId)).toEqual({
        chargeId, key: 'k', amountMicros: 10_610_000n, currency: 'USD', outcome, refundedMicros: 0n, disputeIds: [],
      });
    });

    test('a key is charged once, asked again and all at once', async () => {
      const { provider, request, outcome } = await charged();
      const again = await Promise.all(Array.from({ length: 10 }, () => provider.createCharge(request)));
      expect(again).toEqual(Array.from({ length: 10 }, () => outcome));
    });

    test('a key with another request is rejected', async () => {
      const { provider, request, outcome } = await charged();
      await expect(provider.createCharge({ ...request, amountMicros: 20_000_000n })).rejects.toThrow();
      expect(await provider.readCharge('k')).toEqual(outcome);
    });

    test.each([
      ['part of a cent', { amountMicros: 10_615_000n }],
      ['nothing', { amountMicros: 0n }],
      ['no currency', { currency: 'XXX' }],
    ])('what the rail does not take is rejected, never rounded: %s', async (_, changes) => {
      const { provider } = await open();
      await expect(provider.createCharge(chargeRequest(changes))).rejects.toThrow('does not charge');
      expect(await provider.readCharge('k')).toBeNull();
    });

    test.each(['declined', 'poor'] as const)('a card that is %s declines, and the key stays declined', async (card) => {
      const { provider, cards } = await open();
      const request = chargeRequest({ paymentMethod: cards[card] });
      const outcome = await provider.createCharge(request);
      expect(outcome).toEqual({ status: 'DECLINED', code: expect.any(String), message: expect.stringMatching(/\.$/), retryable: card === 'poor' });
      expect([await provider.createCharge(request), await provider.readCharge('k')]).toEqual([outcome, outcome]);
    });

    test('a card that nobody knows is declined', async () => {
      const { provider } = await open();
      expect(await provider.createCharge(chargeRequest({ paymentMethod: 'pm_unheard_of' }))).toMatchObject({
        status: 'DECLINED', code: 'invalid_payment_method', message: 'The card is not known: enter it again, or use another one.', retryable: false,
      });
    });

    test.each([[true, 'SUCCEEDED'], [false, 'DECLINED']])('a charge that waits for its payer ends when the payer acts (confirms: %s)', async (confirms, status) => {
      const { provider, cards, payerActs } = await open();
      const outcome = await provider.createCharge(chargeRequest({ paymentMethod: cards.action, returnUrl: 'https://fans.example/back' }));
      expect(outcome).toMatchObject({ status: 'ACTION_REQUIRED', action: { redirectUrl: expect.stringMatching(/^https?:/) } });
      expect((await provider.readCharge('k'))?.status).toBe('ACTION_REQUIRED');
      await payerActs('k', confirms);
      expect(await provider.readCharge('k')).toMatchObject({ status });
      await payerActs('k', !confirms);
      expect(await provider.readCharge('k')).toMatchObject({ status });
    });

    test('without a card the payer is asked for one', async () => {
      const { provider } = await open();
      const { action } = (await provider.createCharge(chargeRequest({ paymentMethod: null }))) as ActionRequired;
      expect(action.redirectUrl ?? action.clientSecret).toEqual(expect.any(String));
    });

    test('nobody is asked who is not there: the charge is declined', async () => {
      const { provider, cards } = await open();
      const outcome = await provider.createCharge(chargeRequest({ paymentMethod: cards.action, isOffSession: true }));
      expect(outcome).toMatchObject({ status: 'DECLINED', code: 'authentication_required' });
    });

    test('a charge that waits can be called off, and is not charged then, whatever its payer does; a paid one stays paid', async () => {
      const { provider, cards, payerActs } = await open();
      await provider.createCharge(chargeRequest({ paymentMethod: cards.action }));
      expect(await provider.cancelCharge('k')).toMatchObject({ status: 'DECLINED', code: 'canceled' });
      await payerActs('k', true);
      expect(await provider.readCharge('k')).toMatchObject({ status: 'DECLINED' });
      const paid = await provider.createCharge(chargeRequest({ key: 'paid', paymentMethod: cards.ok }));
      expect(await provider.cancelCharge('paid')).toEqual(paid);
    });

    test('a charge whose answer is lost is found by its key', async () => {
      const { provider, cards } = await open();
      const asked = provider.createCharge(chargeRequest({ paymentMethod: cards.silent })).then(() => 'answered', () => 'lost');
      let known: ChargeOutcome | null = null;
      for (const giveUp = Date.now() + 10_000; !known && Date.now() < giveUp; ) known = await provider.readCharge('k');
      expect(known).toMatchObject({ status: 'SUCCEEDED' });
      expect(await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 100, 'lost'))])).toBe('lost');
    });

    test('what nobody made is null, under every key and id', async () => {
      const { provider } = await open();
      expect(await Promise.all([
        provider.readCharge('never'), provider.readChargeById('pi_never'), provider.cancelCharge('never'), provider.readPayout('never'),
        provider.readRefund({ key: 'never', chargeId: 'pi_never' }), provider.readMethod({ key: 'never', customer: 'cus_never' }), provider.readDispute('dp_never'),
      ])).toEqual(Array.from({ length: 7 }, () => null));
    });

    test('refunds give back up to what was paid, each once a key', async () => {
      const { provider, chargeId } = await charged();
      const refund = (key: string, amountMicros: bigint) => provider.createRefund({ key, chargeId, amountMicros, currency: 'USD' });
      const first = await refund('one', 4_000_000n);
      expect(first).toEqual({ status: 'SUCCEEDED', refundId: expect.any(String) });
      expect([await refund('one', 4_000_000n), await provider.readRefund({ key: 'one', chargeId })]).toEqual([first, first]);
      await expect(refund('one', 3_000_000n)).rejects.toThrow();
      expect(await refund('too much', 6_620_000n)).toMatchObject({ status: 'DECLINED', code: 'amount_too_large' });
      expect(await refund('rest', 6_610_000n)).toMatchObject({ status: 'SUCCEEDED' });
      expect((await provider.readChargeById(chargeId))?.refundedMicros).toBe(10_610_000n);
    });

    test('a saved card is charged with its customer alone, and not once it is forgotten', async () => {
      const { provider, cards } = await open();
      const customer = await provider.createCustomer({ key: 'person', email: 'ada@example.com', name: 'Ada' });
      expect(await provider.createCustomer({ key: 'person', email: 'ada@example.com', name: 'Ada' })).toBe(customer);
      const save = (key: string, token: string) => provider.saveMethod({ key, token, customer, returnUrl: null });
      const saved = await save('method', cards.ok);
      expect(saved).toMatchObject({ status: 'SUCCEEDED', label: 'Visa ending in 4242', expiresOn: expect.stringMatching(/^20\d\d-(0[1-9]|1[0-2])$/) });
      expect([await save('method', cards.ok), await provider.readMethod({ key: 'method', customer })]).toEqual([saved, saved]);
      expect(await save('bad', cards.declined)).toMatchObject({ status: 'DECLINED' });
      expect(await save('slow', cards.action)).toMatchObject({ status: 'ACTION_REQUIRED' });
      expect(await provider.cancelMethod({ key: 'slow', customer })).toMatchObject({ status: 'DECLINED', code: 'canceled' });
      expect(await provider.readMethod({ key: 'slow', customer })).toMatchObject({ status: 'DECLINED', code: 'canceled' });
      expect([await provider.cancelMethod({ key: 'method', customer }), await provider.cancelMethod({ key: 'never', customer })]).toEqual([saved, null]);

      const { methodToken: paymentMethod } = saved as { methodToken: string };
      const charge = (key: string, changes: Partial<ChargeRequest>) => provider.createCharge(chargeRequest({ key, paymentMethod, isOffSession: true, ...changes }));
      expect(await charge('own', { customer })).toMatchObject({ status: 'SUCCEEDED' });
      expect(await charge('stranger', { customer: await provider.createCustomer({ key: 'other', email: null, name: null }) })).toMatchObject({ status: 'DECLINED' });
      await provider.forgetMethod(paymentMethod);
      await provider.forgetMethod(paymentMethod);
      expect(await charge('late', { customer })).toMatchObject({ status: 'DECLINED' });
    });

    test('payouts go to destinations that were proven, once a key', async () => {
      const { provider, destination } = await open();
      expect(await provider.addDestination({ key: 'strange', token: 'acct_unheard_of', owner: 'nova' })).toMatchObject({ status: 'DECLINED', code: 'invalid_destination' });
      const added = await provider.addDestination({ key: 'bank', token: destination.token, owner: 'nova' });
      expect(added).toMatchObject({ status: 'ADDED', label: expect.stringMatching(/ending in \d{4}$/), isVerified: false });
      const { destinationToken } = added as { destinationToken: string };
      expect((await provider.verifyDestination(destinationToken, [1n, 2n])).status).toMatch(/^(WRONG|NOT_YET)$/);
      await destination.prepare(destinationToken);
      expect(await provider.verifyDestination(destinationToken, destination.proof)).toEqual({ status: 'VERIFIED' });
      const payout = { key: 'payout', destination: destinationToken, amountMicros: 5_000_000n, currency: 'USD' };
      const paid = await provider.createPayout(payout);
      expect(paid).toEqual({ status: 'SUCCEEDED', payoutId: expect.any(String) });
      expect([await provider.createPayout(payout), await provider.readPayout('payout')]).toEqual([paid, paid]);
      await expect(provider.createPayout({ ...payout, amountMicros: 6_000_000n })).rejects.toThrow();
      await expect(provider.createPayout({ ...payout, key: 'dust', amountMicros: 5_000_001n })).rejects.toThrow('does not payout');
    });

    test('a dispute is read from the charge and by itself, until it is closed; meanwhile there are no refunds', async () => {
      const { provider, chargeId, dispute, closeDispute } = await charged();
      const id = await dispute('k');
      expect((await provider.readChargeById(chargeId))?.disputeIds).toEqual([id]);
      const open = { id, chargeId, key: 'k', amountMicros: 10_610_000n, currency: 'USD', feeMicros: 15_000_000n, status: 'OPEN', reason: 'fraudulent', createdAt: expect.any(Date) };
      expect(await provider.readDispute(id)).toEqual(open);
      expect(await provider.createRefund({ key: 'r', chargeId, amountMicros: 1_000_000n, currency: 'USD' })).toMatchObject({ status: 'DECLINED', code: 'charge_disputed' });
      await closeDispute(id, 'WON');
      expect(await provider.readDispute(id)).toEqual({ ...open, status: 'WON' });
      const [today] = lastDays(new Date(), 0) as [string];
      expect(await provider.listDisputes(today)).toEqual([{ ...open, status: 'WON' }]);
      expect(await provider.listDisputes('2020-01-01')).toEqual([]);
    });

    test('the totals of a day sum what was charged, refunded and paid out', async () => {
      const { provider, chargeId, destination, cards } = await charged();
      await provider.createCharge(chargeRequest({ key: 'no', paymentMethod: cards.declined }));
      await provider.createCharge(chargeRequest({ key: 'eur', currency: 'EUR', paymentMethod: cards.ok }));
      await provider.createRefund({ key: 'r', chargeId, amountMicros: 610_000n, currency: 'USD' });
      const added = await provider.addDestination({ key: 'bank', token: destination.token, owner: 'nova' });
      const { destinationToken } = added as { destinationToken: string };
      await destination.prepare(destinationToken);
      await provider.verifyDestination(destinationToken, destination.proof);
      await provider.createPayout({ key: 'p', destination: destinationToken, amountMicros: 2_000_000n, currency: 'USD' });
      const day = new Date().toISOString().slice(0, 10);
      expect(await provider.totals(day, 'USD')).toEqual({ chargedMicros: 10_610_000n, refundedMicros: 610_000n, paidOutMicros: 2_000_000n, feeMicros: 610_000n });
      expect(await provider.totals('2020-01-01', 'USD')).toEqual({ chargedMicros: 0n, refundedMicros: 0n, paidOutMicros: 0n, feeMicros: 0n });
    });

    test('a webhook says which charge to look up', async () => {
      const { provider, chargeId, webhook } = await charged();
      const { rawBody, headers } = await webhook('k');
      expect(provider.parseWebhook(rawBody, headers, new Date())).toEqual({
        id: expect.stringMatching(/^evt_/), subject: { kind: 'CHARGE', key: 'k', providerId: chargeId }, createdAt: expect.any(Date),
      });
    });

    test('a webhook is believed for 300 seconds around its signing, either way, and only as it was signed', async () => {
      const { provider, webhook } = await charged();
      const { rawBody, headers } = await webhook('k');
      const now = Date.now();
      const parse = (atMs: number, body = rawBody, given: Record<string, string> = headers) => () => provider.parseWebhook(body, given, new Date(atMs));
      for (const atMs of [now - 295 * second, now, now + 295 * second]) expect(parse(atMs)).not.toThrow();
      expect(parse(now + 310 * second)).toThrow(/s ago; 300 s are allowed/);
      expect(parse(now - 310 * second)).toThrow(/s in the future; 300 s are allowed/);
      expect(parse(now, Buffer.from(`${rawBody.toString()} `))).toThrow('none that we know a secret of');
      expect(parse(now, rawBody, {})).toThrow('It has no signature.');
      expect(parse(now, rawBody, {})).toThrow(WebhookRefused);
      const forged = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace(/v1=..../, 'v1=0000')]));
      expect(parse(now, rawBody, forged)).toThrow('none that we know a secret of');
    });
  });
}
