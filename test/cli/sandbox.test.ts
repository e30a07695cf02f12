import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { parseCommandLine } from '../../src/cli/arguments.ts';
import { invocationOf } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/run.ts';
import { cleanUpAll, scratch } from '../database/embedded-support.ts';
import { earn, expectCleanPayouts, makePage, requestPayout } from '../payouts/support.ts';
import { eachTestServer } from '../support/server.ts';
import { newPage } from '../tips/http.ts';
import { cardTip, refundTip } from '../tips/refunds-support.ts';
import { topUp } from '../wallets/support.ts';
import { run, type Ended } from './support.ts';

/** The command works on the database alone; the server beside it, whose processor it never spoke to, hears of all of it. */

const server = eachTestServer({ environment: { PAYOUT_HOLD_DAYS: '0' }, runsJobs: true });
const folder = scratch();
afterAll(cleanUpAll);

function sandbox(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  const own = { DATABASE_URL: server.database.ownerUrl, AUTH_SECRET: 'a secret of the tests, long enough', LOG_LEVEL: 'error' };
  return run(folder, ['sandbox', ...args], { ...own, ...environment });
}

async function becomes(token: string, id: string, status: string): Promise<void> {
  const read = async () => {
    const { data } = await server.current.graphql(
      'query ($id: ID!) { node(id: $id) { ... on Tip { status } ... on TopUp { status } ... on Payout { status } ... on Refund { status } } }', { id }, token);
    return data.node?.status;
  };
  for (const giveUp = Date.now() + 30_000; Date.now() < giveUp && (await read()) !== status; ) await delay(50);
  expect(await read()).toBe(status);
}

test.each([
  ['tip', 'won', 'SUCCEEDED'],
  ['top-up', 'lost', 'DISPUTED'],
])('a %s is disputed, and the dispute is %s', async (kind, result, status) => {
  const { current } = server;
  const fan = await current.signUp();
  const payment = kind === 'tip' ? await cardTip(current, fan, await newPage(current), '5.00') : (await topUp(current, fan.token, { amount: '10.00' })).topUp;
  const id = payment.id as string;
  expect(await sandbox(['dispute', id])).toEqual({ code: 0, out: expect.stringMatching(new RegExp(`^${id} is disputed now: dp_sandbox_\\w+\\.\n$`)), err: '' });
  await becomes(fan.token, id, 'DISPUTED');
  expect(await sandbox(['close-dispute', id, result])).toMatchObject({ code: 0, out: expect.stringContaining(`of ${id} is ${result} for the platform.`) });
  await becomes(fan.token, id, status);
  const open = async () => (await current.db.query(`SELECT FROM dispute WHERE status = 'OPEN'`)).length;
  for (const giveUp = Date.now() + 30_000; Date.now() < giveUp && (await open()) > 0; ) await delay(50);
  expect(await open()).toBe(0);
  expect(await sandbox(['close-dispute', id, 'won'])).toMatchObject({ code: 1, err: `The sandbox has no open dispute of "${id}".\n` });
  await expectCleanPayouts(current.db);
});

test('a payout that waits is paid, and sent back afterwards', async () => {
  const { current } = server;
  const page = await makePage(current, { destination: 'ba_sandbox_slow' });
  await earn(current, page, 10_000_000n);
  const { payout } = await requestPayout(current, page, '5.00');
  for (const [result, status] of [['paid', 'SUCCEEDED'], ['failed', 'FAILED']] as const) {
    expect(await sandbox(['decide-payout', payout.id, result])).toEqual({ code: 0, out: `${payout.id} is ${result}.\n`, err: '' });
    await becomes(page.token, payout.id, status);
  }
  expect(await sandbox(['decide-payout', payout.id, 'paid'])).toMatchObject({ code: 1, err: `The sandbox has no payout "${payout.id}" that could still become paid.\n` });
  await expectCleanPayouts(current.db);
});

test('a refund to a card comes back from the bank', async () => {
  const { current } = server;
  const page = await newPage(current);
  const fan = await current.signUp();
  const tip = await cardTip(current, fan, page, '5.00');
  const { refund } = await refundTip(current, page.token, tip.id, '2.00');
  await becomes(fan.token, refund.id, 'SUCCEEDED');
  expect(await sandbox(['return-refund', refund.id])).toEqual({ code: 0, out: `${refund.id} came back from the bank.\n`, err: '' });
  await becomes(fan.token, refund.id, 'FAILED');
  await becomes(fan.token, tip.id, 'SUCCEEDED');
  await expectCleanPayouts(current.db);
});

test('settings change what is given, and are shown', async () => {
  const shown = 'Webhooks are 250 ms late, sent 3 times, and shuffled; pm_sandbox_stall answers after 30000 ms.\n';
  expect(await sandbox(['settings', '--delay', '250', '--copies', '3', '--shuffle', 'on'])).toEqual({ code: 0, out: shown, err: '' });
  expect(await sandbox(['settings'])).toMatchObject({ code: 0, out: shown });
  expect((await sandbox(['settings', '--shuffle', 'off', '--copies', '1', '--delay', '0'])).out).toContain('0 ms late, sent 1 time, and not shuffled');
});

test.each([
  [[], '"farthing sandbox" does not know ""; it knows dispute PAYMENT, close-dispute PAYMENT won|lost, decide-payout PAYOUT paid|failed, return-refund REFUND, settings.'],
  [['chargeback', 'tip_1'], 'does not know "chargeback"'],
  [['dispute'], 'Write it as "farthing sandbox dispute PAYMENT".'],
  [['dispute', 'tip_1', 'tip_2'], 'Write it as "farthing sandbox dispute PAYMENT".'],
  [['dispute', 'tip_1', '--copies', '2'], '--copies is for "farthing sandbox settings", not for "dispute".'],
])('%j is refused before anything is opened', async (args, message) => {
  const request = parseCommandLine(['sandbox', ...args], commands);
  if (request.kind !== 'RUN') throw new Error(request.kind);
  const ran = request.command.run(invocationOf(request.command, request.values, { say: () => {}, remark: () => {} }, request.words));
  await expect(ran).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(message) });
});

test.each([
  [['close-dispute', 'tip_1', 'drawn'], 2, '"drawn" is none of won, lost.\n'],
  [['settings', '--copies', '1001'], 2, '"1001" is no value for --copies of "farthing sandbox": give a whole number from 0 to 1000.\n'],
  [['dispute', 'tip_1'], 1, 'The sandbox has nothing of "tip_1" to dispute: give the id of a tip by card or a top-up that it charged and that is not refunded.\n'],
  [['return-refund', 'rfd_1'], 1, 'The sandbox carried out no refund "rfd_1" that could come back: give the id of one to a card.\n'],
])('%j is refused in words', async (args, code, err) => {
  expect(await sandbox(args)).toEqual({ code, out: '', err });
});

test('where the sandbox is off there is nothing to do', async () => {
  const production = { NODE_ENV: 'production' };
  expect(await sandbox(['settings'], production)).toEqual({
    code: 1, out: '', err: 'The sandbox is off: with NODE_ENV=production there is one only if SANDBOX_IN_PRODUCTION=true.\n',
  });
  expect(await sandbox(['settings'], { ...production, SANDBOX_IN_PRODUCTION: 'true' })).toMatchObject({ code: 0 });
});
