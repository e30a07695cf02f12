import { expect, test } from '@jest/globals';
import pg from 'pg';
import { invariants } from '../../src/app.ts';
import { check } from '../../src/ledger/room.ts';
import { eachTestServer } from '../support/server.ts';
import { newFan, newPage, sent, tipInput } from '../tips/http.ts';
import { cardTip, control, dispute, refundTip, refundTopUp, tell, usd } from '../tips/refunds-support.ts';
import { expectCleanWallets, topUp } from '../wallets/support.ts';

const server = eachTestServer();

/** One refund to a wallet, one to a card, one of a top-up; one dispute that is open and one that was won. */
async function everything(): Promise<void> {
  const { current } = server;
  const [page, fan] = [await newPage(current), await newFan(current)];
  const { id } = await sent(current, fan.token, tipInput(page.id, { amount: usd('9') }));
  await refundTip(current, page.token, id, '1');
  await refundTip(current, page.token, (await cardTip(current, fan, page, '5')).id, '2');
  const won = await dispute(current, (await cardTip(current, fan, page, '5')).id);
  await tell(current, won);
  await control(current, 'close-dispute', { disputeId: won, status: 'WON' });
  await tell(current, won);
  const [one, two] = [await current.signUp(), await current.signUp()];
  await refundTopUp(current, one.token, (await topUp(current, one.token)).topUp.id);
  const disputed = (await topUp(current, two.token)).topUp.id;
  await sent(current, two.token, tipInput(page.id, { amount: usd('4') }));
  await tell(current, await dispute(current, disputed));
}

const states = 'every refund has the postings of its state: taken, then sent or returned';
const moves = 'every refund posting has its refund, of the same currency, and moves what it says';
const fees = 'the platform gave and kept of every refund what the refund says, and as much of it left as it says';
const refunded = 'every refund is of its payment, to who paid it, of its charge and through its provider';
const sums = 'no payment gives back more than was paid';
const tips = 'every paid tip stands where its refunds and disputes brought it';
const topUps = 'every paid top-up stands where its refunds and disputes brought it';
const disputes = 'every dispute took its money, and a won one, and no other, gave it back';
const disputed = 'every dispute posting has its dispute, of the same currency, and moves what it says';
const passed = 'disputes took over of refunds what these passed to them';
const payers = 'every dispute is of its payment: its payer, its provider, and at most its amount off the totals';
const frozen = 'an account with an open dispute of a top-up is frozen';

test.each([
  ['a refund called sent that waits', `UPDATE refund SET status = 'PENDING', settled_at = NULL WHERE provider IS NOT NULL`, [states, tips, topUps]],
  ['a refund called failed that arrived', `UPDATE refund SET status = 'FAILED', failure_code = 'c', failure_reason = 'r', failure_retryable = false WHERE top_up_id IS NOT NULL`, [states, topUps]],
  ['a refund that is gone', 'DELETE FROM refund WHERE provider IS NULL', [moves, tips]],
  ['an amount changed afterwards', 'UPDATE refund SET amount_micros = amount_micros + 10000 WHERE tip_id IS NOT NULL', [moves]],
  ['a fee changed afterwards', 'UPDATE refund SET fee_returned_micros = fee_returned_micros + 1 WHERE tip_id IS NOT NULL', [fees]],
  ['refunds above what was paid', 'UPDATE refund SET amount_micros = 100000000 WHERE tip_id IS NOT NULL', [sums, moves]],
  ['a tip that forgot its refund', `UPDATE tip SET status = 'SUCCEEDED' WHERE status = 'PARTIALLY_REFUNDED'`, [tips]],
  ['a top-up that forgot its dispute', `UPDATE top_up SET status = 'SUCCEEDED' WHERE status = 'DISPUTED'`, [topUps]],
  ['a dispute called won that is open', `UPDATE dispute SET status = 'WON', closed_at = now() WHERE status = 'OPEN'`, [disputes, topUps]],
  ['a dispute called open that was won', `UPDATE dispute SET status = 'OPEN', closed_at = NULL WHERE status = 'WON'`, [disputes, tips]],
  ['a dispute of another amount', 'UPDATE dispute SET amount_micros = amount_micros + 1', [disputed]],
  ['a loss changed afterwards', 'UPDATE dispute SET loss_micros = loss_micros + 1 WHERE top_up_id IS NOT NULL', [disputed]],
  ['a fee of a dispute changed afterwards', 'UPDATE dispute SET fee_returned_micros = fee_returned_micros + 1 WHERE tip_id IS NOT NULL', [disputed]],
  ['a provider\'s fee changed afterwards', 'UPDATE dispute SET provider_fee_micros = provider_fee_micros + 1', [disputed]],
  ['a loss made good by no refund', 'UPDATE dispute SET from_refunds_micros = 1 WHERE top_up_id IS NOT NULL', [passed]],
  ['a dispute of another person', 'UPDATE dispute SET person_id = (SELECT owner_id FROM creator LIMIT 1)', [payers]],
  ['more off the totals than was disputed', 'UPDATE dispute SET totals_micros = amount_micros + 1 WHERE tip_id IS NOT NULL', [payers]],
  ['a refund to somebody else', 'UPDATE refund SET person_id = (SELECT owner_id FROM creator LIMIT 1)', [refunded]],
  ['a refund of another charge', `UPDATE refund SET provider_charge_id = 'ch_other' WHERE provider IS NOT NULL`, [refunded]],
  ['a refund that withheld something', 'UPDATE refund SET withheld_micros = 10000 WHERE top_up_id IS NOT NULL', [fees, moves]],
  ['an account set free too early', 'UPDATE person SET frozen_at = NULL', [frozen]],
])('the check finds %s', async (_, tampering, names) => {
  await everything();
  await expectCleanWallets(server.current.db);
  const owner = new pg.Client({ connectionString: server.database.ownerUrl });
  await owner.connect();
  await owner.query(tampering).finally(() => owner.end());
  const broken = (await check(server.current.db, { full: true, invariants })).filter((line) => !line.ok);
  expect(broken.map((line) => line.name)).toEqual(expect.arrayContaining(names));
});
