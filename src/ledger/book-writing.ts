import type { Sql } from '../database/room.ts';
import type { BookAccount, BookEntry, Decided, HoldMove } from './book-pages.ts';
import type { PostingRequest } from './posting-request.ts';

/** Stores a book: one statement a table, whatever the number of postings, all of them sent together. */
export async function writeBook(tx: Sql, decided: Decided, accounts: readonly BookAccount[]): Promise<void> {
  await Promise.all([
    insertPostings(tx, decided.postings),
    insertEntries(tx, decided.entries),
    updateGuarded(tx, accounts.filter((account) => account.version !== account.writtenVersion)),
    insertDeltas(tx, accounts.filter((account) => !account.guarded && account.balance !== account.writtenBalance)),
    raiseHolds(tx, [...decided.holds.values()].filter((hold) => hold.amountMicros > 0n)),
    lowerHolds(tx, [...decided.holds.values()].filter((hold) => hold.amountMicros < 0n)),
  ]);
  for (const account of accounts) {
    account.writtenBalance = account.balance;
    account.writtenVersion = account.version;
  }
}

async function insertPostings(tx: Sql, postings: readonly PostingRequest[]): Promise<void> {
  const columns = [
    postings.map((posting) => posting.id),
    postings.map((posting) => posting.kind),
    postings.map((posting) => posting.currency),
    postings.map((posting) => posting.causeId),
    postings.map((posting) => posting.resolves ?? null),
    postings.map((posting) => posting.createdAt),
  ];
  // Hardly any is held longer, and most batches are spared the column.
  if (postings.every((posting) => !posting.heldFrom)) await tx.query(insertPlain, columns);
  else await tx.query(insertHeld, [...columns, postings.map((posting) => posting.heldFrom ?? null)]);
}

const insertPlain = `
  INSERT INTO posting (id, kind, currency, cause_id, resolves, created_at)
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[])`;

const insertHeld = `
  INSERT INTO posting (id, kind, currency, cause_id, resolves, created_at, held_from)
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::timestamptz[])`;

async function insertEntries(tx: Sql, entries: readonly BookEntry[]): Promise<void> {
  await tx.query(
    `INSERT INTO entry (posting_id, account_id, amount, version, balance_after)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[])`,
    [
      entries.map((entry) => entry.postingId),
      entries.map((entry) => entry.accountId),
      entries.map((entry) => entry.amountMicros),
      entries.map((entry) => entry.version),
      entries.map((entry) => entry.balanceAfterMicros),
    ],
  );
}

/** The rows are locked already. The version that was read is asked for again, so that a missing lock shows as an error, not as money. */
async function updateGuarded(tx: Sql, accounts: readonly BookAccount[]): Promise<void> {
  if (accounts.length === 0) return;
  const updated = await tx.query<{ id: string }>(
    `UPDATE account a SET balance = n.balance, version = n.version
     FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n (id, balance, version, version_read)
     WHERE a.id = n.id AND a.version = n.version_read
     RETURNING a.id`,
    [
      accounts.map((account) => account.id),
      accounts.map((account) => account.balance),
      accounts.map((account) => account.version),
      accounts.map((account) => account.writtenVersion),
    ],
  );
  if (updated.length < accounts.length) {
    const stored = new Set(updated.map((row) => row.id));
    const moved = accounts.find((account) => !stored.has(account.id));
    throw new Error(`The account ${moved?.id} is no longer at version ${moved?.writtenVersion}: it moved under this book's lock.`);
  }
}

/** One row a batch for each account that everybody touches: nobody waits for anybody. */
async function insertDeltas(tx: Sql, accounts: readonly BookAccount[]): Promise<void> {
  if (accounts.length === 0) return;
  await tx.query('INSERT INTO balance_delta (account_id, amount) SELECT * FROM unnest($1::uuid[], $2::bigint[])', [
    accounts.map((account) => account.id),
    accounts.map((account) => account.balance - account.writtenBalance),
  ]);
}

/** Buckets change only under their account's lock, so they need no order of their own. */
async function raiseHolds(tx: Sql, holds: readonly HoldMove[]): Promise<void> {
  if (holds.length === 0) return;
  await tx.query(
    `INSERT INTO earnings_hold AS h (account_id, hour, amount)
     SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[])
     ON CONFLICT (account_id, hour) DO UPDATE SET amount = h.amount + excluded.amount`,
    holdColumns(holds),
  );
}

async function lowerHolds(tx: Sql, holds: readonly HoldMove[]): Promise<void> {
  if (holds.length === 0) return;
  await tx.query(
    `UPDATE earnings_hold h SET amount = greatest(0, h.amount + n.amount)
     FROM unnest($1::uuid[], $2::timestamptz[], $3::bigint[]) AS n (account_id, hour, amount)
     WHERE h.account_id = n.account_id AND h.hour = n.hour`,
    holdColumns(holds),
  );
}

function holdColumns(holds: readonly HoldMove[]): unknown[][] {
  return [holds.map((hold) => hold.accountId), holds.map((hold) => hold.hour), holds.map((hold) => hold.amountMicros)];
}
