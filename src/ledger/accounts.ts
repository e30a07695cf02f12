import { v5 } from 'uuid';
import { newId, type Sql } from '../database/room.ts';

/**
 * Accounts whose balance may not cross zero. They carry a stored balance and a version, and are locked before they move:
 * `debt` stays at or below zero, the others at or above it.
 */
export const guardedKinds = ['wallet', 'earnings', 'reserved', 'payout', 'debt'] as const;

/** Accounts that every batch touches. They are never locked: batches add deltas, and the folder adds those up. */
export const unguardedKinds = ['platform_fee', 'platform_loss', 'clearing', 'processor_fee'] as const;

export type GuardedKind = (typeof guardedKinds)[number];
export type UnguardedKind = (typeof unguardedKinds)[number];
export type AccountKind = GuardedKind | UnguardedKind;

/** Which account: its owner is opaque to the ledger (a person, a creator, the platform, a provider), its currency ISO 4217. */
export interface AccountName {
  readonly ownerId: string;
  readonly kind: AccountKind;
  readonly currency: string;
}

/** The owner of `platform_fee` and `platform_loss`. */
export const PLATFORM_OWNER_ID = '0c9de8a1-5d3c-4c1e-9e0b-6d6c1f0a7e01';

/** The owner of a payment provider's `clearing` and `processor_fee`: the same in every database (UUIDv5 of its name). */
export function providerOwnerId(providerName: string): string {
  return v5(providerName, PLATFORM_OWNER_ID);
}

export function isGuarded(kind: AccountKind): kind is GuardedKind {
  return (guardedKinds as readonly AccountKind[]).includes(kind);
}

/** For SQL texts: `kind IN (${guardedKindList})`. */
export const guardedKindList = guardedKinds.map((kind) => `'${kind}'`).join(', ');

const find = `
  SELECT a.id
  FROM unnest($1::uuid[], $2::text[], $3::text[]) WITH ORDINALITY AS wanted (owner_id, kind, currency, place)
  LEFT JOIN account a ON a.owner_id = wanted.owner_id AND a.kind = wanted.kind AND a.currency = wanted.currency
  ORDER BY wanted.place`;

/** The ids of accounts in the order in which they are named; null for one that was never opened. */
export async function findAccounts(sql: Sql, names: readonly AccountName[]): Promise<(string | null)[]> {
  if (names.length === 0) return [];
  const rows = await sql.query<{ id: string | null }>(find, columnsOf(names));
  return rows.map((row) => row.id);
}

/**
 * Opens the accounts that are missing and answers the ids of all, in the order in which they are named. Commit before the first
 * posting: an account that is opened inside a batch would make other batches wait for it outside the lock order.
 */
export async function openAccounts(tx: Sql, names: readonly AccountName[], now: Date): Promise<string[]> {
  const found = await findAccounts(tx, names);
  const missing = names.filter((_, index) => found[index] === null);
  if (missing.length === 0) return found as string[];
  // In one order everywhere, so that two openers of the same accounts wait for each other and never in a circle.
  await tx.query(
    `INSERT INTO account (id, owner_id, kind, currency, created_at)
     SELECT id, owner_id, kind, currency, $5
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) AS missing (owner_id, kind, currency, id)
     ORDER BY owner_id, kind, currency
     ON CONFLICT (owner_id, kind, currency) DO NOTHING`,
    [...columnsOf(missing), missing.map(() => newId()), now],
  );
  const opened = await findAccounts(tx, names);
  const lost = opened.indexOf(null);
  if (lost >= 0) throw new Error(`The account ${JSON.stringify(names[lost])} was opened by a transaction that this one cannot see.`);
  return opened as string[];
}

// Folded and unfolded are read by one statement, hence at one moment: a fold in between cannot count a delta twice or not at all.
const balances = `
  SELECT a.id, CASE WHEN a.kind IN (${guardedKindList}) THEN a.balance
    ELSE (a.balance + coalesce((SELECT sum(d.amount) FROM balance_delta d WHERE d.account_id = a.id), 0))::bigint END AS balance
  FROM account a WHERE a.id = ANY ($1::uuid[])`;

/** The balances, in micros, of accounts that exist. Takes no lock: to decide on a balance, use `Book.lock`. */
export async function balancesOf(sql: Sql, accountIds: readonly string[]): Promise<Map<string, bigint>> {
  const rows = await sql.query<{ id: string; balance: bigint }>(balances, [accountIds]);
  return new Map(rows.map((row) => [row.id, row.balance]));
}

/** The balance, in micros, of one account. Throws when there is no such account. */
export async function balanceOf(sql: Sql, accountId: string): Promise<bigint> {
  const balance = (await balancesOf(sql, [accountId])).get(accountId);
  if (balance === undefined) throw new Error(`There is no account ${accountId}.`);
  return balance;
}

function columnsOf(names: readonly AccountName[]): [string[], string[], string[]] {
  return [names.map((name) => name.ownerId), names.map((name) => name.kind), names.map((name) => name.currency)];
}
