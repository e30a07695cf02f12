import { newId, transaction, type Database } from '../../src/database/room.ts';
import { openAccounts, post, type AccountKind, type EntryRequest, type PostingRequest, type PostOutcome } from '../../src/ledger/room.ts';

export const noon = new Date('2026-03-01T12:00:00Z');

/** Opens accounts of owners of their own, committed, and answers their ids in the given order. */
export async function openFresh(db: Database, kinds: readonly AccountKind[], currency = 'USD'): Promise<string[]> {
  return transaction(db, (tx) => openAccounts(tx, kinds.map((kind) => ({ ownerId: newId(), kind, currency })), noon));
}

/** A posting request of kind `test` whose remaining figures do not matter. */
export function request(entries: readonly EntryRequest[], more: Partial<PostingRequest> = {}): PostingRequest {
  return { id: newId(), kind: 'test', causeId: newId(), currency: 'USD', entries, createdAt: noon, ...more };
}

export async function postAll(db: Database, requests: readonly PostingRequest[]): Promise<PostOutcome[]> {
  return transaction(db, (tx) => post(tx, requests));
}
