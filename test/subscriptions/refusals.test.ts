import { describe, expect, test } from '@jest/globals';
import { renew } from '../../src/billing/room.ts';
import { clock, fan, money, mutate, page, server, subscribe, type Page } from './api-support.ts';

describe('refusals carry their code, path and figures', () => {
  test.each<[string, (on: { page: Page; token: string }) => Promise<any>, string, string[], object?]>([
    ['neither tier nor creator', ({ token }) => subscribe(token, {}), 'INVALID_INPUT', ['input', 'tierId']],
    ['both tier and amount', ({ token, page: { tierId } }) => subscribe(token, { tierId, amount: money('1') }), 'INVALID_INPUT', ['input', 'amount']],
    ['a creator without an interval', ({ token, page: { creatorId } }) => subscribe(token, { creatorId, amount: money('1') }), 'INVALID_INPUT', ['input', 'interval']],
    ['an amount that is too precise', ({ token, page: { creatorId } }) => subscribe(token, { creatorId, amount: money('1.0000001'), interval: 'DAY' }), 'PRECISION', ['input', 'amount', 'amount']],
    ['an amount that is too small', ({ token, page: { creatorId } }) => subscribe(token, { creatorId, amount: money('0.001'), interval: 'DAY' }), 'AMOUNT_OUT_OF_RANGE', ['input', 'amount', 'amount']],
    ...(['0', '-1', '10000000000000', '10000.01'].map((amount) => [`an amount of ${amount}`, ({ token, page: { creatorId } }: { token: string; page: Page }) => subscribe(token, { creatorId, amount: money(amount), interval: 'DAY' }), 'AMOUNT_OUT_OF_RANGE', ['input', 'amount', 'amount'], {
      message: `"${amount}" is outside of $0.01 to $10,000.00, which an amount of one's own may be.`, minimum: { amount: '0.01' }, maximum: { amount: '10000.00' },
    }] satisfies [string, unknown, string, string[], object])),
    ['another currency', ({ token, page: { creatorId } }) => subscribe(token, { creatorId, amount: money('1', 'EUR'), interval: 'DAY' }), 'CURRENCY_MISMATCH', ['input', 'amount', 'currency']],
    ['a tier that is none', ({ token }) => subscribe(token, { tierId: 'tie_nonsense' }), 'NOT_FOUND', ['input', 'tierId']],
    ['a key that is too long', ({ token, page: { tierId } }) => subscribe(token, { tierId, idempotencyKey: 'x'.repeat(256) }), 'INVALID_INPUT', ['input', 'idempotencyKey']],
    ['oneself', ({ page: { token, tierId } }) => subscribe(token, { tierId }), 'SELF_PAYMENT', ['input', 'tierId']],
    ['an unexpected price', ({ token, page: { tierId } }) => subscribe(token, { tierId, expectedDueNow: money('4.99') }), 'PRICE_CHANGED', ['input', 'expectedDueNow'], {
      __typename: 'PriceChanged', preview: { dueNow: { amount: '5.00' }, pricedAt: '2026-02-01T00:00:00.000Z' },
    }],
    ['too little money', ({ token, page: { creatorId } }) => subscribe(token, { creatorId, amount: money('101'), interval: 'DAY' }), 'INSUFFICIENT_FUNDS', ['input'], { shortfall: { amount: '1.00' } }],
    ['a second one', async ({ token, page: { tierId } }) => {
      await subscribe(token, { tierId });
      return subscribe(token, { tierId });
    }, 'ALREADY_SUBSCRIBED', ['input', 'tierId']],
    ['another input under the same key', async ({ token, page: { tierId, creatorId } }) => {
      await subscribe(token, { tierId, idempotencyKey: 'k' });
      return subscribe(token, { creatorId, amount: money('1'), interval: 'DAY', idempotencyKey: 'k' });
    }, 'IDEMPOTENCY_MISMATCH', ['input', 'idempotencyKey']],
    ['a change to nothing', async ({ token, page: { tierId } }) => {
      const { subscription } = await subscribe(token, { tierId });
      return mutate(token, 'changeSubscription', { subscriptionId: subscription.id, expectedDueNow: money('0'), pricedAt: clock.now().toISOString(), idempotencyKey: 'k' });
    }, 'INVALID_INPUT', ['input', 'tierId']],
    ['a debt as the expected price', async ({ token, page: { tierId } }) => {
      const { subscription } = await subscribe(token, { tierId });
      return mutate(token, 'changeSubscription', { subscriptionId: subscription.id, tierId, expectedDueNow: money('-1'), pricedAt: clock.now().toISOString(), idempotencyKey: 'k' });
    }, 'AMOUNT_OUT_OF_RANGE', ['input', 'expectedDueNow', 'amount']],
    ['a pause into the past', async ({ token, page: { tierId } }) => {
      const { subscription } = await subscribe(token, { tierId });
      return mutate(token, 'pauseSubscription', { subscriptionId: subscription.id, until: '2026-02-02T00:00:00Z' });
    }, 'INVALID_INPUT', ['input', 'until']],
    ['a subscription that is none', ({ token }) => mutate(token, 'cancelSubscription', { subscriptionId: 'sub_nonsense' }), 'NOT_FOUND', ['input', 'subscriptionId']],
  ])('of %s', async (_, act, code, path, more = {}) => {
    const on = { page: await page(), token: (await fan()).token };
    const { subscription, errors: [error] } = await act(on);
    expect(subscription).toBeNull();
    expect(error).toMatchObject({ code, path, ...more });
  });

  test('a preview refuses what joining or changing would refuse, in the same words', async () => {
    const { tierId, creatorId, token: owner } = await page('5', 1);
    const holder = await fan();
    const ask = async (given: object, token?: string) => {
      const types = { subscriptionId: 'ID', tierId: 'ID', creatorId: 'ID', amount: 'MoneyInput', interval: 'Interval' };
      const used = Object.entries(types).filter(([name]) => name in given);
      const source = `query (${used.map(([name, type]) => `$${name}: ${type}`).join(' ')}) { previewSubscription(${used.map(([name]) => `${name}: $${name}`).join(' ')}) { preview { validUntil } errors { code message path } } }`;
      const { preview, errors: [error] } = (await server.current.graphql(source, given as never, token)).data.previewSubscription;
      return error ?? preview;
    };
    const same = async (given: object, token: string, told: Promise<any>, code: string) => {
      const [preview, { errors: [refused] }] = [await ask(given, token), await told];
      expect([preview.code, preview.message]).toEqual([code, refused.message]);
      expect(['input', ...preview.path]).toEqual(refused.path);
    };
    expect(await ask({ tierId })).toEqual({ validUntil: expect.any(String) });
    const { subscription } = await subscribe(holder.token, { tierId });
    const late = await fan();
    await same({ tierId }, late.token, subscribe(late.token, { tierId }), 'SOLD_OUT');
    expect(await ask({ tierId })).toMatchObject({ code: 'SOLD_OUT', path: ['tierId'] });
    const own = { creatorId, amount: money('1'), interval: 'DAY' };
    await same(own, holder.token, subscribe(holder.token, own), 'ALREADY_SUBSCRIBED');
    await same({ tierId }, holder.token, subscribe(holder.token, { tierId }), 'ALREADY_SUBSCRIBED');
    await same({ tierId }, owner, subscribe(owner, { tierId }), 'SELF_PAYMENT');
    await same(own, owner, subscribe(owner, own), 'SELF_PAYMENT');
    const joined = await subscribe(late.token, own);
    const wish = { subscriptionId: joined.subscription.id, tierId };
    const sent = { ...wish, expectedDueNow: money('5'), pricedAt: clock.now().toISOString(), idempotencyKey: 'k' };
    await same(wish, late.token, mutate(late.token, 'changeSubscription', sent), 'SOLD_OUT');
    expect(await ask({ subscriptionId: subscription.id, tierId }, holder.token)).toEqual({ validUntil: expect.any(String) });
    clock.moveTo('2026-02-02T00:00:00.000Z');
    await mutate(late.token, 'cancelSubscription', { subscriptionId: joined.subscription.id });
    expect(await ask(own, late.token)).toEqual({ validUntil: expect.any(String) });
  });

  test('a price that is refused is quoted with what is wrong with it, at the field that is', async () => {
    const { tierId, creatorId } = await page();
    const { token } = await fan();
    const { subscription } = await subscribe(token, { tierId });
    clock.moveTo('2026-02-15T00:00:00.000Z');
    const now = '2026-02-15T00:00:00.000Z';
    const join = async (input: object) => (await subscribe((await fan()).token, { creatorId, amount: money('5'), interval: 'MONTH', ...input })).errors[0];
    const change = async (input: object) =>
      (await mutate(token, 'changeSubscription', { subscriptionId: subscription.id, amount: money('10'), expectedDueNow: money('2.5'), pricedAt: now, idempotencyKey: 'k', ...input })).errors[0];
    const told = ({ code, path, message }: any) => [code, path.join('.'), message];
    const due = (amount: string) => `$${amount} would be due now; nothing was charged.`;
    expect(told(await join({ expectedDueNow: money('5'), pricedAt: '2020-01-01T00:00:00Z' }))).toEqual(['PRICE_CHANGED', 'input.pricedAt',
      `The price that was sent, $5.00 of 2020-01-01T00:00:00.000Z, is too old, as it is ${now}: a price holds for 15 minutes. ${due('5.00')}`]);
    expect(told(await join({ expectedDueNow: money('5'), pricedAt: '2099-01-01T00:00:00Z' }))).toEqual(['PRICE_CHANGED', 'input.pricedAt',
      `The price that was sent, $5.00 of 2099-01-01T00:00:00.000Z, lies in the future, as it is ${now}: send the preview's pricedAt. ${due('5.00')}`]);
    expect(told(await join({ pricedAt: '2020-01-01T00:00:00Z' }))[2]).toContain('The price that was sent, of 2020-01-01T00:00:00.000Z, is too old');
    expect(told(await join({ expectedDueNow: money('4.99') }))).toEqual(['PRICE_CHANGED', 'input.expectedDueNow',
      `The price that was sent, $4.99, is not what is due, $5.00. ${due('5.00')}`]);
    expect(told(await change({ expectedDueNow: money('2.4') }))).toEqual(['PRICE_CHANGED', 'input.expectedDueNow',
      `The price that was sent, $2.40 of ${now}, is not what is due, $2.50. ${due('2.50')}`]);
    expect(told(await change({ pricedAt: '2026-02-14T23:00:00Z' }))[2]).toContain('is too old');
    expect(await change({ expectedDueNow: money('2.5', 'EUR') })).toMatchObject({ __typename: 'CurrencyMismatch', code: 'CURRENCY_MISMATCH', path: ['input', 'expectedDueNow', 'currency'] });
    expect(await join({ expectedDueNow: money('5', 'EUR') })).toMatchObject({ __typename: 'CurrencyMismatch', code: 'CURRENCY_MISMATCH', path: ['input', 'expectedDueNow', 'currency'] });

    expect(await change({})).toBeUndefined();
    clock.pass(60_000);
    expect(told(await change({ amount: money('11'), pricedAt: '2026-02-14T23:59:00Z', idempotencyKey: 'l' }))[2])
      .toContain('is of before the plan was changed: a price holds until the plan changes');
    clock.moveTo('2026-03-01T00:01:00.000Z');
    expect(told(await change({ amount: money('11'), pricedAt: '2026-02-28T23:59:00Z', idempotencyKey: 'l' }))[2])
      .toContain('is of a period that is over: a price holds until its period ends');
  });

  test('what a state does not allow is told with what to do about it', async () => {
    const { creatorId } = await page();
    const { token } = await fan(1);
    const joined = async () => (await subscribe(token, { creatorId, amount: money('0.5'), interval: 'DAY' })).subscription.id;
    let subscriptionId = await joined();
    const now = clock.now().toISOString();
    const change = (): Promise<any> => mutate(token, 'changeSubscription', { subscriptionId, amount: money('0.6'), expectedDueNow: money('0.1'), pricedAt: now, idempotencyKey: 'k' });
    const told = async (name: string) => {
      const { errors: [error] } = name === 'changeSubscription' ? await change() : await mutate(token, name, { subscriptionId });
      expect(error).toMatchObject({ code: 'INVALID_STATE', path: ['input', 'subscriptionId'] });
      return error.message;
    };
    await mutate(token, 'pauseSubscription', { subscriptionId });
    expect(await told('changeSubscription')).toBe('The micro-subscription is about to be paused and cannot be changed: take the pause back first, with resumeSubscription.');
    clock.moveTo('2026-02-02T00:00:00.000Z');
    expect(await told('changeSubscription')).toBe('The micro-subscription is PAUSED and cannot be changed: resume it first, with resumeSubscription.');
    await mutate(token, 'cancelSubscription', { subscriptionId });
    expect(await told('resumeSubscription')).toBe('The micro-subscription is ENDED and cannot be resumed: subscribe again, with subscribe.');
    subscriptionId = await joined();
    await mutate(token, 'cancelSubscription', { subscriptionId });
    expect(await told('pauseSubscription')).toBe('The micro-subscription is CANCELING and cannot be paused: take the cancellation back first, with resumeSubscription.');
    await mutate(token, 'resumeSubscription', { subscriptionId });
    clock.moveTo('2026-02-03T00:00:00.000Z');
    await renew(server.current.services, { asOf: clock.now() });
    const owing = 'top up, so that the wallet holds the $0.50 that it owes, or cancel it, which ends it at once.';
    expect(await told('changeSubscription')).toBe(`The micro-subscription is PAST_DUE and cannot be changed: ${owing}`);
    expect(await told('pauseSubscription')).toBe(`The micro-subscription is PAST_DUE and cannot be paused: ${owing}`);
    expect(await told('resumeSubscription')).toBe(`The micro-subscription is PAST_DUE and cannot be resumed: ${owing}`);
    expect((await mutate(token, 'cancelSubscription', { subscriptionId }, 'status accessUntil')).subscription).toEqual({ status: 'ENDED', accessUntil: clock.now().toISOString() });
  });

  test('nobody subscribes without signing in', async () => {
    const { tierId } = await page();
    expect(await mutate(undefined, 'subscribe', { tierId, idempotencyKey: 'k' })).toEqual({ top: ['UNAUTHENTICATED'] });
  });

  test('a preview of somebody else\'s subscription finds nothing, and one of a new one says what is wrong with its arguments', async () => {
    const { tierId } = await page();
    const { subscription } = await subscribe((await fan()).token, { tierId });
    const ask = async (query: string, token?: string) => (await server.current.graphql(`{ previewSubscription${query} { preview { validUntil } errors { code path } } }`, {}, token)).data.previewSubscription;
    const nothing = { preview: null, errors: [{ code: 'NOT_FOUND', path: ['subscriptionId'] }] };
    expect(await ask(`(subscriptionId: "${subscription.id}", tierId: "${tierId}")`, (await fan()).token)).toEqual(nothing);
    expect(await ask(`(subscriptionId: "${subscription.id}", tierId: "${tierId}")`)).toEqual(nothing);
    expect(await ask('(tierId: "tie_x")')).toEqual({ preview: null, errors: [{ code: 'NOT_FOUND', path: ['tierId'] }] });
    expect(await ask('')).toEqual({ preview: null, errors: [{ code: 'INVALID_INPUT', path: ['tierId'] }] });
  });
});
