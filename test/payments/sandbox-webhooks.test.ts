import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import type { DisputeState, Sandbox } from '../../src/payments/room.ts';
import { dayMs, TestClock } from '../support/clock.ts';
import { eachTestDatabase } from '../support/database.ts';
import { chargeRequest, openSandbox } from './support.ts';

const database = eachTestDatabase();
const start = '2026-03-01T12:00:00Z';

interface Listener {
  readonly sandbox: Sandbox;
  readonly clock: TestClock;
  /** Ids of the events that came, in their order. */
  readonly heard: string[];
  /** The statuses that deliveries are answered with; 200 when none is left. */
  readonly answers: number[];
}

/** A sandbox that sends its webhooks to a listener, while something is tried. */
async function listening(tryOut: (listener: Listener) => Promise<void>): Promise<void> {
  const heard: string[] = [];
  const answers: number[] = [];
  const http = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    response.statusCode = answers.shift() ?? 200;
    if (response.statusCode === 200) heard.push((JSON.parse(body) as { id: string }).id);
    response.end();
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const clock = new TestClock(start);
  const sandbox = openSandbox(database.current, { clock });
  await sandbox.deliverTo(`http://127.0.0.1:${(http.address() as AddressInfo).port}`);
  try {
    await tryOut({ sandbox, clock, heard, answers });
  } finally {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  }
}

/** Until what was queued to be delivered in the background is through. */
async function delivered(sandbox: Sandbox): Promise<void> {
  await sandbox.control('deliver');
  await sandbox.control('deliver');
}

test('a webhook that is not taken comes again, later each time, until it is', () => listening(async ({ sandbox, clock, heard, answers }) => {
  answers.push(500, 404, 503);
  await sandbox.provider.createCharge(chargeRequest());
  await delivered(sandbox);
  for (const [seconds, left] of [[1, 2], [1, 1], [3, 1], [1, 0], [8, 0]] as const) {
    clock.pass(seconds * 1_000);
    await delivered(sandbox);
    expect(answers).toHaveLength(left);
  }
  clock.pass(dayMs);
  await delivered(sandbox);
  expect(heard).toHaveLength(1);
}));

test('nothing is sent for ever: after fifteen times it is given up', () => listening(async ({ sandbox, clock, heard, answers }) => {
  answers.push(...Array.from({ length: 40 }, () => 500));
  await sandbox.provider.createCharge(chargeRequest());
  for (let day = 0; day < 25; day++) {
    clock.pass(dayMs);
    await delivered(sandbox);
  }
  expect({ heard, left: answers.length }).toEqual({ heard: [], left: 25 });
}));

test('webhooks come as often and as late as the settings say, and in another order when they are shuffled', () => listening(async ({ sandbox, clock, heard }) => {
  await sandbox.control('settings', { webhookCopies: 20, webhookDelayMs: 7 * dayMs, isShuffled: true });
  for (const key of ['a', 'b', 'c']) await sandbox.provider.createCharge(chargeRequest({ key }));
  clock.pass(7 * dayMs);
  await delivered(sandbox);
  expect(heard.length).toBeGreaterThan(0);
  expect(heard.length).toBeLessThan(60);
  clock.pass(8 * dayMs);
  await delivered(sandbox);
  expect(heard).toHaveLength(60);
  const ids = [...new Set(heard)];
  expect(ids).toHaveLength(3);
  expect(heard).not.toEqual(ids.flatMap((id) => Array.from({ length: 20 }, () => id)));
  await expect(sandbox.control('settings', { webhookCopies: 1_001 })).rejects.toThrow('sandbox_setting_sane');
}));

test('pm_sandbox_dispute is disputed a week later, over what was not refunded by then', () => listening(async ({ sandbox, clock, heard }) => {
  const { provider } = sandbox;
  const charges = await Promise.all(['kept', 'partly', 'given back'].map(async (key) => {
    const outcome = await provider.createCharge(chargeRequest({ key, paymentMethod: 'pm_sandbox_dispute' }));
    return outcome.status === 'SUCCEEDED' ? outcome.chargeId : '';
  }));
  const refund = (chargeId: string, amountMicros: bigint) => provider.createRefund({ key: `refund of ${chargeId}`, chargeId, amountMicros, currency: 'USD' });
  await refund(charges[1]!, 610_000n);
  await refund(charges[2]!, 10_610_000n);
  const disputesOf = async () => Promise.all(charges.map(async (id) => {
    const ids = (await provider.readChargeById(id))!.disputeIds;
    return Promise.all(ids.map(async (dispute) => ((await provider.readDispute(dispute)) as DisputeState).amountMicros));
  }));
  clock.pass(7 * dayMs - 1);
  expect(await disputesOf()).toEqual([[], [], []]);
  clock.pass(1);
  await delivered(sandbox);
  expect(heard).toHaveLength(3 + 2 + 2);
  expect(await disputesOf()).toEqual([[10_610_000n], [10_000_000n], []]);
}));

test('a slow bank pays when it is told, a closed one fails after it took the payout, and both tell', () => listening(async ({ sandbox, clock, heard }) => {
  const { provider } = sandbox;
  const pay = async (token: string, key: string) => {
    const added = await provider.addDestination({ key: `bank of ${key}`, token, owner: 'nova' });
    return provider.createPayout({ key, destination: added.status === 'ADDED' ? added.destinationToken : '', amountMicros: 5_000_000n, currency: 'USD' });
  };
  expect(await pay('ba_sandbox_ok', 'unproven')).toMatchObject({ status: 'DECLINED', code: 'destination_unverified' });
  expect([await pay('ba_sandbox_slow', 'slow'), await pay('ba_sandbox_closed', 'closed')]).toEqual([{ status: 'PENDING' }, { status: 'PENDING' }]);
  await delivered(sandbox);
  expect(heard).toHaveLength(2);
  clock.pass(1_000);
  await delivered(sandbox);
  expect(heard).toHaveLength(3);
  expect(await provider.readPayout('closed')).toMatchObject({ status: 'DECLINED', code: 'account_closed' });
  expect(await provider.readPayout('slow')).toEqual({ status: 'PENDING' });
  expect(await sandbox.control('decide-payout', { key: 'slow', status: 'SUCCEEDED' })).toBe(true);
  expect(await provider.readPayout('slow')).toMatchObject({ status: 'SUCCEEDED' });
  expect(await sandbox.control('decide-payout', { key: 'slow', status: 'DECLINED' })).toBe(true);
  expect(await provider.readPayout('slow')).toMatchObject({ status: 'DECLINED' });
  expect(await sandbox.control('decide-payout', { key: 'slow', status: 'SUCCEEDED' })).toBe(false);
}));

test('a bank that sends a refund back is heard of, and the charge counts as unrefunded again', () => listening(async ({ sandbox }) => {
  const { provider } = sandbox;
  const outcome = await provider.createCharge(chargeRequest());
  const chargeId = outcome.status === 'SUCCEEDED' ? outcome.chargeId : '';
  await provider.createRefund({ key: 'r', chargeId, amountMicros: 610_000n, currency: 'USD' });
  expect(await sandbox.control('return-refund', { key: 'r' })).toBe(true);
  expect(await provider.readRefund({ key: 'r' })).toMatchObject({ status: 'DECLINED', code: 'returned_by_bank' });
  expect((await provider.readChargeById(chargeId))!.refundedMicros).toBe(0n);
  expect(await sandbox.control('return-refund', { key: 'r' })).toBe(false);
}));
