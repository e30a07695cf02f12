import { describe, expect, test } from '@jest/globals';
import { quoteCardTip } from '../../src/tips/card-tip-quote.ts';
import { money } from '../../src/money/room.ts';
import { sandboxRail } from '../../src/payments/room.ts';
import { eachTestServer } from '../support/server.ts';
import { cardInput, newFan, newPage, send } from './http.ts';

const server = eachTestServer();

const operation = `query ($creatorId: ID!, $amount: MoneyInput!) {
  previewTip(creatorId: $creatorId, amount: $amount) {
    options { funding available unavailableReason fanPays { amount } processorFee { amount } platformFee { amount } creatorReceives { amount } feePercent }
    errors { code path }
  }
}`;

async function preview(creatorId: string, amount: string, { currency = 'USD', token }: { currency?: string; token?: string } = {}) {
  const { data, errors } = await server.current.graphql(operation, { creatorId, amount: { amount, currency } }, token);
  if (errors) throw new Error(JSON.stringify(errors));
  return data.previewTip;
}

const row = (option: any) => [
  option.funding, option.unavailableReason, option.fanPays.amount, option.processorFee.amount, option.platformFee.amount, option.creatorReceives.amount, option.feePercent,
];

test.each([
  ['0.05', ['WALLET', null, '0.05', '0.00', '0.0025', '0.0475', 5], ['CARD', 'AMOUNT_OUT_OF_RANGE', '0.05', '0.31', '0.0025', '0.00', 625]],
  ['1.00', ['WALLET', null, '1.00', '0.00', '0.05', '0.95', 5], ['CARD', null, '1.00', '0.33', '0.05', '0.62', 38]],
  ['5.00', ['WALLET', null, '5.00', '0.00', '0.25', '4.75', 5], ['CARD', null, '5.00', '0.45', '0.25', '4.30', 14]],
  ['1.005', ['WALLET', null, '1.005', '0.00', '0.05025', '0.95475', 5], ['CARD', 'INVALID_INPUT', '1.005', '0.33', '0.05025', '0.62475', 37.84]],
])('%s USD costs so from the wallet, and so by card', async (amount, wallet, card) => {
  const page = await newPage(server.current);
  const { options, errors } = await preview(page.id, amount);
  expect([options.map(row), errors]).toEqual([[wallet, card], []]);
});

test('what a preview by card says is what the creator gets', async () => {
  const page = await newPage(server.current);
  const fan = await newFan(server.current, { micros: 0n });
  const { options } = await preview(page.id, '3.33');
  await send(server.current, fan.token, cardInput(page.id, { amount: { amount: '3.33', currency: 'USD' } }));
  const { data } = await server.current.graphql('query ($handle: String!) { creator(handle: $handle) { tips { nodes { net { amount } } } } }', { handle: page.handle }, page.token);
  expect(data.creator.tips.nodes[0].net.amount).toBe(options[1].creatorReceives.amount);
});

test('who signed in is told of an empty wallet and of a page of their own', async () => {
  const page = await newPage(server.current);
  const fan = await newFan(server.current, { micros: 990_000n });
  expect((await preview(page.id, '1.00', fan)).options.map(({ unavailableReason }: any) => unavailableReason)).toEqual(['INSUFFICIENT_FUNDS', null]);
  expect((await preview(page.id, '1.00', page)).options.map(({ unavailableReason }: any) => unavailableReason)).toEqual(['SELF_PAYMENT', 'SELF_PAYMENT']);
});

test.each([
  ['another currency', '1.00', 'EUR', ['CURRENCY_MISMATCH', 'CURRENCY_MISMATCH']],
  ['more than the creator takes', '100000', 'USD', ['AMOUNT_OUT_OF_RANGE', 'AMOUNT_OUT_OF_RANGE']],
])('%s can be paid neither way', async (_, amount, currency, reasons) => {
  const page = await newPage(server.current);
  expect((await preview(page.id, amount, { currency })).options.map(({ unavailableReason }: any) => unavailableReason)).toEqual(reasons);
});

test('mistakes come all at once', async () => {
  expect(await preview('cre_nobody', 'ten')).toEqual({ options: [], errors: [{ code: 'INVALID_INPUT', path: ['amount', 'amount'] }, { code: 'NOT_FOUND', path: ['creatorId'] }] });
});

describe('the least that a card brings anything of', () => {
  const range = { tipMinimumMicros: 1n, tipMaximumMicros: 1_000_000_000n };

  test.each([['USD', 0], ['USD', 500], ['USD', 5_000], ['USD', 9_000], ['JPY', 500], ['KWD', 500], ['USD', 9_999]])('in %s with %i basis points leaves something, and a step less does not', (currency, feeBps) => {
    const rail = sandboxRail(currency, 'CHARGE')!;
    const refused = quoteCardTip(money(1n, currency), rail, feeBps, range);
    if (refused.kind !== 'AMOUNT_OUT_OF_RANGE') throw new Error(refused.kind);
    const least = refused.minimum.micros;
    if (feeBps === 9_999) return expect(least).toBe(range.tipMaximumMicros);
    expect(quoteCardTip(refused.minimum, rail, feeBps, range)).toMatchObject({ kind: 'QUOTED' });
    return expect(quoteCardTip(money(least - rail.stepMicros, currency), rail, feeBps, range).kind).toBe('AMOUNT_OUT_OF_RANGE');
  });
});
