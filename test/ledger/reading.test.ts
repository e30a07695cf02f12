import { expect, test } from '@jest/globals';
import { newId, transaction } from '../../src/database/room.ts';
import {
  balanceOf, creatorBalances, entryCounts, findAccounts, openAccounts, providerOwnerId, readStatements, transferEntries, type AccountName,
} from '../../src/ledger/room.ts';
import { expectCleanBooks } from '../support/books.ts';
import { eachTestDatabase } from '../support/database.ts';
import { noon, openFresh, postAll, request } from './world.ts';

const database = eachTestDatabase();

test('accounts are opened once, however many open them at once and in whatever order', async () => {
  const { db } = database.current;
  const names: AccountName[] = Array.from({ length: 20 }, () => ({ ownerId: newId(), kind: 'wallet', currency: 'USD' }));
  const orders = [names, names.toReversed(), names, names.toReversed()];
  const opened = await Promise.all(orders.map((order) => transaction(db, (tx) => openAccounts(tx, order, noon))));
  expect(opened[1]).toEqual(opened[0]?.toReversed());
  expect(await findAccounts(db, [...names, { ownerId: newId(), kind: 'wallet', currency: 'USD' }])).toEqual([...(opened[2] as string[]), null]);
  expect(await db.query('SELECT count(*) FROM account')).toEqual([{ count: 20n }]);
});

test('one owner has an account for each kind and currency, and repeats answer the same one', async () => {
  const { db } = database.current;
  const ownerId = newId();
  const names: AccountName[] = [
    { ownerId, kind: 'wallet', currency: 'USD' }, { ownerId, kind: 'wallet', currency: 'EUR' },
    { ownerId, kind: 'earnings', currency: 'USD' }, { ownerId, kind: 'wallet', currency: 'USD' },
  ];
  const ids = await transaction(db, (tx) => openAccounts(tx, names, noon));
  expect(new Set(ids).size).toBe(3);
  expect(ids[3]).toBe(ids[0]);
});

test('a provider owns the same accounts in every database', () => {
  expect(providerOwnerId('sandbox')).toBe(providerOwnerId('sandbox'));
  expect(providerOwnerId('sandbox')).not.toBe(providerOwnerId('stripe'));
});

test('the balance of an account that does not exist is an error, not zero', async () => {
  const id = newId();
  await expect(balanceOf(database.current.db, id)).rejects.toThrow(`There is no account ${id}`);
});

test('statements page by version, many accounts in one statement', async () => {
  const { db } = database.current;
  const [bank, fan, kim] = (await openFresh(db, ['clearing', 'wallet', 'wallet'])) as [string, string, string];
  const causes = Array.from({ length: 5 }, () => newId());
  await postAll(db, causes.map((causeId, index) => request(transferEntries(bank, fan, BigInt(index + 1)), { causeId, kind: 'TOP_UP' })));
  await postAll(db, [request(transferEntries(fan, kim, 10n))]);
  const [newest, older, kims, none] = await readStatements(db, [
    { accountId: fan, limit: 2 }, { accountId: fan, before: 5n, limit: 10 }, { accountId: kim, limit: 10 }, { accountId: bank, limit: 10 },
  ]);
  const brief = (lines: typeof newest) => lines?.map((line) => [line.version, line.amountMicros, line.balanceAfterMicros]);
  expect(brief(newest)).toEqual([[6n, -10n, 5n], [5n, 5n, 15n]]);
  expect(brief(older)).toEqual([[4n, 4n, 10n], [3n, 3n, 6n], [2n, 2n, 3n], [1n, 1n, 1n]]);
  expect(brief(kims)).toEqual([[1n, 10n, 10n]]);
  expect(none).toEqual([]);
  expect(older?.[3]).toMatchObject({ accountId: fan, kind: 'TOP_UP', causeId: causes[0], createdAt: noon });
  expect(await entryCounts(db, [fan, kim])).toEqual(new Map([[fan, 6n], [kim, 1n]]));
  await expectCleanBooks(db);
});

test.each([
  ['within its hour', 0, 7, 100n, 0n],
  ['the hour before its days are over', 7 * 24, 7, 100n, 0n],
  ['once every credit of its hour has been held its days', 7 * 24 + 1, 7, 0n, 100n],
  ['when nothing is held', 0, 0, 0n, 100n],
])('a credit is available or held: %s', async (_, hoursLater, holdDays, heldMicros, availableMicros) => {
  const { db } = database.current;
  const [bank, loss] = (await openFresh(db, ['clearing', 'platform_loss'])) as [string, string];
  const ownerId = newId();
  const [earnings, payout, debt] = (await transaction(db, (tx) =>
    openAccounts(tx, (['earnings', 'payout', 'debt'] as const).map((kind) => ({ ownerId, kind, currency: 'USD' })), noon))) as [string, string, string];
  await postAll(db, [
    request([{ accountId: bank, amountMicros: -100n }, { accountId: earnings, amountMicros: 100n, held: true }]),
    request(transferEntries(bank, payout, 30n)),
    request(transferEntries(debt, loss, 4n)),
  ]);
  const now = new Date(noon.getTime() + hoursLater * 3_600_000);
  expect(await creatorBalances(db, [ownerId, newId()], { holdDays, now })).toEqual([
    { ownerId, currency: 'USD', availableMicros, heldMicros, earningsMicros: 100n, debtMicros: 4n, inTransitMicros: 30n },
  ]);
  await expectCleanBooks(db);
});

test('held never exceeds what earnings still have', async () => {
  const { db } = database.current;
  const ownerId = newId();
  const [bank] = (await openFresh(db, ['clearing'])) as [string];
  const [earnings] = (await transaction(db, (tx) => openAccounts(tx, [{ ownerId, kind: 'earnings', currency: 'USD' }], noon))) as [string];
  await postAll(db, [
    request([{ accountId: bank, amountMicros: -100n }, { accountId: earnings, amountMicros: 100n, held: true }]),
    request(transferEntries(earnings, bank, 60n)),
  ]);
  const [balance] = await creatorBalances(db, [ownerId], { holdDays: 7, now: noon });
  expect(balance).toMatchObject({ availableMicros: 0n, heldMicros: 40n, earningsMicros: 40n });
});
