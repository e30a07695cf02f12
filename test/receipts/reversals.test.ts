import { expect, test } from '@jest/globals';
import { eachTestServer } from '../support/server.ts';
import { fundWallet } from '../support/world.ts';
import { newPage, sent, tipInput, type HttpPage } from '../tips/http.ts';
import { cardTip, control, dispute, refundTip, refundTopUp, tell, usd } from '../tips/refunds-support.ts';
import { topUp } from '../wallets/support.ts';
import { readTable } from './csv.ts';
import { readPdf } from './pdf.ts';
import { ask, bytesOf, expectCleanReceipts } from './support.ts';

/** What statements say of money that went back: its own figures, and whose payment it was. */

const server = eachTestServer();

async function tableOf(token: string, of: 'page' | 'wallet'): Promise<Record<string, string>[]> {
  return readTable((await bytesOf(server.current, await linkOf(token, of, 'CSV'))).toString('utf8'));
}

async function linkOf(token: string, of: 'page' | 'wallet', format: 'CSV' | 'PDF'): Promise<string> {
  const link = `statementUrl(format: ${format})`;
  const { viewer } = await ask(server.current, `{ viewer { wallets { ${link} } creator { dashboard { ${link} } } } }`, {}, token);
  return of === 'page' ? viewer.creator.dashboard.statementUrl : viewer.wallets[0].statementUrl;
}

const figures = ({ kind, amount, paid, platform_fee, processor_fee }: Record<string, string>) => [kind, amount, paid, platform_fee, processor_fee];

/** The movements of a page, and of what kind of node each is said to be about, oldest first. */
async function causesOf(token: string, list: string): Promise<unknown[]> {
  const entries = 'entries { nodes { kind cause { __typename id } } }';
  const { viewer } = await ask(server.current, `{ viewer { wallets { ${entries} } creator { dashboard { ${entries} } } } }`, {}, token);
  const { nodes } = list === 'page' ? viewer.creator.dashboard.entries : viewer.wallets[0].entries;
  return nodes.map(({ kind, cause }: any) => [kind, cause?.__typename, cause?.id]).reverse();
}

async function disputedTip(page: HttpPage, status: 'WON' | 'LOST') {
  const { current } = server;
  const fan = await current.signUp({ name: 'Ada' });
  const tip = await cardTip(current, fan, page, '5.00', { displayName: 'Ada', message: 'For you' });
  const id = await dispute(current, tip.id);
  await tell(current, id);
  await control(current, 'close-dispute', { disputeId: id, status });
  await tell(current, id);
  return tip;
}

test('each partial refund of a tip stands with its own figures, below zero', async () => {
  const { current } = server;
  const page = await newPage(current);
  const fan = await current.signUp({ name: 'Ada' });
  await fundWallet(current.db, fan.personId, 5_000_000n);
  const tip = await sent(current, fan.token, tipInput(page.id, { amount: usd('5.00'), displayName: 'Ada', message: 'For you' }));
  for (const amount of ['2.00', '1.00']) expect((await refundTip(current, page.token, tip.id, amount)).errors).toEqual([]);
  const rows = await tableOf(page.token, 'page');
  expect(rows.map(figures)).toEqual([
    ['TIP', '4.75', '5.00', '0.25', '0.00'],
    ['TIP_REFUND', '-1.90', '-2.00', '-0.10', '0.00'],
    ['TIP_REFUND', '-0.95', '-1.00', '-0.05', '0.00'],
  ]);
  expect(rows.map(({ from, message }) => [from, message])).toEqual([['Ada', 'For you'], ['Ada', 'For you'], ['Ada', 'For you']]);
  expect((await tableOf(fan.token, 'wallet')).slice(1).map(figures)).toEqual([
    ['TIP', '-5.00', '5.00', '', ''], ['TIP_REFUND', '2.00', '-2.00', '', ''], ['TIP_REFUND', '1.00', '-1.00', '', ''],
  ]);
  await expectCleanReceipts(current.db);
});

test('a disputed tip stands with its tip, in the CSV and in the API', async () => {
  const { current } = server;
  const page = await newPage(current);
  const tip = await disputedTip(page, 'WON');
  const rows = await tableOf(page.token, 'page');
  const processorFee = rows[0]!.processor_fee!;
  expect(rows.map(figures)).toEqual([
    ['TIP', expect.any(String), '5.00', '0.25', processorFee],
    ['DISPUTE', expect.stringMatching(/^-/), '-5.00', '-0.25', '0.00'],
    ['DISPUTE_RETURN', expect.any(String), '5.00', '0.25', '0.00'],
  ]);
  expect(rows.map(({ reference, from, message }) => [reference, from, message])).toEqual([1, 2, 3].map(() => [tip.id, 'Ada', 'For you']));
  expect(await causesOf(page.token, 'page')).toEqual(['TIP', 'DISPUTE', 'DISPUTE_RETURN'].map((kind) => [kind, 'Tip', tip.id]));
  await expectCleanReceipts(current.db);
});

test('a disputed or refunded top-up stands with its top-up, and with what the card was charged', async () => {
  const { current } = server;
  const fan = await current.signUp();
  const [contested, returned] = [(await topUp(current, fan.token, { amount: '10.00' })).topUp, (await topUp(current, fan.token, { amount: '5.00' })).topUp];
  expect((await refundTopUp(current, fan.token, returned.id)).errors).toEqual([]);
  await tell(current, await dispute(current, contested.id));
  const rows = await tableOf(fan.token, 'wallet');
  const charged = (one: any) => one.charged.amount as string;
  expect(rows.slice(0, 2).map(figures)).toEqual([contested, returned].map((one) => ['TOP_UP', one.amount.amount, charged(one), '', one.processorFee.amount]));
  expect(rows[2]).toMatchObject({ kind: 'TOP_UP_REFUND', paid: rows[2]!.amount, processor_fee: '0.00', reference: expect.stringMatching(/^rfd_/) });
  expect(rows[3]).toMatchObject({ kind: 'DISPUTE', paid: `-${charged(contested)}`, platform_fee: '', processor_fee: '0.00', reference: contested.id, from: '' });
  expect((await causesOf(fan.token, 'wallet')).at(-1)).toEqual(['DISPUTE', 'TopUp', contested.id]);
  await expectCleanReceipts(current.db);
});

test('the PDF counts disputes in what was paid and earned, without the fee that the platform bears', async () => {
  const { current } = server;
  const page = await newPage(current);
  await disputedTip(page, 'LOST');
  const { texts } = readPdf(await bytesOf(current, await linkOf(page.token, 'page', 'PDF')));
  const table = texts.slice(texts.indexOf('Before and after fees (USD)'));
  const figuresAfter = (label: string) => table.slice(table.indexOf(label) + 1).slice(0, 3);
  expect([figuresAfter('Dispute'), figuresAfter('In all').slice(0, 2)]).toEqual([['-5.00', '0.25', '0.00'], ['0.00', '0.00']]);
  await expectCleanReceipts(current.db);
});
