import { expect, test } from '@jest/globals';
import { eachTestServer } from '../support/server.ts';
import { newFan, newPage, send, sent, tipInput, type HttpPage } from './http.ts';
import { expectCleanTips } from './support.ts';

/** A Saturday, the last of its month but one day, and in a week that began in the same month. */
let now = new Date('2026-01-31T23:59:00Z');
const server = eachTestServer({ clock: { now: () => now } });

const usd = (amount: string) => ({ amount: { amount, currency: 'USD' } });

async function newGoal(page: HttpPage, amount: string): Promise<any> {
  const { data } = await server.current.graphql(
    'mutation ($input: CreateGoalInput!) { createGoal(input: $input) { goal { id raised { amount } reachedAt } errors { message } } }',
    { input: { title: 'A new microphone', target: { amount, currency: 'USD' } } },
    page.token,
  );
  return data.createGoal.goal;
}

async function goalsOf(page: HttpPage): Promise<any[]> {
  const { data } = await server.current.graphql('query ($handle: String!) { creator(handle: $handle) { goals { id raised { amount } reachedAt } } }', { handle: page.handle });
  return data.creator.goals.map(({ raised, reachedAt }: any) => [raised.amount, reachedAt]);
}

test('goals move with every tip, before fees, and are reached by the tip that brings them to their target', async () => {
  const { current } = server;
  const [page, fan] = [await newPage(current), await newFan(current)];
  await sent(current, fan.token, tipInput(page.id, usd('5')));
  await newGoal(page, '1');
  await newGoal(page, '2');
  expect(await goalsOf(page)).toEqual([['0.00', null], ['0.00', null]]);

  now = new Date('2026-01-10T10:00:00Z');
  await sent(current, fan.token, tipInput(page.id, usd('0.999999')));
  expect(await goalsOf(page)).toEqual([['0.999999', null], ['0.999999', null]]);
  now = new Date('2026-01-10T11:00:00Z');
  const last = tipInput(page.id, { ...usd('0.000001'), isAnonymous: true });
  await sent(current, fan.token, last);
  expect(await goalsOf(page)).toEqual([['1.00', '2026-01-10T11:00:00.000Z'], ['1.00', null]]);

  now = new Date('2026-01-10T12:00:00Z');
  // Neither what was sent already nor what is refused moves anything.
  await sent(current, fan.token, last);
  await send(current, fan.token, tipInput(page.id, usd('1000')));
  expect(await goalsOf(page)).toEqual([['1.00', '2026-01-10T11:00:00.000Z'], ['1.00', null]]);
  await sent(current, fan.token, tipInput(page.id, usd('1.5')));
  expect(await goalsOf(page)).toEqual([['2.50', '2026-01-10T11:00:00.000Z'], ['2.50', '2026-01-10T12:00:00.000Z']]);
  await expectCleanTips(current.db);
});

test('the answer of a tip shows the goals as the tip left them', async () => {
  const { current } = server;
  const [page, fan] = [await newPage(current), await newFan(current)];
  await newGoal(page, '1');
  const { data } = await current.graphql(
    'mutation ($input: SendTipInput!) { sendTip(input: $input) { tip { creator { goals { raised { amount } reachedAt } } } } }',
    { input: tipInput(page.id, usd('1')) },
    fan.token,
  );
  expect(data.sendTip.tip.creator.goals).toEqual([{ raised: { amount: '1.00' }, reachedAt: now.toISOString() }]);
  await expectCleanTips(current.db);
});

test('top tippers are those of the calendar period, by the last name they gave', async () => {
  const { current } = server;
  const [page, ada, bo] = [await newPage(current), await newFan(current, { name: 'Ada' }), await newFan(current, { name: 'Bo' })];
  const tips: [string, string, string, Record<string, unknown>?][] = [
    // when                 who    amount
    ['2025-12-31T23:59:59Z', 'ada', '8'],
    ['2026-01-01T00:00:00Z', 'bo', '7'],
    ['2026-01-25T23:59:59Z', 'ada', '1'],
    ['2026-01-26T00:00:00Z', 'bo', '2', { displayName: 'Bo of old' }],
    ['2026-01-30T12:00:00Z', 'ada', '0.5', { displayName: 'Ada L.' }],
    ['2026-01-31T00:00:00Z', 'bo', '0.25', { displayName: 'Bo the new' }],
    ['2026-01-31T12:00:00Z', 'ada', '50', { isAnonymous: true, displayName: 'Nobody' }],
  ];
  for (const [at, who, amount, more] of tips) {
    now = new Date(at);
    await sent(current, (who === 'ada' ? ada : bo).token, tipInput(page.id, { ...usd(amount), ...more }));
  }
  now = new Date('2026-01-31T23:59:59Z');
  const periods = ['DAY', 'WEEK', 'MONTH', 'YEAR', 'ALL_TIME'];
  const fields = periods.map((period) => `${period}: topTippers(period: ${period}) { displayName total { amount } }`).join(' ');
  const { data } = await current.graphql(`query ($handle: String!) { creator(handle: $handle) { ${fields} first: topTippers(first: 1) { displayName } } }`, { handle: page.handle });
  const shown = Object.fromEntries(periods.map((period) => [period, data.creator[period].map((one: any) => `${one.displayName} ${one.total.amount}`)]));
  expect(shown).toEqual({
    DAY: ['Bo the new 0.25'],
    WEEK: ['Bo the new 2.25', 'Ada L. 0.50'],
    MONTH: ['Bo the new 9.25', 'Ada L. 1.50'],
    YEAR: ['Bo the new 9.25', 'Ada L. 1.50'],
    ALL_TIME: ['Ada L. 9.50', 'Bo the new 9.25'],
  });
  expect(data.creator.first).toEqual([{ displayName: 'Ada L.' }]);

  // The owner's figures count anonymous tips too.
  const stats = periods.map((period) => `${period}: stats(period: ${period}) { tipCount tipsTotal { amount } }`).join(' ');
  const own = await current.graphql(`{ viewer { creator { dashboard { ${stats} } } } }`, {}, page.token);
  const figures = Object.values(own.data.viewer.creator.dashboard).map((one: any) => [one.tipCount, one.tipsTotal.amount]);
  expect(figures).toEqual([[2, '50.25'], [4, '52.75'], [6, '60.75'], [6, '60.75'], [7, '68.75']]);
  await expectCleanTips(current.db);
});
