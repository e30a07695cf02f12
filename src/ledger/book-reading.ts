import type { Sql } from '../database/room.ts';
import { guardedKindList, isGuarded, type AccountKind } from './accounts.ts';
import type { BookAccount } from './book-pages.ts';

interface AccountRow {
  id: string;
  kind: AccountKind;
  currency: string;
  balance: bigint;
  version: bigint;
  halt_reason: string | null;
}

/** Locks guarded accounts, ascending. NO KEY: plain FOR UPDATE would block the foreign keys of other batches' entries. */
export async function lockAccounts(tx: Sql, accountIds: readonly string[]): Promise<void> {
  await tx.query(
    `SELECT id FROM account WHERE id = ANY ($1::uuid[]) AND kind IN (${guardedKindList}) ORDER BY id FOR NO KEY UPDATE`,
    [accountIds],
  );
}

/** Reads locked accounts, and which of their currencies are halted. */
export async function readAccounts(
  tx: Sql,
  accountIds: readonly string[],
): Promise<{ accounts: Map<string, BookAccount>; halts: Map<string, string> }> {
  const rows = await tx.query<AccountRow>(
    `SELECT a.id, a.kind, a.currency, a.balance, a.version, h.reason AS halt_reason
     FROM account a LEFT JOIN ledger_halt h ON h.currency = a.currency
     WHERE a.id = ANY ($1::uuid[])`,
    [accountIds],
  );
  const accounts = new Map(rows.map((row) => [row.id, openPage(row)]));
  const missing = accountIds.find((id) => !accounts.has(id));
  if (missing) throw new Error(`There is no account ${missing}: open and commit accounts before their first posting.`);
  const halts = new Map(rows.flatMap((row) => (row.halt_reason === null ? [] : [[row.currency, row.halt_reason] as const])));
  return { accounts, halts };
}

/** Why postings have stopped, by currency. Takes no lock: to decide by it, use `Book.lock`. */
export async function readHalts(sql: Sql): Promise<Map<string, string>> {
  const rows = await sql.query<{ currency: string; reason: string }>('SELECT currency, reason FROM ledger_halt');
  return new Map(rows.map((row) => [row.currency, row.reason]));
}

function openPage(row: AccountRow): BookAccount {
  const guarded = isGuarded(row.kind);
  const balance = guarded ? row.balance : 0n;
  return {
    id: row.id,
    kind: row.kind,
    currency: row.currency,
    guarded,
    balance,
    version: row.version,
    writtenBalance: balance,
    writtenVersion: row.version,
  };
}
