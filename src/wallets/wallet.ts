import type { Sql } from '../database/room.ts';

/** A person's prepaid money of one currency: an account of the ledger, and its id. */
export interface Wallet {
  readonly id: string;
  readonly personId: string;
  readonly currency: string;
  readonly balanceMicros: bigint;
}

const columns = 'id, owner_id AS "personId", currency, balance AS "balanceMicros"';

/** Wallets in the order of the ids; null for one that is not there. */
export async function readWallets(sql: Sql, ids: readonly string[]): Promise<(Wallet | null)[]> {
  const rows = await sql.query<Wallet>(`SELECT ${columns} FROM account WHERE kind = 'wallet' AND id = ANY ($1::uuid[])`, [ids]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** Every wallet of a person, by currency. */
export function readWalletsOf(sql: Sql, personId: string): Promise<Wallet[]> {
  return sql.query<Wallet>(`SELECT ${columns} FROM account WHERE kind = 'wallet' AND owner_id = $1 ORDER BY currency`, [personId]);
}

/** A person's wallet of one currency; null while they never had one. */
export async function readWalletOf(sql: Sql, personId: string, currency: string): Promise<Wallet | null> {
  const wallets = await sql.query<Wallet>(
    `SELECT ${columns} FROM account WHERE kind = 'wallet' AND owner_id = $1 AND currency = $2`,
    [personId, currency],
  );
  return wallets[0] ?? null;
}
