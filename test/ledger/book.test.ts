import { expect, test } from '@jest/globals';
import { failureKind, newId, transaction } from '../../src/database/room.ts';
import { Book, LedgerHalted, transferEntries } from '../../src/ledger/room.ts';
import { expectCleanBooks } from '../support/books.ts';
import { eachTestDatabase } from '../support/database.ts';
import { runTable } from './tables.ts';
import { noon, openFresh, postAll, request } from './world.ts';

const database = eachTestDatabase();

async function expectTable(table: string): Promise<void> {
  await runTable(database.current.db, table);
  await expectCleanBooks(database.current.db);
}

test('a refused posting leaves no trace, and a smaller one after it passes', () =>
  expectTable(`
    account  bank  clearing  USD
    account  fan   wallet    USD
    account  amy   earnings  USD
    post     t1    bank -100  fan +100   => ok
    commit
    post     t2    fan  -500  amy +500   => short fan 400 of 100
    post     t3    fan  -1    amy +1     => ok
    post     t4    fan  -1    amy +1     => ok
    commit
    balance  fan   98    version 3
    balance  amy   2     version 2
    balance  bank  -100  version 0
  `));

test('each posting of a batch is decided against what its accepted predecessors left', () =>
  expectTable(`
    account  bank  clearing      USD
    account  fan   wallet        USD
    account  amy   earnings      USD
    account  fee   platform_fee  USD
    post     t1    bank -100  fan +100            => ok
    post     t2    fan  -60   amy +57   fee +3    => ok
    post     t3    fan  -60   amy +57   fee +3    => short fan 20 of 40
    post     t4    fan  -40   amy +38   fee +2    => ok
    post     t5    fan  -1    amy +1              => short fan 1 of 0
    commit
    balance  fan   0     version 3
    balance  amy   95    version 2
    balance  fee   5     version 0
    balance  bank  -100  version 0
  `));

test('the first account that falls short, in the order of the entries, is named', () =>
  expectTable(`
    account  bank  clearing  USD
    account  fan   wallet    USD
    account  kim   wallet    USD
    post     t1    kim  -7   fan  -3   bank +10   => short kim 7 of 0
    post     t2    fan  -3   kim  -7   bank +10   => short fan 3 of 0
  `));

test('every guarded kind keeps to its side of zero, and unguarded ones have no sides', () =>
  expectTable(`
    account  bank   clearing        USD
    account  card   processor_fee   USD
    account  loss   platform_loss   USD
    account  fan    wallet          USD
    account  amy    earnings        USD
    account  aside  reserved        USD
    account  out    payout          USD
    account  owed   debt            USD
    post     t1     fan   -1   bank +1    => short fan 1 of 0
    post     t2     amy   -1   bank +1    => short amy 1 of 0
    post     t3     aside -1   bank +1    => short aside 1 of 0
    post     t4     out   -1   bank +1    => short out 1 of 0
    post     t5     bank  -1   owed +1    => throws repays 1 micros more
    post     t6     owed  -9   bank +9    => ok
    post     t7     bank  -5   owed +5    => ok
    post     t8     loss  -3   card +3    => ok
    commit
    balance  owed   -4   version 2
    balance  bank   4    version 0
    balance  loss   -3   version 0
  `));

test('what only a bug can ask for throws and leaves no trace', () =>
  expectTable(`
    account  bank   clearing  USD
    account  fan    wallet    USD
    account  euro   wallet    EUR
    post     t1     bank -100  fan +99              => throws sums to -1
    post     t2     bank -100  euro +100            => throws is in USD, but its account
    post     t3     bank 0     fan 0                => throws moves nothing
    post     t4     bank -2    fan +1   fan +1      => throws names an account twice
    post     t5     bank -2    nobody +2            => throws is not in this book
    post     t6     bank -1    fan +1 held          => throws holds on a wallet account
    post     t7     bank -9223372036854775808   fan +9223372036854775808   => throws beyond 64 bits
    post     t8     bank -1    fan +1               => ok
    post     t8     bank -1    fan +1               => throws is the second posting
    commit
    balance  fan    1    version 1
    balance  bank   -1   version 0
  `));

test('a reservation is ended once, by a posting that points at it', async () => {
  const table = `
    account  bank   clearing  USD
    account  fan    wallet    USD
    account  aside  reserved  USD
    post     t1     bank  -100  fan   +100                  => ok
    post     t2     fan   -70   aside +70                   => ok
    commit
    post     t3     aside -70   bank  +50  fan +20  resolves t2  => ok
    post     t4     aside -1    bank  +1            resolves t2  => short aside 1 of 0
    commit
    balance  fan    50  version 3
    balance  aside  0   version 2
    post     t5     fan   -1    bank  +1            resolves t2  => ok`;
  // Nothing in memory knows of the earlier batch: the database refuses the second end.
  const refused = await runTable(database.current.db, table).catch(failureKind);
  expect(refused).toBe('CONFLICT');
  await expectCleanBooks(database.current.db);
});

test('a credit to earnings repays debt first, and only what reaches earnings is held', () =>
  expectTable(`
    account  bank  clearing  USD
    account  amy   earnings  USD
    account  owed  debt      USD
    time     11:30
    post     t1    owed -150  bank +150      => ok
    credit   t2    bank -100  amy/owed       => ok
    credit   t3    bank -100  amy/owed       => ok
    time     12:10
    credit   t4    bank -7    amy/owed       => ok
    commit
    balance  owed  0    version 3
    balance  amy   57   version 2
    hold     amy   11:00  50
    hold     amy   12:00  7
  `));

test('a reversal lowers the bucket that its credit came from, to zero at least', () =>
  expectTable(`
    account  bank  clearing  USD
    account  amy   earnings  USD
    time     11:30
    post     t1    bank -100  amy +100 held          => ok
    post     t2    bank -50   amy +50                => ok
    time     12:00
    post     t3    bank -10   amy +10 held           => ok
    commit
    post     t4    amy -30 back@11:59   bank +30     => ok
    commit
    hold     amy   11:00  70
    post     t5    amy -90 back@11:00   bank +90     => ok
    post     t6    amy -1  back@09:00   bank +1      => ok
    commit
    hold     amy   11:00  0
    hold     amy   12:00  10
    hold     amy   09:00  none
    balance  amy   39  version 6
  `));

test('a book may be written, used further and written again in one transaction', async () => {
  const { db } = database.current;
  const [bank, fan] = (await openFresh(db, ['clearing', 'wallet'])) as [string, string];
  await transaction(db, async (tx) => {
    const book = await Book.lock(tx, [fan, bank, fan]);
    for (const amount of [5n, 7n]) {
      book.post(request(transferEntries(bank, fan, amount)));
      await book.write(tx);
      await book.write(tx);
    }
    expect([book.balance(fan), book.version(fan)]).toEqual([12n, 2n]);
    expect(() => book.balance(bank)).toThrow('is not locked');
  });
  await expectCleanBooks(db);
});

test('a batch adds one delta a touched unguarded account, however many postings it has', async () => {
  const { db } = database.current;
  const [bank, fan, fee] = (await openFresh(db, ['clearing', 'wallet', 'platform_fee'])) as [string, string, string];
  await postAll(db, Array.from({ length: 20 }, () => request([
    { accountId: bank, amountMicros: -10n }, { accountId: fan, amountMicros: 9n }, { accountId: fee, amountMicros: 1n },
  ])));
  const deltas = await db.query('SELECT account_id, amount FROM balance_delta ORDER BY amount');
  expect(deltas).toEqual([{ account_id: bank, amount: -200n }, { account_id: fee, amount: 20n }]);
  await expectCleanBooks(db);
});

test('one cause has at most one posting of a kind', async () => {
  const { db } = database.current;
  const [bank, fan] = (await openFresh(db, ['clearing', 'wallet'])) as [string, string];
  const causeId = newId();
  const once = () => postAll(db, [request(transferEntries(bank, fan, 5n), { causeId })]);
  await once();
  expect(await once().catch(failureKind)).toBe('CONFLICT');
  await expectCleanBooks(db);
});

test('a halted currency refuses postings and leaves the others alone', async () => {
  const { db } = database.current;
  const [bank, fan] = (await openFresh(db, ['clearing', 'wallet'])) as [string, string];
  const [euroBank, euroFan] = (await openFresh(db, ['clearing', 'wallet'], 'EUR')) as [string, string];
  await db.query(`INSERT INTO ledger_halt (currency, reason, halted_at) VALUES ('USD', 'not sound', $1)`, [noon]);
  await transaction(db, async (tx) => {
    const book = await Book.lock(tx, [bank, fan, euroBank, euroFan]);
    expect([book.haltReason('USD'), book.haltReason('EUR')]).toEqual(['not sound', null]);
    expect(() => book.post(request(transferEntries(bank, fan, 5n)))).toThrow(LedgerHalted);
    expect(book.post(request(transferEntries(euroBank, euroFan, 5n), { currency: 'EUR' }))).toEqual({ ok: true });
    await book.write(tx);
  });
  expect(await db.query('SELECT currency FROM posting')).toEqual([{ currency: 'EUR' }]);
  await expectCleanBooks(db);
});

test('an account that was never opened cannot be locked', async () => {
  const missing = newId();
  await expect(transaction(database.current.db, (tx) => Book.lock(tx, [missing]))).rejects.toThrow(`There is no account ${missing}`);
});
