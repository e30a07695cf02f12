import { expect, test } from '@jest/globals';
import type { Database } from '../../src/database/room.ts';
import { balancesOf, foldDeltas, transferEntries } from '../../src/ledger/room.ts';
import { expectCleanBooks } from '../support/books.ts';
import { eachTestDatabase } from '../support/database.ts';
import { openFresh, postAll, request } from './world.ts';

const database = eachTestDatabase();
const seconds = 10;

function shuffled<T>(items: readonly T[]): T[] {
  return items.map((item) => ({ item, place: Math.random() })).sort((a, b) => a.place - b.place).map(({ item }) => item);
}

test(`eight writers with overlapping accounts in random order run for ${seconds} s without a deadlock`, async () => {
  const { db } = database.current;
  const pools: Database[] = await Promise.all([database.current.connect(), database.current.connect()]);
  const wallets = await openFresh(db, Array<'wallet'>(12).fill('wallet'));
  const [bank, fee] = (await openFresh(db, ['clearing', 'platform_fee'])) as [string, string];
  await postAll(db, wallets.map((wallet) => request(transferEntries(bank, wallet, 1_000_000n))));
  const deadline = Date.now() + seconds * 1_000;
  const commits = Array<number>(8).fill(0);
  const writer = async (_: unknown, index: number) => {
    while (Date.now() < deadline) {
      const ring = shuffled(wallets).slice(0, 2 + Math.floor(Math.random() * 6));
      const outcomes = await postAll(pools[index % 2] as Database, ring.map((wallet, place) => request([
        { accountId: wallet, amountMicros: -3n }, { accountId: ring.at(place - 1) as string, amountMicros: 2n }, { accountId: fee, amountMicros: 1n },
      ])));
      expect(outcomes.every((outcome) => outcome.ok)).toBe(true);
      commits[index] = (commits[index] ?? 0) + 1;
    }
  };
  const folder = async () => {
    while (Date.now() < deadline) await foldDeltas(db);
  };
  await Promise.all([...commits.map(writer), folder()]);
  // A backend reports its deadlocks at the latest when it ends.
  await Promise.all(pools.map((pool) => pool.close()));
  const [figures] = await db.query<{ deadlocks: bigint; rollbacks: bigint }>(
    'SELECT deadlocks, xact_rollback AS rollbacks FROM pg_stat_database WHERE datname = current_database()',
  );
  expect(figures).toEqual({ deadlocks: 0n, rollbacks: 0n });
  expect(Math.min(...commits)).toBeGreaterThan(20);
  const balances = await balancesOf(db, [...wallets, fee]);
  expect([...balances.values()].reduce((sum, balance) => sum + balance, 0n)).toBe(12_000_000n);
  await expectCleanBooks(db);
});
