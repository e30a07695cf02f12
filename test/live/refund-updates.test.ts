import { afterEach, expect, test } from '@jest/globals';
import { eachTestServer } from '../support/server.ts';
import { newFan, newPage } from '../tips/http.ts';
import { answerWith, cardTip, carryOut, control, dispute, refundTip, tell } from '../tips/refunds-support.ts';
import { expectCleanTips } from '../tips/support.ts';
import { connect, disconnectAll, settled, until, watch } from './support.ts';

const server = eachTestServer();
afterEach(disconnectAll);

const paymentUpdated = 'subscription { paymentUpdated { __typename id ... on Refund { status } ... on Tip { status refunds { status } } } }';

/**
 * What an account's page is told from here on, as "Tip SUCCEEDED", each state once: an update shows its payment as it is by then. `pages` is
 * how many of them watch then.
 */
async function watching(token: string, pages = 1): Promise<() => string[]> {
  const { seen } = watch(connect(server.current, { token }), paymentUpdated, {});
  await settled(server.current, pages);
  return () => [...new Set(seen.map(({ __typename, status }: any) => `${__typename} ${status}`))];
}

test('sender and creator see a refund to a card wait and arrive, and the tip change with it', async () => {
  const { current } = server;
  const [page, fan] = [await newPage(current), await newFan(current)];
  await cardTip(current, fan, page, '5');
  const { id } = await cardTip(current, fan, page, '5');
  const [sender, creator] = [await watching(fan.token), await watching(page.token, 2)];
  answerWith(current, () => ({ createRefund: async () => ({ status: 'PENDING' }) }));
  const { refund } = await refundTip(current, page.token, id, '2');
  for (const seen of [sender, creator]) {
    await until(() => seen().length === 2);
    expect(seen()).toEqual(['Refund PENDING', 'Tip SUCCEEDED']);
  }
  await carryOut(await server.another(), refund.id);
  for (const seen of [sender, creator]) {
    await until(() => seen().length === 4);
    expect(seen()).toEqual(['Refund PENDING', 'Tip SUCCEEDED', 'Refund SUCCEEDED', 'Tip PARTIALLY_REFUNDED']);
  }
  await expectCleanTips(current.db);
});

test('the sender sees a dispute open, and end', async () => {
  const { current } = server;
  const [page, fan] = [await newPage(current), await newFan(current)];
  const { id } = await cardTip(current, fan, page, '5');
  const seen = await watching(fan.token);
  const disputed = await dispute(current, id);
  await tell(current, disputed);
  await until(() => seen().length === 1);
  await control(current, 'close-dispute', { disputeId: disputed, status: 'WON' });
  await tell(current, disputed);
  await until(() => seen().length === 2);
  expect(seen()).toEqual(['Tip DISPUTED', 'Tip SUCCEEDED']);
  await expectCleanTips(current.db);
});
