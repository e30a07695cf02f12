import { expect, test } from '@jest/globals';
import { followDisputes, lastDays, type DisputesReport } from '../../src/payments/room.ts';
import { eachTestServer } from '../support/server.ts';
import { answerWith, control, dispute, tell } from '../tips/refunds-support.ts';
import { expectCleanWallets, topUp } from '../wallets/support.ts';

const server = eachTestServer();

/** A fan with a top-up, whose disputes no webhook tells of. */
async function fanWithTopUp() {
  const { current } = server;
  const fan = await current.signUp();
  const { topUp: made } = await topUp(current, fan.token);
  const standing = async () => {
    const [row] = await current.db.query<{ frozen: boolean; status: string }>(
      'SELECT person.frozen_at IS NOT NULL AS frozen, top_up.status FROM person JOIN top_up ON top_up.person_id = person.id WHERE person.id = $1', [fan.personId]);
    return row;
  };
  return { topUpId: made.id as string, standing };
}

function follow(days = 2): Promise<DisputesReport> {
  return followDisputes(server.current.services, lastDays(new Date(), days));
}

test('a dispute whose opening and closing were never told is found, and the account is free again once it is won', async () => {
  const { topUpId, standing } = await fanWithTopUp();
  const id = await dispute(server.current, topUpId);
  expect(await follow()).toEqual({ open: 1, taken: 1, failed: 0 });
  expect(await standing()).toEqual({ frozen: true, status: 'DISPUTED' });
  expect(await follow()).toEqual({ open: 1, taken: 0, failed: 0 });
  await control(server.current, 'close-dispute', { disputeId: id, status: 'WON' });
  expect(await Promise.all([follow(), follow()])).toContainEqual({ open: 0, taken: 1, failed: 0 });
  expect(await standing()).toEqual({ frozen: false, status: 'SUCCEEDED' });
  expect(await follow()).toEqual({ open: 0, taken: 0, failed: 0 });
  await expectCleanWallets(server.current.db);
});

test('an open dispute is read again however old it is', async () => {
  const { topUpId, standing } = await fanWithTopUp();
  const id = await dispute(server.current, topUpId);
  await tell(server.current, id);
  await server.current.db.query(`UPDATE sandbox_dispute SET opens_at = opens_at - interval '90 days'`);
  await control(server.current, 'close-dispute', { disputeId: id, status: 'LOST' });
  expect(await follow()).toEqual({ open: 0, taken: 1, failed: 0 });
  expect(await standing()).toMatchObject({ status: 'DISPUTED' });
  await expectCleanWallets(server.current.db);
});

test('a provider that lists nothing leaves what is open to be read one by one, and what cannot be read is counted', async () => {
  const { topUpId } = await fanWithTopUp();
  await tell(server.current, await dispute(server.current, topUpId));
  answerWith(server.current, () => ({ listDisputes: async () => { throw new Error('unreachable'); } }));
  expect(await follow()).toEqual({ open: 1, taken: 0, failed: 1 });
  answerWith(server.current, () => ({ readDispute: async () => null }));
  expect(await follow()).toEqual({ open: 1, taken: 0, failed: 2 });
  await expectCleanWallets(server.current.db);
});

test('disputes of other business of the same account are left alone', async () => {
  answerWith(server.current, () => ({
    listDisputes: async (day) => [{
      id: `dp_${day}`, chargeId: 'ch_x', key: null, amountMicros: 1_000_000n, currency: 'USD', feeMicros: 0n, status: 'OPEN', reason: 'general', createdAt: new Date(),
    }],
  }));
  expect(await follow()).toEqual({ open: 0, taken: 0, failed: 0 });
});
