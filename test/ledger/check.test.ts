import { beforeEach, expect, test } from '@jest/globals';
import { newId, Services, clockService, databaseService, type Invariant } from '../../src/database/room.ts';
import { check, foldDeltas, LedgerHalted, ledgerAlarmService, ledgerRoom, transferEntries, type CheckOptions } from '../../src/ledger/room.ts';
import { expectCleanBooks } from '../support/books.ts';
import { eachTestDatabase } from '../support/database.ts';
import { tamper } from './owner.ts';
import { noon, openFresh, postAll, request } from './world.ts';

const database = eachTestDatabase();

let bank: string, fee: string, fan: string, amy: string, debt: string, spare: string, reserve: string, spend: string;

beforeEach(async () => {
  const { db } = database.current;
  [bank, fee, fan, amy, debt, spare] = (await openFresh(db, ['clearing', 'platform_fee', 'wallet', 'earnings', 'debt', 'wallet'])) as [
    string, string, string, string, string, string];
  [reserve, spend] = [newId(), newId()];
  await postAll(db, [
    request(transferEntries(bank, fan, 1_000n)),
    request(transferEntries(fan, amy, 100n), { id: reserve }),
    request([{ accountId: fan, amountMicros: -200n }, { accountId: amy, amountMicros: 190n, held: true }, { accountId: fee, amountMicros: 10n }], {
      id: spend, resolves: reserve,
    }),
    request(transferEntries(fan, amy, 50n)),
    request(transferEntries(debt, bank, 7n)),
  ]);
});

async function broken(options: Partial<CheckOptions> = {}): Promise<string[]> {
  const lines = await check(database.current.db, { full: true, ...options });
  return lines.filter((line) => !line.ok).map((line) => line.name);
}

const balance = 'every stored balance equals its entries';
const versions = 'the versions of every account run 1, 2, 3 … to the stored one';
const chain = 'every balance after an entry is the one before it plus its amount';
const sides = 'no guarded balance is, or ever was, on its wrong side';
const buckets = 'no hold bucket holds more than was earned in its hour';
const postings = 'every posting has two entries or more, and they sum to zero';
const currencies = 'every entry is in its posting’s currency';
const numbered = 'entries of guarded accounts, and no others, are numbered';
const resolved = 'what a posting resolves is of its own currency';
const zero = 'every currency sums to zero';
const deltas = 'only unguarded accounts have deltas, and they have no version';
const unguarded = 'every unguarded balance, folded and not, equals its entries';
const orphans = 'every entry has its posting and its account';

interface Tampering {
  readonly what: string;
  readonly sql: () => string[];
  readonly breaks: readonly string[];
}

const tamperings: Tampering[] = [
  {
    what: 'a balance is raised',
    sql: () => [`UPDATE account SET balance = balance + 1 WHERE id = '${fan}'`],
    breaks: [balance, zero],
  },
  {
    what: 'a balance is moved to another account',
    sql: () => [`UPDATE account SET balance = balance - 1 WHERE id = '${fan}'`, `UPDATE account SET balance = balance + 1 WHERE id = '${amy}'`],
    breaks: [balance],
  },
  { what: 'a version is skipped', sql: () => [`UPDATE account SET version = version + 1 WHERE id = '${fan}'`], breaks: [versions] },
  { what: 'a version is taken back', sql: () => [`UPDATE account SET version = version - 1 WHERE id = '${fan}'`], breaks: [versions] },
  {
    what: 'an entry is renumbered',
    sql: () => [`UPDATE entry SET version = 9 WHERE account_id = '${fan}' AND version = 4`],
    breaks: [versions],
  },
  {
    what: 'a balance after an entry is rewritten',
    sql: () => [`UPDATE entry SET balance_after = balance_after - 1 WHERE account_id = '${fan}' AND version = 2`],
    breaks: [chain],
  },
  {
    what: 'an amount is rewritten',
    sql: () => [`UPDATE entry SET amount = amount - 1 WHERE account_id = '${fan}' AND version = 2`],
    breaks: [balance, chain, postings],
  },
  {
    what: 'an entry is deleted',
    sql: () => [`DELETE FROM entry WHERE account_id = '${fan}' AND version = 2`],
    breaks: [balance, versions, chain, postings],
  },
  {
    what: 'the entry of an unguarded account is deleted',
    sql: () => [`DELETE FROM entry WHERE account_id = '${fee}'`],
    breaks: [postings, unguarded],
  },
  {
    what: 'a posting is deleted with its entries',
    sql: () => [`DELETE FROM entry WHERE posting_id = '${spend}'`, `DELETE FROM posting WHERE id = '${spend}'`],
    breaks: [balance, versions, chain, buckets, unguarded],
  },
  { what: 'a posting is deleted alone', sql: () => [`DELETE FROM posting WHERE id = '${spend}'`], breaks: [buckets, orphans] },
  { what: 'an account is deleted', sql: () => [`DELETE FROM account WHERE id = '${fee}'`, 'DELETE FROM balance_delta'], breaks: [zero, unguarded, orphans] },
  {
    what: 'a wallet is overdrawn',
    sql: () => [
      'ALTER TABLE account DROP CONSTRAINT account_not_overdrawn',
      `INSERT INTO posting VALUES ('${newId()}', 'test', 'USD', '${bank}', NULL, now())`,
      `INSERT INTO entry SELECT id, '${spare}', -5, 1, -5 FROM posting WHERE cause_id = '${bank}'`,
      `INSERT INTO entry SELECT id, '${bank}', 5, NULL, NULL FROM posting WHERE cause_id = '${bank}'`,
      `UPDATE account SET balance = -5, version = 1 WHERE id = '${spare}'`,
      `INSERT INTO balance_delta (account_id, amount) VALUES ('${bank}', 5)`,
    ],
    breaks: [sides],
  },
  {
    what: 'a hold bucket is raised',
    sql: () => [`UPDATE earnings_hold SET amount = amount + 1_000`],
    breaks: [buckets],
  },
  {
    what: 'a hold bucket appears on a wallet',
    sql: () => [`UPDATE earnings_hold SET account_id = '${fan}'`],
    breaks: [buckets],
  },
  { what: 'a posting changes its currency', sql: () => [`UPDATE posting SET currency = 'EUR' WHERE id = '${spend}'`], breaks: [currencies, resolved] },
  {
    what: 'an entry loses its number',
    sql: () => [`UPDATE entry SET version = NULL, balance_after = NULL WHERE account_id = '${amy}' AND version = 3`],
    breaks: [balance, versions, numbered],
  },
  { what: 'a delta is lost', sql: () => [`DELETE FROM balance_delta WHERE account_id = '${fee}'`], breaks: [zero, unguarded] },
  {
    what: 'a delta is put on a guarded account',
    sql: () => [`UPDATE balance_delta SET account_id = '${fan}' WHERE account_id = '${fee}'`],
    breaks: [deltas, unguarded],
  },
  { what: 'a resolution points nowhere', sql: () => [`UPDATE posting SET resolves = '${fan}' WHERE id = '${spend}'`], breaks: [resolved] },
];

test.each(tamperings.map((one) => [one.what, one] as const))('the whole check finds it when %s', async (_, { sql, breaks }) => {
  await expectCleanBooks(database.current.db);
  await tamper(database.current, sql());
  expect((await broken()).sort()).toEqual([...breaks].sort());
  await expect(expectCleanBooks(database.current.db)).rejects.toThrow(`not ${breaks[0]}`);
});

test('every line of the whole check is broken by some tampering', async () => {
  const names = (await check(database.current.db, { full: true })).map((line) => line.name);
  const covered = new Set(tamperings.flatMap((one) => one.breaks));
  expect(names.filter((name) => !covered.has(name))).toEqual([]);
});

test('slices of any size find the same and count everything once', async () => {
  await tamper(database.current, [`UPDATE account SET balance = balance + 1 WHERE id IN ('${fan}', '${amy}')`]);
  for (const sliceSize of [1, 2, 1_000]) {
    const lines = await check(database.current.db, { full: true, sliceSize });
    const found = new Map(lines.map((line) => [line.name, line]));
    expect(found.get(balance)?.violations.map((row) => row['account_id']).sort()).toEqual([fan, amy].sort());
    expect([found.get(balance)?.checked, found.get(postings)?.checked]).toEqual([4, 5]);
  }
});

test('at most ten rows of a broken line are shown', async () => {
  const wallets = await openFresh(database.current.db, Array<'wallet'>(15).fill('wallet'));
  await tamper(database.current, [`UPDATE account SET balance = 1 WHERE id IN (${wallets.map((id) => `'${id}'`).join(', ')})`]);
  const lines = await check(database.current.db, { full: true, sliceSize: 3 });
  expect(lines.find((line) => line.name === balance)?.violations).toHaveLength(10);
});

test('the incremental check reads only what moved since its checkpoints', async () => {
  const { db } = database.current;
  const counted = async () => (await check(db, { full: false })).map((line) => line.checked).slice(0, 5);
  expect(await counted()).toEqual([3, 3, 3, 3, 5]);
  expect(await counted()).toEqual([0, 0, 0, 0, 0]);
  await postAll(db, [request(transferEntries(fan, spare, 3n))]);
  expect(await counted()).toEqual([2, 2, 2, 2, 1]);
  expect(await db.query('SELECT c.version = a.version AS proven FROM ledger_checkpoint c JOIN account a ON a.id = c.account_id')).toEqual(
    Array.from({ length: 4 }, () => ({ proven: true })),
  );
});

test.each(tamperings.filter((one) => one.breaks.includes(zero) || one.what.startsWith('a version')).map((one) => [one.what, one] as const))(
  'the incremental check finds it too when %s after a checkpoint',
  async (_, { sql }) => {
    expect(await broken({ full: false })).toEqual([]);
    await tamper(database.current, sql());
    expect(await broken({ full: false })).not.toEqual([]);
    expect(await broken({ full: false })).not.toEqual([]);
  },
);

test('what a slice proves and the checkpoint that it leaves are of one moment', async () => {
  const { db } = database.current;
  let struck = false;
  /** Tampers as soon as the check has read where the accounts stand, before it proves them. */
  const client = async () => {
    const held = await db.client();
    const query = held.query.bind(held) as (...args: unknown[]) => Promise<unknown>;
    held.query = (async (statement: { text?: string }, ...rest: unknown[]) => {
      const answer = await query(statement, ...rest);
      if (!struck && statement.text?.includes('SELECT id, version, balance FROM base')) {
        struck = true;
        await tamper(database.current, [`UPDATE account SET balance = balance + 1 WHERE id = '${fan}'`]);
      }
      return answer;
    }) as typeof held.query;
    return held;
  };
  const lines = await check({ ...db, client }, { full: false });
  expect(struck).toBe(true);
  expect(lines.find((line) => line.name === balance)).toMatchObject({ ok: true, checked: 3 });
  expect(await db.query('SELECT balance FROM ledger_checkpoint WHERE account_id = $1', [fan])).toEqual([{ balance: 650n }]);
  expect(await broken({ full: false })).toEqual([balance, zero]);
});

test('a broken account gets no checkpoint', async () => {
  await tamper(database.current, [`UPDATE entry SET balance_after = balance_after - 1 WHERE account_id = '${fan}' AND version = 2`]);
  expect(await broken({ full: false })).toEqual([chain]);
  expect(await database.current.db.query('SELECT FROM ledger_checkpoint WHERE account_id = $1', [fan])).toEqual([]);
  expect(await broken({ full: false })).toEqual([chain]);
});

test('the invariants of other rooms are lines of the whole check, and halt the currency that they name', async () => {
  const { db } = database.current;
  const invariants: Invariant[] = [
    { name: 'nobody is called fan', sql: `SELECT 'EUR' AS currency, 'fan' AS name` },
    { name: 'nothing is amiss', sql: 'SELECT 1 AS amiss WHERE false' },
    { name: 'one is two', sql: 'SELECT 1 AS one' },
  ];
  const alarms: string[] = [];
  const lines = await check(db, { full: true, invariants, haltOnFailure: true, alarm: (line) => alarms.push(line) });
  expect(lines.slice(-3)).toEqual([
    { name: 'nobody is called fan', ok: false, violations: [{ currency: 'EUR', name: 'fan' }], checked: null },
    { name: 'nothing is amiss', ok: true, violations: [], checked: null },
    { name: 'one is two', ok: false, violations: [{ one: 1 }], checked: null },
  ]);
  expect(await db.query('SELECT currency, reason FROM ledger_halt')).toEqual([{ currency: 'EUR', reason: 'not nobody is called fan' }]);
  expect(alarms).toHaveLength(2);
});

test('a failure that a second snapshot does not confirm is none', async () => {
  const { db } = database.current;
  const other = await database.current.connect();
  await db.query(`INSERT INTO counter VALUES ($1, 'flicker', 1)`, [newId()]);
  // While the line's snapshot is open it holds a lock, by which the failpoint knows that it has been asked once.
  const flicker: Invariant = {
    name: 'nothing flickers',
    sql: `SELECT 'USD' AS currency FROM counter WHERE name = 'flicker' AND pg_try_advisory_xact_lock(77)`,
  };
  expect(await broken({ invariants: [flicker] })).toEqual(['nothing flickers']);
  let mended = 0;
  db.failpoint = async () => {
    mended += (await other.query(`DELETE FROM counter WHERE EXISTS (
      SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ) RETURNING name`)).length;
  };
  expect(await broken({ invariants: [flicker], haltOnFailure: true })).toEqual([]);
  expect(mended).toBe(1);
  expect(await db.query('SELECT * FROM ledger_halt')).toEqual([]);
});

test('the timer halts a broken currency and raises the alarm; the others go on', async () => {
  const { db } = database.current;
  const [euroBank, euroFan] = (await openFresh(db, ['clearing', 'wallet'], 'EUR')) as [string, string];
  const alarms: string[] = [];
  const services = new Services()
    .provide(databaseService, db)
    .provide(clockService, { now: () => noon })
    .provide(ledgerAlarmService, (line) => alarms.push(line));
  const checking = ledgerRoom.jobs?.find((job) => job.name === 'check the books');
  await checking?.run(services, new AbortController().signal);
  expect(await db.query('SELECT * FROM ledger_halt')).toEqual([]);
  await tamper(database.current, [`UPDATE account SET balance = balance + 1 WHERE id = '${fan}'`]);
  await checking?.run(services, new AbortController().signal);
  expect(await db.query('SELECT * FROM ledger_halt')).toEqual([{ currency: 'USD', reason: `not ${balance}`, halted_at: noon }]);
  expect(alarms[0]).toContain(`not ${balance}`);
  expect(alarms[0]).toContain(fan);
  await expect(postAll(db, [request(transferEntries(fan, amy, 1n))])).rejects.toThrow(LedgerHalted);
  expect(await postAll(db, [request(transferEntries(euroBank, euroFan, 1n), { currency: 'EUR' })])).toEqual([{ ok: true }]);
});

test('the check is clean while writers and folders run', async () => {
  const { db } = database.current;
  const other = await database.current.connect();
  let checks = 0;
  const running = () => checks < 6;
  const writer = async () => {
    while (running()) {
      await postAll(db, [
        request([{ accountId: fan, amountMicros: -2n }, { accountId: amy, amountMicros: 1n, held: true }, { accountId: fee, amountMicros: 1n }]),
        request(transferEntries(bank, fan, 2n)),
      ]);
    }
  };
  const folder = async () => {
    while (running()) await foldDeltas(db);
  };
  const checker = async () => {
    while (running()) {
      expect(await check(other, { full: checks % 2 === 0, sliceSize: 1_000 }).then((lines) => lines.filter((line) => !line.ok))).toEqual([]);
      checks++;
    }
  };
  await Promise.all([writer(), writer(), folder(), checker()]);
  await expectCleanBooks(db);
});
