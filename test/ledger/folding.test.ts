import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { balanceOf, balancesOf, foldDeltas, transferEntries } from '../../src/ledger/room.ts';
import { transaction } from '../../src/database/room.ts';
import { expectCleanBooks } from '../support/books.ts';
import { eachTestDatabase } from '../support/database.ts';
import { openFresh, postAll, request } from './world.ts';

const database = eachTestDatabase();

test('a fold moves every delta into its balance and changes none', async () => {
  const { db } = database.current;
  const [bank, fee, fan] = (await openFresh(db, ['clearing', 'platform_fee', 'wallet'])) as [string, string, string];
  for (const amount of [10n, 20n]) {
    await postAll(db, [request([
      { accountId: bank, amountMicros: -amount }, { accountId: fan, amountMicros: amount - 1n }, { accountId: fee, amountMicros: 1n },
    ])]);
  }
  const before = await balancesOf(db, [bank, fee, fan]);
  expect(await foldDeltas(db)).toBe(2);
  expect(await foldDeltas(db)).toBe(0);
  expect(await db.query('SELECT * FROM balance_delta')).toEqual([]);
  expect(await balancesOf(db, [bank, fee, fan])).toEqual(before);
  expect(await db.query('SELECT balance FROM account WHERE id = $1', [bank])).toEqual([{ balance: -30n }]);
  await expectCleanBooks(db);
});

test('a delta that commits late, after a newer one was folded, is folded later and not lost', async () => {
  const { db } = database.current;
  const [bank, fan, kim] = (await openFresh(db, ['clearing', 'wallet', 'wallet'])) as [string, string, string];
  let release = () => {};
  const held = new Promise<void>((resolve) => { release = resolve; });
  let inserted = () => {};
  const early = new Promise<void>((resolve) => { inserted = resolve; });
  const late = transaction(db, async (tx) => {
    await tx.query('INSERT INTO balance_delta (account_id, amount) VALUES ($1, 0)', [bank]);
    inserted();
    await held;
  });
  await early;
  await postAll(db, [request(transferEntries(bank, fan, 5n))]);
  expect(await foldDeltas(db)).toBe(1);
  release();
  await late;
  await postAll(db, [request(transferEntries(bank, kim, 6n))]);
  expect(await foldDeltas(db)).toBe(1);
  expect(await db.query('SELECT * FROM balance_delta')).toEqual([]);
  expect(await balanceOf(db, bank)).toBe(-11n);
  await expectCleanBooks(db);
});

test('folders and writers run together, and no reader ever sees a delta twice or not at all', async () => {
  const { db } = database.current;
  const other = await database.current.connect();
  const [bank, fee] = (await openFresh(db, ['clearing', 'platform_fee'])) as [string, string];
  const [fan, kim] = (await openFresh(db, ['wallet', 'wallet'])) as [string, string];
  await postAll(db, [request(transferEntries(bank, fan, 1_000n)), request(transferEntries(bank, kim, 1_000n))]);
  const deadline = Date.now() + 3_000;
  const running = () => Date.now() < deadline;
  let written = 0n;
  const writer = async (wallet: string) => {
    while (running()) {
      await postAll(db, [request(transferEntries(bank, fee, 1n)), request(transferEntries(wallet, wallet === fan ? kim : fan, 1n))]);
      written++;
    }
  };
  let folded = 0;
  const folder = async () => {
    while (running()) {
      folded += await foldDeltas(other);
      await delay(1);
    }
  };
  const sums: bigint[] = [];
  const reader = async () => {
    while (running()) {
      const balances = await balancesOf(other, [bank, fee]);
      sums.push((balances.get(bank) as bigint) + (balances.get(fee) as bigint));
    }
  };
  await Promise.all([writer(fan), writer(kim), folder(), folder(), reader()]);
  expect(new Set(sums)).toEqual(new Set([-2_000n]));
  expect(folded).toBeGreaterThan(10);
  await foldDeltas(db);
  expect(await balanceOf(db, fee)).toBe(written);
  await expectCleanBooks(db);
});
