import { transaction, type Database } from '../database/room.ts';

/**
 * Adds the deltas of unguarded accounts to their balances and deletes them, in one transaction, so that folded plus unfolded never
 * changes. A delta that commits while this runs is left for the next fold: rows are taken as they are seen, never up to an id, since
 * ids commit out of order. Answers how many accounts it folded; accounts that another process folds right now are left to it.
 */
export async function foldDeltas(db: Database): Promise<number> {
  return transaction(db, async (tx) => {
    const accounts = await tx.query<{ id: string }>(
      `SELECT a.id FROM account a WHERE EXISTS (SELECT FROM balance_delta d WHERE d.account_id = a.id)
       ORDER BY a.id FOR NO KEY UPDATE SKIP LOCKED`,
    );
    if (accounts.length === 0) return 0;
    await tx.query(
      `WITH taken AS (DELETE FROM balance_delta WHERE account_id = ANY ($1::uuid[]) RETURNING account_id, amount),
         sums AS (SELECT account_id, sum(amount)::bigint AS amount FROM taken GROUP BY account_id)
       UPDATE account a SET balance = a.balance + sums.amount FROM sums WHERE a.id = sums.account_id`,
      [accounts.map((account) => account.id)],
    );
    return accounts.length;
  });
}
