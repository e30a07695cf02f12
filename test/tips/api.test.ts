import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { newFan, newPage, send, sendTipOperation, sent, tipInput, type HttpFan, type HttpPage } from './http.ts';
import { changes, expectCleanTips, rowCounts } from './support.ts';

/** One server for the file: its tests refuse, or tip pages of their own. */
let database: TestDatabase;
let server: TestServer;
let fan: HttpFan;
let page: HttpPage;

beforeAll(async () => {
  database = await openTestDatabase();
  server = await startTestServer(database);
  [fan, page] = [await newFan(server, { name: 'Ada' }), await newPage(server)];
  // The platform's account of a currency is opened by the first tip in it, sent or refused: here, before rows are counted.
  for (const currency of ['USD', 'EUR']) await send(server, fan.token, tipInput(page.id, { amount: { amount: '0.000001', currency } }));
});
afterAll(async () => {
  await expectCleanTips(database.db);
  await server.close();
  await database.drop();
});

describe('sendTip', () => {
  test('answers the tip with all its fields', async () => {
    const { id, handle } = page;
    const input = tipInput(id, { amount: { amount: '0.5', currency: 'USD' }, message: 'Great show! "é" 🎉\nAnd thanks', displayName: 'Grace' });
    expect(await send(server, fan.token, input)).toEqual({
      errors: [],
      tip: {
        id: expect.stringMatching(/^tip_[0-9a-z]{26,32}$/),
        status: 'SUCCEEDED',
        isAnonymous: false,
        displayName: 'Grace',
        message: 'Great show! "é" 🎉\nAnd thanks',
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        amount: { amount: '0.50', micros: '500000', currency: 'USD', formatted: '$0.50' },
        fee: null,
        processorFee: null,
        net: null,
        creator: { id, handle },
      },
    });
  });

  test.each([
    ['0.01', '0.01', '10000', '0.0005', '0.0095'],
    ['0.000001', '0.000001', '1', '0.00', '0.000001'],
    ['0.00002', '0.00002', '20', '0.000001', '0.000019'],
    ['3', '3.00', '3000000', '0.15', '2.85'],
    ['0003.100000', '3.10', '3100000', '0.155', '2.945'],
  ])('of %s is %s, which is %s micros: a fee of %s, and %s for the creator', async (amount, shown, micros, fee, net) => {
    const tip = await sent(server, fan.token, tipInput(page.id, { amount: { amount, currency: 'USD' } }));
    expect(tip.amount).toMatchObject({ amount: shown, micros });
    const { data } = await server.graphql('query ($id: ID!) { node(id: $id) { ... on Tip { fee { amount } net { amount } processorFee { amount } } } }', { id: tip.id }, page.token);
    expect(data.node).toEqual({ fee: { amount: fee }, net: { amount: net }, processorFee: { amount: '0.00' } });
  });

  test('sent again with its key, its amount written in another way and its defaults written out, is the same tip', async () => {
    const input = tipInput(page.id, { amount: { amount: '0.5', currency: 'USD' } });
    const first = await send(server, fan.token, input);
    const written = { ...input, amount: { amount: '0.50', currency: 'USD' }, message: '', displayName: null, isAnonymous: null, funding: 'WALLET' };
    expect(await send(server, fan.token, written)).toEqual(first);
    const { tip, errors } = await send(server, fan.token, { ...input, isAnonymous: true });
    expect([tip, errors]).toEqual([null, [expect.objectContaining({
      __typename: 'ValidationError', code: 'IDEMPOTENCY_MISMATCH', path: ['input', 'idempotencyKey'], message: expect.stringContaining(input.idempotencyKey),
    })]]);
  });

  test('sent 200 times at once with one key through two servers is one tip and 200 equal answers', async () => {
    const [own, other] = [await newPage(server), await startTestServer(database)];
    try {
      const input = tipInput(own.id, { message: 'Once' });
      const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => send(index % 2 ? server : other, fan.token, input)));
      expect(answers[0]).toMatchObject({ tip: { message: 'Once', amount: { amount: '0.05' } }, errors: [] });
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      const { data } = await server.graphql('query ($handle: String!) { creator(handle: $handle) { tips { totalCount nodes { id } } } }', { handle: own.handle });
      expect(data.creator.tips).toEqual({ totalCount: 1, nodes: [{ id: answers[0].tip.id }] });
    } finally {
      await other.close();
    }
  });

  test('shows what an earlier mutation of the same request changed', async () => {
    const own = await newPage(server);
    const after = 'tip { creator { liveCursor tips { totalCount nodes { id } } topTippers { total { amount } } } }';
    const { data } = await server.graphql(
      `mutation ($a: SendTipInput!, $b: SendTipInput!) { a: sendTip(input: $a) { ${after} } b: sendTip(input: $b) { ${after} } }`,
      { a: tipInput(own.id), b: tipInput(own.id) },
      fan.token,
    );
    const [a, b] = [data.a.tip.creator, data.b.tip.creator];
    expect([a.tips.totalCount, a.tips.nodes.length, a.topTippers[0].total.amount]).toEqual([1, 1, '0.05']);
    expect([b.tips.totalCount, b.tips.nodes.length, b.topTippers[0].total.amount]).toEqual([2, 2, '0.10']);
    expect(a.liveCursor).not.toBe(b.liveCursor);
  });

  test('has its keys to itself: a top-up may use the same one', async () => {
    const own = await newPage(server);
    const idempotencyKey = 'shared by two mutations';
    await sent(server, fan.token, tipInput(own.id, { idempotencyKey }));
    const topUp = 'mutation ($input: TopUpWalletInput!) { topUpWallet(input: $input) { topUp { status } errors { code } } }';
    const { data } = await server.graphql(topUp, { input: { amount: { amount: '10.00', currency: 'USD' }, paymentMethodId: 'pm_sandbox_ok', idempotencyKey } }, fan.token);
    expect(data.topUpWallet).toEqual({ topUp: { status: 'SUCCEEDED' }, errors: [] });
  });

  test('leaves out blanks around a name, and a message in which nothing can be seen', async () => {
    const tip = await sent(server, fan.token, tipInput(page.id, { displayName: '  Zoë ', message: '\u200b \u2060' }));
    expect(tip).toMatchObject({ displayName: 'Zoë', message: null });
  });

  test('takes no one who is not signed in', async () => {
    for (const token of [undefined, 'nonsense']) {
      const { data, errors } = await server.graphql(sendTipOperation, { input: tipInput(page.id) }, token);
      expect([data ?? null, errors?.map(({ extensions }) => extensions.code)]).toEqual([null, ['UNAUTHENTICATED']]);
    }
  });
});

const amountPath = ['input', 'amount', 'amount'];
const currencyPath = ['input', 'amount', 'currency'];
const usd = (amount: string) => ({ amount: { amount, currency: 'USD' } });

/** What is changed of a good input, and the typename, code and path of the one error that it brings. */
const mistakes: [string, Record<string, unknown>, string, string, string[]][] = [
  ['-1', usd('-1'), 'AmountOutOfRange', 'AMOUNT_OUT_OF_RANGE', amountPath],
  ['0', usd('0'), 'AmountOutOfRange', 'AMOUNT_OUT_OF_RANGE', amountPath],
  ['-0', usd('-0'), 'AmountOutOfRange', 'AMOUNT_OUT_OF_RANGE', amountPath],
  ['0.000000', usd('0.000000'), 'AmountOutOfRange', 'AMOUNT_OUT_OF_RANGE', amountPath],
  ['1e3', usd('1e3'), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['0.0000001', usd('0.0000001'), 'ValidationError', 'PRECISION', amountPath],
  ['0.0000000', usd('0.0000000'), 'ValidationError', 'PRECISION', amountPath],
  ['full-width digits', usd('１２.５'), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['Arabic digits', usd('١٢'), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['a blank in front', usd(' 1'), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['a line break behind', usd('1\n'), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['NaN', usd('NaN'), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['Infinity', usd('Infinity'), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['hexadecimal', usd('0x10'), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['a plus', usd('+1'), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['a comma', usd('1,5'), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['a point alone', usd('.'), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['no digit before the point', usd('.5'), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['2^63', usd('9223372036854775808'), 'AmountOutOfRange', 'AMOUNT_OUT_OF_RANGE', amountPath],
  ['2^63 micros', usd('9223372036854.775808'), 'AmountOutOfRange', 'AMOUNT_OUT_OF_RANGE', amountPath],
  ['2^63 in a currency that is none', { amount: { amount: '9223372036854775808', currency: 'ZZZ' } }, 'ValidationError', 'INVALID_INPUT', currencyPath],
  ['2^63 of an empty currency', { amount: { amount: '9223372036854775808', currency: '' } }, 'ValidationError', 'INVALID_INPUT', currencyPath],
  ['0 in a currency that is none', { amount: { amount: '0', currency: 'ZZZ' } }, 'ValidationError', 'INVALID_INPUT', currencyPath],
  ['nothing', usd(''), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['65 characters', usd('1'.repeat(65)), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['100,000 characters', usd('1'.repeat(100_000)), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['U+0000', usd('1\0'), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['a lone surrogate', usd('1\ud800'), 'ValidationError', 'INVALID_INPUT', amountPath],
  ['the currency ZZZ', { amount: { amount: '1', currency: 'ZZZ' } }, 'ValidationError', 'INVALID_INPUT', currencyPath],
  ['the currency usd', { amount: { amount: '1', currency: 'usd' } }, 'ValidationError', 'INVALID_INPUT', currencyPath],
  ['the currency of no letters', { amount: { amount: '1', currency: '' } }, 'ValidationError', 'INVALID_INPUT', currencyPath],
  ['a currency of 65 letters', { amount: { amount: '1', currency: 'U'.repeat(65) } }, 'ValidationError', 'INVALID_INPUT', currencyPath],
  ['a currency with U+0000', { amount: { amount: '1', currency: 'US\0' } }, 'ValidationError', 'INVALID_INPUT', currencyPath],
  ['a currency named __proto__', { amount: { amount: '1', currency: '__proto__' } }, 'ValidationError', 'INVALID_INPUT', currencyPath],
  ['another currency than the page\'s', { amount: { amount: '1', currency: 'EUR' } }, 'CurrencyMismatch', 'CURRENCY_MISMATCH', currencyPath],
  ['more than the page takes', usd('10000.000001'), 'AmountOutOfRange', 'AMOUNT_OUT_OF_RANGE', amountPath],
  ['more than the wallet holds', usd('5000'), 'InsufficientFunds', 'INSUFFICIENT_FUNDS', ['input', 'amount']],
  ['a message of 501 characters', { message: 'é'.repeat(501) }, 'ValidationError', 'INVALID_INPUT', ['input', 'message']],
  ['a message of 1,001 characters', { message: '🎉'.repeat(1_001) }, 'ValidationError', 'INVALID_INPUT', ['input', 'message']],
  ['a message with U+0000', { message: 'a\0b' }, 'ValidationError', 'INVALID_INPUT', ['input', 'message']],
  ['a message with a lone surrogate', { message: 'a\ud800b' }, 'ValidationError', 'INVALID_INPUT', ['input', 'message']],
  ['a message with a control character', { message: 'a\u001b[31m' }, 'ValidationError', 'INVALID_INPUT', ['input', 'message']],
  ['a name of 81 characters', { displayName: 'x'.repeat(81) }, 'ValidationError', 'INVALID_INPUT', ['input', 'displayName']],
  ['an empty name', { displayName: '' }, 'ValidationError', 'INVALID_INPUT', ['input', 'displayName']],
  ['a name of blanks', { displayName: ' \u00a0\u3000' }, 'ValidationError', 'INVALID_INPUT', ['input', 'displayName']],
  ['a name of two lines', { displayName: 'a\nb' }, 'ValidationError', 'INVALID_INPUT', ['input', 'displayName']],
  ['a name with U+0000', { displayName: 'a\0' }, 'ValidationError', 'INVALID_INPUT', ['input', 'displayName']],
  ['a name with a lone surrogate', { displayName: '\udc00' }, 'ValidationError', 'INVALID_INPUT', ['input', 'displayName']],
  ['an empty key', { idempotencyKey: '' }, 'ValidationError', 'INVALID_INPUT', ['input', 'idempotencyKey']],
  ['a key of 256 characters', { idempotencyKey: 'k'.repeat(256) }, 'ValidationError', 'INVALID_INPUT', ['input', 'idempotencyKey']],
  ['a key with U+0000', { idempotencyKey: 'k\0' }, 'ValidationError', 'INVALID_INPUT', ['input', 'idempotencyKey']],
  ['a key with a lone surrogate', { idempotencyKey: 'k\ud800' }, 'ValidationError', 'INVALID_INPUT', ['input', 'idempotencyKey']],
  ['no creator\'s id', { creatorId: 'nobody' }, 'ValidationError', 'NOT_FOUND', ['input', 'creatorId']],
  ['an id with U+0000', { creatorId: 'cre_\0' }, 'ValidationError', 'NOT_FOUND', ['input', 'creatorId']],
  ['an id with a lone surrogate', { creatorId: '\ud800' }, 'ValidationError', 'NOT_FOUND', ['input', 'creatorId']],
  ['the id of a creator who is not there', { creatorId: 'cre_01900000000070008000000000' }, 'ValidationError', 'NOT_FOUND', ['input', 'creatorId']],
  ['a card for less than one bears', { funding: 'CARD' }, 'AmountOutOfRange', 'AMOUNT_OUT_OF_RANGE', ['input', 'amount', 'amount']],
  ['a provider', { provider: 'SANDBOX' }, 'ValidationError', 'INVALID_INPUT', ['input', 'provider']],
  ['a payment method', { paymentMethodId: 'pm_sandbox_ok' }, 'ValidationError', 'INVALID_INPUT', ['input', 'paymentMethodId']],
  ['an address for a receipt', { receiptEmail: 'a@example.com' }, 'ValidationError', 'INVALID_INPUT', ['input', 'receiptEmail']],
];

describe('a mistake in the input is one typed error in the payload, and nothing is written', () => {
  test.each(mistakes)('%s', async (_, change, typename, code, path) => {
    const rows = await rowCounts(database.db);
    const answer = await server.graphql(sendTipOperation, { input: tipInput(page.id, change) }, fan.token);
    expect([answer.status, answer.errors]).toEqual([200, undefined]);
    const { tip, errors } = answer.data.sendTip;
    expect([tip, errors]).toEqual([null, [expect.objectContaining({ __typename: typename, code, path })]]);
    expect(errors[0].message.length).toBeLessThan(300);
    expect(changes(rows, await rowCounts(database.db))).toEqual({});
  });
});

describe('the input', () => {
  test('names several mistakes at once', async () => {
    const input = tipInput('nobody', { ...usd('1e3'), message: '\0', displayName: '', idempotencyKey: '', funding: 'CARD', receiptEmail: 'nobody' });
    const { errors } = await send(server, fan.token, input);
    expect(errors.map((error: any) => error.path.at(-1)).sort()).toEqual(['amount', 'creatorId', 'displayName', 'idempotencyKey', 'message', 'receiptEmail']);
  });

  test('that names the page\'s range, its currency or the wallet\'s balance does so in figures', async () => {
    const refusals = [usd('10001'), usd('-1'), usd('9223372036854775808'), { amount: { amount: '1', currency: 'JPY' } }, usd('5000')];
    const errors = [];
    for (const change of refusals) errors.push(...(await send(server, fan.token, tipInput(page.id, change))).errors);
    const balance = Number(errors[4].balance.amount);
    const range = { minimum: { amount: '0.000001', currency: 'USD' }, maximum: { amount: '10000.00', currency: 'USD' } };
    expect(errors).toMatchObject([
      range, range, range,
      { expected: 'USD' },
      { shortfall: { amount: expect.any(String) } },
    ]);
    expect(balance).toBeGreaterThan(0);
    expect(balance + Number(errors[4].shortfall.amount)).toBeCloseTo(5_000, 6);
  });

  test.each([
    ['a number as amount', { amount: { amount: 1, currency: 'USD' } }],
    ['no amount', { amount: null }],
    ['no currency', { amount: { amount: '1' } }],
    ['no key', { idempotencyKey: null }],
    ['an unknown funding', { funding: 'CASH' }],
    ['an unknown field', { colour: 'red' }],
  ])('with %s is a malformed request', async (_, change) => {
    const { status, data, errors } = await server.graphql(sendTipOperation, { input: tipInput(page.id, change) }, fan.token);
    expect(status).toBeLessThan(500);
    expect([data ?? null, errors?.map(({ extensions }) => extensions.code)]).toEqual([null, ['BAD_USER_INPUT']]);
  });

  test.each([
    ['500 characters', { message: 'é'.repeat(500) }],
    ['500 emoji', { message: '🎉'.repeat(500) }],
    ['text that runs from right to left, and back', { message: 'שלום \u202eabc\u202c', displayName: 'مريم' }],
    ['joined emoji and combining marks', { message: '👩‍👩‍👧‍👦 e\u0301', displayName: '🏳️‍🌈' }],
    ['quotes, markup and a backslash', { message: `<script>"'\\ ${'${x}'} {{y}}`, displayName: 'O\'Brien; DROP TABLE tip' }],
    ['80 characters of name', { displayName: '名'.repeat(80) }],
    ['no message', { message: null }],
  ])('may hold %s, which come back as they were', async (_, change) => {
    const tip = await sent(server, fan.token, tipInput(page.id, change));
    expect(tip).toMatchObject(change);
    const { data } = await server.graphql('query ($id: ID!) { node(id: $id) { ... on Tip { message displayName } } }', { id: tip.id });
    expect(data.node).toEqual({ message: tip.message, displayName: tip.displayName });
  });
});
