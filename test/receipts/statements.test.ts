import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { encodeId } from '../../src/api/room.ts';
import { parseDecimal } from '../../src/money/room.ts';
import { tipSenderService } from '../../src/tips/room.ts';
import { makePage, openBank, requestPayout, type Page } from '../payouts/support.ts';
import { builtMain } from '../support/child-server.ts';
import { TestClock } from '../support/clock.ts';
import { eachTestServer } from '../support/server.ts';
import { fundWallet, makeFan } from '../support/world.ts';
import { wish } from '../tips/support.ts';
import { readTable } from './csv.ts';
import { readPdf, valueAfter } from './pdf.ts';
import { ask, bytesOf, expectCleanReceipts, open } from './support.ts';

const clock = new TestClock('2026-01-01T00:00:00Z');
const server = eachTestServer({ clock });

const links = `query ($format: StatementFormat!, $month: String) { viewer {
  wallets { statementUrl(format: $format, month: $month) } creator { dashboard { statementUrl(format: $format, month: $month) } } } }`;

async function statementOf({ token }: Pick<Page, 'token'>, format: 'CSV' | 'PDF', month: string | null, of: 'page' | 'wallet' = 'page'): Promise<Buffer> {
  const { viewer } = await ask(server.current, links, { format, month }, token);
  return bytesOf(server.current, of === 'page' ? viewer.creator.dashboard.statementUrl : viewer.wallets[0].statementUrl);
}

const table = async (...of: [Pick<Page, 'token'>, string | null, ('page' | 'wallet')?]) => readTable((await statementOf(of[0], 'CSV', of[1], of[2])).toString('utf8'));
const micros = (text: string | undefined): bigint => {
  const parsed = parseDecimal(text ?? '');
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.micros;
};

async function tip(creatorId: string, amountMicros: bigint, more: object = {}): Promise<void> {
  const senderId = await makeFan(server.current.db, amountMicros);
  await server.current.services.get(tipSenderService).send(wish({ senderId, creatorId, amountMicros, ...more }));
}

/** Earnings in three months, with a payout in the last. */
async function scene(): Promise<Page> {
  openBank(server.current.services);
  const page = await makePage(server.current);
  for (const [moment, amounts] of [
    ['2026-01-31T23:59:59.999Z', [1_000_000n, 50_001n]], ['2026-02-01T00:00:00Z', [2_000_000n]], ['2026-02-28T23:59:59.999Z', [3_333_333n]], ['2026-03-01T00:00:00Z', [10_000n]],
  ] as const) {
    clock.moveTo(moment);
    for (const amount of amounts) await tip(page.creatorId, amount);
  }
  clock.moveTo('2026-03-20T00:00:00Z');
  await requestPayout(server.current, page, '5.00');
  return page;
}

test('months lie side by side: together they are all time, and each opens with what the last one closed with', async () => {
  const page = await scene();
  const all = await table(page, null);
  const months = await Promise.all(['2025-12', '2026-01', '2026-02', '2026-03', '2026-04'].map((month) => table(page, month)));
  expect(months.map((rows) => rows.length)).toEqual([0, 2, 2, 2, 0]);
  expect(months.flat()).toEqual(all);
  expect(all.map(({ entry }) => entry)).toEqual(['1', '2', '3', '4', '5', '6']);
  let balance = 0n;
  for (const row of all) {
    balance += micros(row.amount);
    expect(micros(row.balance_after)).toBe(balance);
    if (row.kind === 'TIP') expect(micros(row.paid)).toBe(micros(row.amount) + micros(row.platform_fee) + micros(row.processor_fee));
  }
  expect(all.at(-1)).toMatchObject({ kind: 'PAYOUT', amount: '-5.00', currency: 'USD', reference: expect.stringMatching(/^pay_/), paid: '' });
  await expectCleanReceipts(server.current.db);
});

test('the monthly PDF adds up, to the micro', async () => {
  const page = await scene();
  const [january, february, march] = await Promise.all(['2026-01', '2026-02', '2026-03'].map(async (month) => readPdf(await statementOf(page, 'PDF', month))));
  const rowOf = (pdf: ReturnType<typeof readPdf>, label: string, cells: number) => {
    const place = pdf.texts.indexOf(label);
    return place < 0 ? null : pdf.texts.slice(place + 1, place + 1 + cells);
  };
  const figures = (pdf: ReturnType<typeof readPdf>) => ({ before: valueAfter(pdf, 'Balance before'), tips: rowOf(pdf, 'Tip', 2), after: valueAfter(pdf, 'Balance after'), all: rowOf(pdf, 'In all', 4) });
  // Empty cells are not drawn. 5 % of 0.050001 is 0.002500, rounded down.
  expect(figures(january!)).toEqual({ before: '0.00', tips: ['2', '0.997501'], after: '0.997501', all: ['1.050001', '-0.0525', '0.00', '0.997501'] });
  expect(figures(february!)).toEqual({ before: '0.997501', tips: ['2', '5.066667'], after: '6.064168', all: ['5.333333', '-0.266666', '0.00', '5.066667'] });
  expect(figures(march!)).toEqual({ before: '6.064168', tips: ['1', '0.0095'], after: '1.073668', all: ['0.01', '-0.0005', '0.00', '0.0095'] });
  expect(rowOf(march!, 'Payout', 2)).toEqual(['1', '-5.00']);
  expect(valueAfter(march!, 'Period')).toBe('2026-03 (UTC)');
});

test('what fans wrote is text in the CSV, anonymous ones have no name, and messages that are held are not there', async () => {
  openBank(server.current.services);
  const page = await makePage(server.current);
  clock.moveTo('2026-03-01T00:00:00Z');
  await tip(page.creatorId, 1_000_000n, { displayName: '=HYPERLINK("http://evil.example","x")', message: '+1,"\t@x' });
  await tip(page.creatorId, 1_000_000n, { displayName: 'Bob', isAnonymous: true, message: 'Hi; there' });
  await server.current.db.query('UPDATE creator SET hold_tips_for_approval = true WHERE id = $1', [page.creatorId]);
  await tip(page.creatorId, 1_000_000n, { displayName: '日本', message: 'held' });
  const rows = await table(page, null);
  expect(rows.map(({ from, message }) => [from, message])).toEqual([
    ['\'=HYPERLINK("http://evil.example","x")', '\'+1,"\t@x'], ['Anonymous', 'Hi; there'], ['日本', ''],
  ]);
});

test('a fan\'s wallet has a statement too, without the fees that creators bear, and for that fan alone', async () => {
  const { current } = server;
  const page = await makePage(current, { destination: null });
  const fan = await current.signUp({ name: 'Ada' });
  await fundWallet(current.db, fan.personId, 10_000_000n);
  await current.services.get(tipSenderService).send(wish({ senderId: fan.personId, creatorId: page.creatorId, amountMicros: 250_000n, displayName: 'A', message: 'For you' }));
  const { viewer } = await ask(current, links.replace('creator { dashboard { statementUrl(format: $format, month: $month) } }', ''), { format: 'CSV', month: null }, fan.token);
  const rows = readTable((await bytesOf(current, viewer.wallets[0].statementUrl)).toString('utf8'));
  expect(rows.map((row) => [row.kind, row.amount, row.balance_after, row.from, row.message, row.paid, row.platform_fee])).toEqual([
    ['ADJUSTMENT', '10.00', '10.00', '', '', '', ''], ['TIP', '-0.25', '9.75', 'Ada', 'For you', '0.25', ''],
  ]);
  expect(rows[1]!.to).toMatch(/^A page \(@/);
  const denied = await current.graphql('query ($handle: String!) { creator(handle: $handle) { dashboard { statementUrl } } }', { handle: rows[1]!.to!.slice(9, -1) }, fan.token);
  expect(denied.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
});

test.each(['2026-13', '2026-1', '26-01', 'March', ''])('%j is no month', async (month) => {
  openBank(server.current.services);
  const page = await makePage(server.current);
  const { data, errors } = await server.current.graphql(links, { format: 'CSV', month }, page.token);
  expect(errors?.map(({ path, extensions }) => [path?.at(-1), extensions.code])).toEqual([['statementUrl', 'BAD_USER_INPUT']]);
  expect(data).toEqual({ viewer: { wallets: [], creator: { dashboard: { statementUrl: null } } } });
});

test('the files of a wallet and of a page are named apart', async () => {
  openBank(server.current.services);
  const page = await makePage(server.current);
  await fundWallet(server.current.db, page.personId, 1_000_000n);
  const { viewer } = await ask(server.current, links, { format: 'CSV', month: '2026-03' }, page.token);
  const names = await Promise.all([viewer.wallets[0].statementUrl, viewer.creator.dashboard.statementUrl].map(async (link) => {
    const answer = await open(server.current, link);
    await answer.arrayBuffer();
    return /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1];
  }));
  expect(names).toEqual(['wallet-statement-2026-03-USD.csv', 'page-statement-2026-03-USD.csv']);
});

test('a long statement comes whole, page by page', async () => {
  openBank(server.current.services);
  const page = await makePage(server.current);
  const senderId = await makeFan(server.current.db, 100_000_000n);
  const sender = server.current.services.get(tipSenderService);
  await Promise.all(Array.from({ length: 2_345 }, () => sender.send(wish({ senderId, creatorId: page.creatorId, amountMicros: 10_001n }))));
  const rows = await table(page, null);
  expect(rows.map(({ entry }) => entry)).toEqual(Array.from({ length: 2_345 }, (_, index) => String(index + 1)));
  expect(rows.at(-1)!.balance_after).toBe('22.279845');
});

test('the command writes the same statement', async () => {
  const page = await scene();
  const folder = await mkdtemp(path.join(tmpdir(), 'farthing-test-'));
  try {
    const { db } = server.current;
    const [row] = await db.query<{ handle: string; email: string }>(
      'SELECT handle, email FROM creator JOIN auth."user" account ON account.id = owner_id WHERE creator.id = $1', [page.creatorId]);
    await fundWallet(db, page.personId, 2_000_000n, 'EUR');
    const env = { PATH: process.env.PATH, DATABASE_URL: server.database.ownerUrl, AUTH_SECRET: 'a secret of the tests, long enough' };
    const run = (...options: string[]) => promisify(execFile)(process.execPath, [builtMain, 'export', ...options], { env, cwd: folder });
    const { stdout } = await run('--page', row!.handle.toUpperCase(), '--month', '2026-02');
    expect(stdout).toBe((await statementOf(page, 'CSV', '2026-02')).toString('utf8'));
    const file = path.join(folder, 'statement.pdf');
    await run('--page', row!.handle, '--format', 'pdf', '--to', file, '--month', '2026-02');
    expect(valueAfter(readPdf(await readFile(file)), 'Balance after')).toBe('6.064168');
    const { stdout: wallet } = await run('--account', row!.email, '--currency', 'eur');
    expect(readTable(wallet).map(({ amount, currency }) => [amount, currency])).toEqual([['2.00', 'EUR']]);
    for (const [options, message] of [
      [[], 'takes either --page HANDLE or --account EMAIL'], [['--page', 'nobody_here'], 'There is no page with the handle "nobody_here"'],
      [['--page', row!.handle, '--month', '2026-2'], '"2026-2" is no value for --month'], [['--account', row!.email], 'has no wallet of USD'],
    ] as const) {
      await expect(run(...options)).rejects.toMatchObject({ stderr: expect.stringContaining(message) });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('the id of a statement tells nothing more than whose it is', async () => {
  const page = await scene();
  const { viewer } = await ask(server.current, links, { format: 'PDF', month: '2026-02' }, page.token);
  expect(new URL(viewer.creator.dashboard.statementUrl).pathname).toBe(`/exports/${encodeId('cre', page.creatorId)}_2026-02.pdf`);
});
