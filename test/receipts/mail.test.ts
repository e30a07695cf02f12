import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { mailerService } from '../../src/mail/room.ts';
import { mailReceipts } from '../../src/receipts/room.ts';
import { dayMs, TestClock } from '../support/clock.ts';
import { eachTestServer, type TestServer } from '../support/server.ts';
import { cardInput, newGuest, newPage, send } from '../tips/http.ts';
import { readPdf, valueAfter } from './pdf.ts';
import { ask, bytesOf, expectCleanReceipts } from './support.ts';

const clock = new TestClock('2026-03-01T12:00:00Z');
const server = eachTestServer({ clock });

async function mailsOf({ services, config }: TestServer): Promise<string[]> {
  await services.get(mailerService).idle();
  const folder = path.join(config.dataDir, 'mail');
  const files = await readdir(folder).catch(() => []);
  return Promise.all(files.sort().map((file) => readFile(path.join(folder, file), 'utf8')));
}

test('a guest who tips by card gets the receipt by mail, once, whichever processes send it', async () => {
  const { current } = server;
  const other = await server.another();
  const page = await newPage(current);
  const guest = await newGuest(current);
  const { tip, errors } = await send(current, guest, cardInput(page.id, { displayName: 'Gus', receiptEmail: 'gus@example.com' }));
  expect([tip?.status, errors]).toEqual(['SUCCEEDED', []]);
  await Promise.all([current, other, current, other].map(({ services }) => mailReceipts(services)));
  const mails = [...(await mailsOf(current)), ...(await mailsOf(other))];
  expect(mails).toHaveLength(1);
  expect(mails[0]).toContain('gus@example.com');
  expect(mails[0]).toContain('$5.00');
  const link = /https?:\/\/\S+/.exec(mails[0]!)![0];
  clock.pass(29 * dayMs);
  const pdf = readPdf(await bytesOf(current, link));
  expect(['Receipt', 'From', 'Paid from', 'Total'].map((label) => valueAfter(pdf, label))).toEqual([tip.id, 'Gus', 'Card', '5.00 USD']);
  clock.pass(-29 * dayMs);
  await expectCleanReceipts(current.db);
});

test('a guest reads the link to their own receipt, and no other guest does', async () => {
  const { current } = server;
  const page = await newPage(current);
  const guest = await newGuest(current);
  const { tip } = await send(current, guest, cardInput(page.id));
  const read = async (token: string) => (await ask(current, 'query ($id: ID!) { node(id: $id) { ... on Tip { receiptUrl } } }', { id: tip.id }, token)).node?.receiptUrl ?? null;
  expect(await read(guest)).toContain(`/receipts/${tip.id}.pdf?`);
  expect([await read(await newGuest(current)), await read(page.token)]).toEqual([null, null]);
});

test('of a tip that was declined, or that waits for its sender, no receipt is mailed', async () => {
  const { current } = server;
  const page = await newPage(current);
  for (const paymentMethodId of ['pm_sandbox_declined', 'pm_sandbox_action']) {
    const { tip } = await send(current, await newGuest(current), cardInput(page.id, { paymentMethodId, receiptEmail: 'gus@example.com' }));
    expect(tip.status).not.toBe('SUCCEEDED');
  }
  await mailReceipts(current.services);
  expect(await mailsOf(current)).toEqual([]);
});
