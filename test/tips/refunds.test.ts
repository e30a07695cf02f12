import { describe, expect, test } from '@jest/globals';
import { TestClock } from '../support/clock.ts';
import { eachTestServer } from '../support/server.ts';
import { micros } from '../support/world.ts';
import { newFan, newPage, sent, tipInput, type HttpFan, type HttpPage } from './http.ts';
import { expectCleanTips } from './support.ts';
import { kindSums, refundTip, refundTipOperation, spendEarnings, standing, usd } from './refunds-support.ts';

const clock = new TestClock('2026-03-02T10:20:00.000Z');
const server = eachTestServer({ clock });

interface Scene {
  readonly page: HttpPage;
  readonly fan: HttpFan;
  tip(amount: string, given?: Record<string, unknown>): Promise<any>;
}

/** A page, and a fan with 100.00 in the wallet. */
async function scene(): Promise<Scene> {
  const [page, fan] = [await newPage(server.current), await newFan(server.current)];
  return { page, fan, tip: (amount, given = {}) => sent(server.current, fan.token, tipInput(page.id, { amount: usd(amount), ...given })) };
}

describe('a tip from a wallet', () => {
  test('goes back in parts, to the micro and at once, and the parts sum to the whole', async () => {
    const { page, fan, tip } = await scene();
    const { id } = await tip('5');
    const { db } = server.current;
    expect([await micros(db, fan.personId, 'wallet'), await standing(db, page)]).toEqual([95_000_000n, { earnings: 4_750_000n, debt: 0n, platformFee: 250_000n }]);

    const rows = [];
    for (const amount of ['0.000001', '1.999999', null]) {
      const { refund, tip: now, topUp, errors } = await refundTip(server.current, page.token, id, amount);
      expect([topUp, errors]).toEqual([null, []]);
      rows.push([refund.amount.amount, refund.status, now.status, await micros(db, fan.personId, 'wallet'), (await standing(db, page)).earnings]);
    }
    expect(rows).toEqual([
      ['0.000001', 'SUCCEEDED', 'PARTIALLY_REFUNDED', 95_000_001n, 4_750_000n],
      ['1.999999', 'SUCCEEDED', 'PARTIALLY_REFUNDED', 97_000_000n, 2_850_000n],
      ['3.00', 'SUCCEEDED', 'REFUNDED', 100_000_000n, 0n],
    ]);
    expect(await standing(db, page)).toEqual({ earnings: 0n, debt: 0n, platformFee: 0n });
    await expectCleanTips(db);
  });

  test('gives back no more than was paid, in sum', async () => {
    const { page, tip } = await scene();
    await tip('9');
    const { id } = await tip('1');
    const refuse = async (amount: string | null) => {
      const { refund, tip: shown, errors } = await refundTip(server.current, page.token, id, amount);
      expect([refund, shown, errors.length]).toEqual([null, null, 1]);
      return [errors[0].code, errors[0].path.join('.')];
    };
    expect(await refuse('1.000001')).toEqual(['REFUND_EXCEEDS_CHARGE', 'input.amount.amount']);
    await refundTip(server.current, page.token, id, '0.4');
    expect(await refuse('0.600001')).toEqual(['REFUND_EXCEEDS_CHARGE', 'input.amount.amount']);
    await refundTip(server.current, page.token, id, '0.6');
    expect(await refuse('0.000001')).toEqual(['REFUND_EXCEEDS_CHARGE', 'input.amount.amount']);
    expect(await refuse(null)).toEqual(['REFUND_EXCEEDS_CHARGE', 'input.tipId']);
    await expectCleanTips(server.current.db);
  });

  test('is not given back from earnings that are too short, and nothing of it is', async () => {
    const { page, tip } = await scene();
    const { id } = await tip('5');
    await spendEarnings(server.current.db, page, 1_000_000n);
    const before = await kindSums(server.current.db);
    const { refund, errors } = await refundTip(server.current, page.token, id, '2');
    expect([refund, errors]).toEqual([null, [{
      __typename: 'InsufficientFunds', code: 'INSUFFICIENT_FUNDS', path: ['input', 'amount', 'amount'], balance: { amount: '1.00' }, shortfall: { amount: '0.90' },
      message: 'The page\'s earnings are $1.00: $0.90 too little for this refund.',
    }]]);
    expect(await kindSums(server.current.db)).toEqual(before);
    // What the earnings do cover may go back: 1.05 costs the creator 0.9975.
    expect((await refundTip(server.current, page.token, id, '1.05')).errors).toEqual([]);
    await expectCleanTips(server.current.db);
  });

  test('leaves the goal, the totals and the day that it entered, whenever it goes back', async () => {
    const { page, fan, tip } = await scene();
    const { current } = server;
    await current.graphql('mutation ($input: CreateGoalInput!) { createGoal(input: $input) { goal { id } } }', { input: { title: 'A desk', target: usd('4') } }, page.token);
    const { id } = await tip('3');
    await tip('1.5', { isAnonymous: true });
    clock.pass(40 * 86_400_000);
    await tip('0.25');
    await refundTip(current, page.token, id, '1');

    const { data } = await current.graphql(
      'query ($handle: String!) { creator(handle: $handle) { goals { raised { amount } reachedAt } topTippers { displayName total { amount } } tips { totalCount } } }', { handle: page.handle },
    );
    expect(data.creator).toEqual({
      goals: [{ raised: { amount: '3.75' }, reachedAt: '2026-03-02T10:20:00.000Z' }],
      topTippers: [{ displayName: 'Fan', total: { amount: '2.25' } }],
      tips: { totalCount: 3 },
    });
    const days = await current.db.query('SELECT day, tips_total_micros AS micros, tip_count AS tips FROM creator_day ORDER BY day');
    expect(days).toEqual([{ day: '2026-03-02', micros: 3_500_000n, tips: 2n }, { day: '2026-04-11', micros: 250_000n, tips: 1n }]);
    const totals = await current.db.query('SELECT period, starts_on AS "startsOn", total_micros AS micros FROM supporter_total WHERE tipper_id = $1 ORDER BY 1, 2', [fan.personId]);
    expect(totals).toEqual([
      { period: 'ALL_TIME', startsOn: '1970-01-01', micros: 2_250_000n },
      { period: 'DAY', startsOn: '2026-03-02', micros: 2_000_000n },
      { period: 'DAY', startsOn: '2026-04-11', micros: 250_000n },
      { period: 'MONTH', startsOn: '2026-03-01', micros: 2_000_000n },
      { period: 'MONTH', startsOn: '2026-04-01', micros: 250_000n },
    ]);
    await expectCleanTips(current.db);
    clock.moveTo('2026-03-02T10:20:00.000Z');
  });

  test('lowers the hold of the hour that it was earned in, and no other', async () => {
    const { page, tip } = await scene();
    const { id } = await tip('2');
    clock.pass(3_600_000);
    await tip('1');
    await refundTip(server.current, page.token, id, '0.5');
    const held = await server.current.db.query('SELECT hour, amount FROM earnings_hold ORDER BY hour');
    expect(held).toEqual([{ hour: new Date('2026-03-02T10:00:00Z'), amount: 1_425_000n }, { hour: new Date('2026-03-02T11:00:00Z'), amount: 950_000n }]);
    await expectCleanTips(server.current.db);
    clock.moveTo('2026-03-02T10:20:00.000Z');
  });

  test('stands in both statements, and leads to the refund', async () => {
    const { page, fan, tip } = await scene();
    const { id } = await tip('2');
    const { refund } = await refundTip(server.current, page.token, id, '0.5', { reason: 'Wrong song' });
    const entry = 'kind description amount { amount } balanceAfter { amount } cause { __typename id ... on Refund { reason amount { amount } } }';
    const cause = { __typename: 'Refund', id: refund.id, reason: 'Wrong song', amount: { amount: '0.50' } };
    const creator = await server.current.graphql(`query ($handle: String!) { creator(handle: $handle) { dashboard { entries(first: 1) { nodes { ${entry} } } } } }`, { handle: page.handle }, page.token);
    expect(creator.data.creator.dashboard.entries.nodes).toEqual([{ kind: 'TIP_REFUND', description: 'Tip refunded', amount: { amount: '-0.475' }, balanceAfter: { amount: '1.425' }, cause }]);
    const viewer = await server.current.graphql(`{ viewer { wallets { entries(first: 1) { nodes { ${entry} } } } } }`, {}, fan.token);
    expect(viewer.data.viewer.wallets[0].entries.nodes).toEqual([{ kind: 'TIP_REFUND', description: 'Tip returned to you', amount: { amount: '0.50' }, balanceAfter: { amount: '98.50' }, cause }]);
  });

  test('shows its refunds to its sender and the page\'s owner, and to nobody else', async () => {
    const { page, fan, tip } = await scene();
    const { id } = await tip('2');
    await refundTip(server.current, page.token, id, '0.5', { reason: 'Wrong song' });
    const { refund } = await refundTip(server.current, page.token, id, '0.25');
    const stranger = await server.current.signUp();
    const seenBy = async (token?: string) => {
      const { data } = await server.current.graphql('query ($tip: ID!, $refund: ID!) { tip: node(id: $tip) { ... on Tip { status refunds { amount { amount } reason } } } refund: node(id: $refund) { id } }', { tip: id, refund: refund.id }, token);
      return [data.tip.status, data.tip.refunds.map((one: any) => [one.amount.amount, one.reason]), data.refund !== null];
    };
    const all = ['PARTIALLY_REFUNDED', [['0.50', 'Wrong song'], ['0.25', null]], true];
    const none = ['PARTIALLY_REFUNDED', [], false];
    expect([await seenBy(fan.token), await seenBy(page.token), await seenBy(stranger.token), await seenBy()]).toEqual([all, all, none, none]);
  });

  test('tells both sides\' pages of the refund and of the tip', async () => {
    const { page, fan, tip } = await scene();
    await refundTip(server.current, page.token, (await tip('2')).id);
    const events = await server.current.db.query<{ who: string; kind: string }>(
      `SELECT creator_id AS who, kind FROM stream_event WHERE topic = 'payments' ORDER BY creator_id = $1, sequence`, [fan.personId],
    );
    const both = (who: string) => [{ who, kind: 'Refund' }, { who, kind: 'Tip' }];
    expect(events).toEqual([...both(page.ownerId), ...both(fan.personId)]);
  });
});

describe('a refund is refused', () => {
  test.each([
    ['of a tip that is not there', { tipId: 'tip_01h455vb4pex5vsknk084sn02q' }, 'NOT_FOUND', ['input', 'tipId']],
    ['of what is no tip', { tipId: 'cre_01h455vb4pex5vsknk084sn02q' }, 'NOT_FOUND', ['input', 'tipId']],
    ['of nothing', { amount: usd('0') }, 'AMOUNT_OUT_OF_RANGE', ['input', 'amount', 'amount']],
    ['finer than a micro', { amount: usd('0.0000001') }, 'PRECISION', ['input', 'amount', 'amount']],
    ['in another currency', { amount: { amount: '1', currency: 'EUR' } }, 'CURRENCY_MISMATCH', ['input', 'amount', 'currency']],
    ['without a key', { idempotencyKey: '' }, 'INVALID_INPUT', ['input', 'idempotencyKey']],
    ['with too long a reason', { reason: 'x'.repeat(501) }, 'INVALID_INPUT', ['input', 'reason']],
  ])('%s', async (_, given, code, path) => {
    const { page, tip } = await scene();
    const { id } = await tip('2');
    const { refund, errors } = await refundTip(server.current, page.token, id, null, given);
    expect([refund, errors]).toEqual([null, [expect.objectContaining({ code, path })]]);
    expect(await server.current.db.query('SELECT id FROM refund')).toEqual([]);
    await expectCleanTips(server.current.db);
  });

  test('to all but the owner of the page', async () => {
    const { fan, tip } = await scene();
    const { id } = await tip('2');
    const other = await newPage(server.current);
    const ask = async (token?: string) => (await server.current.graphql(refundTipOperation, { input: { tipId: id, idempotencyKey: 'k' } }, token)).errors?.[0]?.extensions.code;
    expect([await ask(), await ask(fan.token), await ask(other.token)]).toEqual(['UNAUTHENTICATED', 'FORBIDDEN', 'FORBIDDEN']);
    await expectCleanTips(server.current.db);
  });

  test('to an owner whose account is frozen', async () => {
    const { page, tip } = await scene();
    const { id } = await tip('2');
    await server.current.db.query('UPDATE person SET frozen_at = now() WHERE id = $1', [page.ownerId]);
    expect((await refundTip(server.current, page.token, id)).errors).toEqual([expect.objectContaining({ code: 'ACCOUNT_FROZEN' })]);
    await server.current.db.query('UPDATE person SET frozen_at = NULL WHERE id = $1', [page.ownerId]);
    expect((await refundTip(server.current, page.token, id)).errors).toEqual([]);
    await expectCleanTips(server.current.db);
  });
});
