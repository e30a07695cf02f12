import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { reconcile } from '../../src/payments/room.ts';
import { eachTestServer, type TestServer } from '../support/server.ts';
import { newFan, newPage, sendTipOperation, sent, tipInput } from '../tips/http.ts';
import { cardTip, refundTipOperation, refundTopUpOperation, usd } from '../tips/refunds-support.ts';
import { expectCleanWallets, topUp, topUpInput, topUpOperation } from '../wallets/support.ts';
import { bothSides, environment, sendToDoomed, totals, waiting, type Request } from './kill-support.ts';

const server = eachTestServer({ environment });
/** As many as the machine has processors to spare; each has people and pages of its own. */
const lanes = 2;
const minuteMs = 60_000;

interface Flow {
  /** What it passes besides the commits. */
  readonly failpoints: readonly string[];
  /** Prepares people and pages, and answers what makes one request after the other, each about a payment of its own. */
  prepare(on: TestServer): Promise<(index: number) => Promise<Request>>;
  /** False where a request has no key of its own, so that sending it again is another wish. */
  readonly hasKey: boolean;
}

const addMethodOperation = 'mutation ($input: AddPaymentMethodInput!) { addPaymentMethod(input: $input) { paymentMethod { id } errors { code } } }';
const addDestinationOperation = 'mutation ($input: AddPayoutDestinationInput!) { addPayoutDestination(input: $input) { destination { id } errors { code message } } }';
const payoutOperation = 'mutation ($input: RequestPayoutInput!) { requestPayout(input: $input) { payout { id status } errors { code message } } }';

const flows: Readonly<Record<string, Flow>> = {
  'a top-up': {
    failpoints: ['top-up-stored', 'top-up-charged'],
    hasKey: true,
    prepare: async (on) => {
      const { token } = await on.signUp();
      return async (index) => ({ operation: topUpOperation, input: topUpInput({ idempotencyKey: `k${index}` }), token });
    },
  },
  'a tip by card': {
    failpoints: ['card-tip-stored', 'card-tip-charged'],
    hasKey: true,
    prepare: async (on) => {
      const [page, { token }] = [await newPage(on), await newFan(on)];
      const card = { amount: usd('5'), funding: 'CARD', paymentMethodId: 'pm_sandbox_ok' };
      return async (index) => ({ operation: sendTipOperation, input: tipInput(page.id, { ...card, idempotencyKey: `k${index}` }), token });
    },
  },
  'a refund of a tip': {
    failpoints: ['tip-refund-stored', 'tip-refund-answered'],
    hasKey: true,
    prepare: async (on) => {
      const [page, fan] = [await newPage(on), await newFan(on)];
      await sent(on, fan.token, tipInput(page.id, { amount: usd('90') }));
      return async (index) => {
        const { id: tipId } = await cardTip(on, fan, page, '5');
        return { operation: refundTipOperation, input: { tipId, amount: usd('2'), idempotencyKey: `k${index}` }, token: page.token };
      };
    },
  },
  'a refund of a top-up': {
    failpoints: ['top-up-refund-stored', 'top-up-refund-answered'],
    hasKey: true,
    prepare: async (on) => {
      const { token } = await on.signUp();
      return async (index) => {
        const { topUp: paid } = await topUp(on, token);
        return { operation: refundTopUpOperation, input: { topUpId: paid.id, idempotencyKey: `k${index}` }, token };
      };
    },
  },
  'a payout': {
    failpoints: ['payout-stored', 'payout-asked'],
    hasKey: true,
    prepare: async (on) => {
      const [page, fan] = [await newPage(on), await newFan(on)];
      await sent(on, fan.token, tipInput(page.id, { amount: usd('90') }));
      await on.graphql(addDestinationOperation, { input: { provider: 'SANDBOX', token: 'ba_sandbox_ok' } }, page.token);
      const { data } = await on.graphql('query ($handle: String!) { creator(handle: $handle) { dashboard { payoutDestination { id } } } }', { handle: page.handle }, page.token);
      const proof = { destinationId: data.creator.dashboard.payoutDestination.id, amounts: ['0.32', '0.45'] };
      await on.graphql('mutation ($input: VerifyPayoutDestinationInput!) { verifyPayoutDestination(input: $input) { errors { code } } }', { input: proof }, page.token);
      return async (index) => ({ operation: payoutOperation, input: { amount: usd('1'), idempotencyKey: `k${index}` }, token: page.token });
    },
  },
  'a card that is saved': {
    failpoints: ['method-stored', 'method-answered'],
    hasKey: false,
    prepare: async (on) => {
      const { token } = await on.signUp();
      return async () => ({ operation: addMethodOperation, input: { provider: 'SANDBOX', token: 'pm_sandbox_ok' }, token });
    },
  },
  'a bank account that is added': {
    failpoints: ['destination-added'],
    hasKey: false,
    prepare: async (on) => {
      const { token } = await newPage(on);
      return async () => ({ operation: addDestinationOperation, input: { provider: 'SANDBOX', token: 'ba_sandbox_ok' }, token });
    },
  },
};

/** Kills a process at the first failpoint that a request passes, one at the second, and so on until one comes through. */
async function killEverywhere(prepare: Flow['prepare']): Promise<{ reached: string[]; requests: Request[] }> {
  const reached: string[] = [];
  const requests: Request[] = [];
  const lane = async (number: number) => {
    const next = await prepare(server.current);
    for (let dieAt = 1 + number; ; dieAt += lanes) {
      const request = await next(dieAt);
      requests.push(request);
      const name = await sendToDoomed(server.database.url, request, dieAt);
      if (name === null) return;
      reached.push(name);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  return { reached, requests };
}

const at = (laterMs: number) => server.another({ environment, clock: { now: () => new Date(Date.now() + laterMs) } });

test.each(Object.entries(flows))('%s, killed at every step, is done once or not at all', async (_, { failpoints, prepare, hasKey }) => {
  const { reached, requests } = await killEverywhere(prepare);
  expect(reached).toEqual(expect.arrayContaining([...failpoints, 'before-commit', 'after-commit']));
  const { db } = server.current;

  // Soon after, what the provider did is booked; what it never heard of still waits for whoever may have it on the way.
  const soon = await at(2 * minuteMs);
  await Promise.all([reconcile(soon.services), reconcile(server.current.services)]);
  const early = await bothSides(db);
  expect(early.ours).toEqual(early.theirs);
  await expectCleanWallets(db);

  // In the end nothing waits: what never reached the provider was not done, and its money is where it was.
  const late = await at(3 * 60 * minuteMs);
  await Promise.all([reconcile(late.services), reconcile((await at(3 * 60 * minuteMs)).services)]);
  expect(await waiting(db)).toBe(0);
  const settled = await bothSides(db);
  expect(settled.ours).toEqual(settled.theirs);
  expect(settled.theirs).toEqual(early.theirs);
  const { theirs, ours } = await totals(late);
  expect(ours).toEqual(theirs);
  await expectCleanWallets(db);

  if (!hasKey) return;
  // The same keys again: each attempt that was stored answers as it is, and the others are made now, once.
  for (const { operation, input, token } of requests) await late.graphql(operation, { input }, token);
  const again = await bothSides(db);
  expect(again.ours).toEqual(again.theirs);
  const both = await totals(late);
  expect(both.ours).toEqual(both.theirs);
  expect(await waiting(db)).toBe(0);
  await expectCleanWallets(db);
});

test('every failpoint between a request and its answer is passed by one of them', () => {
  const root = path.join(import.meta.dirname, '..', '..', 'src');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const named = files.flatMap((file) => [...readFileSync(path.join(root, file), 'utf8').matchAll(/\.failpoint\('([^']+)'\)/g)].map((match) => match[1] as string));
  const passed = [...Object.values(flows).flatMap((flow) => flow.failpoints), 'before-commit', 'after-commit'];
  expect(named.sort()).toEqual(passed.sort());
});
