import { expect, test } from '@jest/globals';
import pg from 'pg';
import { invariants } from '../../src/app.ts';
import { check } from '../../src/ledger/room.ts';
import { eachTestServer } from '../support/server.ts';
import { expectCleanWallets, topUp } from './support.ts';

const server = eachTestServer();

test.each([
  ['a top-up called paid that was not', `UPDATE top_up SET status = 'SUCCEEDED', provider_charge_id = 'ch', failure_code = NULL, failure_reason = NULL, failure_retryable = NULL WHERE status = 'FAILED'`, 'every top-up that succeeded has its posting'],
  ['a paid top-up that is gone', `DELETE FROM top_up WHERE status = 'SUCCEEDED'`, 'every top-up posting has its top-up, which succeeded, and moves what it says between the right accounts'],
  ['an amount changed afterwards', `UPDATE top_up SET amount_micros = 1, processor_fee_micros = charged_micros - 1 WHERE status = 'SUCCEEDED'`, 'every top-up posting has its top-up, which succeeded, and moves what it says between the right accounts'],
  ['a counter that lies', `UPDATE counter SET value = value + 1 WHERE name = 'top_ups'`, 'every account\'s count of top-ups is how many it has'],
])('the check finds %s', async (_, tampering, name) => {
  const { token } = await server.current.signUp();
  await topUp(server.current, token);
  await topUp(server.current, token, { paymentMethodId: 'pm_sandbox_declined' });
  await expectCleanWallets(server.current.db);
  const owner = new pg.Client({ connectionString: server.database.ownerUrl });
  await owner.connect();
  await owner.query(tampering);
  await owner.end();
  const broken = (await check(server.current.db, { full: true, invariants })).filter((line) => !line.ok);
  expect(broken.map((line) => line.name)).toContain(name);
});
