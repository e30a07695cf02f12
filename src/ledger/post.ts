import type { Tx } from '../database/room.ts';
import { Book } from './book.ts';
import type { EntryRequest, PostingRequest, PostOutcome } from './posting-request.ts';

/**
 * Posts in one go: locks the accounts, decides the requests in their order, writes what was accepted. For those whose entries are
 * known beforehand; a batch that decides by balances uses `Book` itself. Throws `LedgerHalted` and what `Book.post` throws.
 */
export async function post(tx: Tx, requests: readonly PostingRequest[]): Promise<PostOutcome[]> {
  const book = await Book.lock(tx, requests.flatMap((request) => request.entries.map((entry) => entry.accountId)));
  const outcomes = requests.map((request) => book.post(request));
  await book.write(tx);
  return outcomes;
}

/** The entries that move an amount above zero from one account to another: a reservation, its end, a plain transfer. */
export function transferEntries(fromId: string, toId: string, amountMicros: bigint): EntryRequest[] {
  return [
    { accountId: fromId, amountMicros: -amountMicros },
    { accountId: toId, amountMicros },
  ];
}
