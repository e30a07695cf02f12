import { newId, transaction, type Database } from '../database/room.ts';
import { openAccounts, providerOwnerId, transferEntries, type AccountName, type Book, type PostingRequest } from '../ledger/room.ts';
import type { Payout } from './payout.ts';

/** A creator's accounts that payouts move, by id. */
export interface CreatorAccounts {
  readonly earningsId: string;
  readonly debtId: string;
  readonly inTransitId: string;
}

/** The same, and the account of the provider that pays out. */
export interface PayoutAccounts extends CreatorAccounts {
  readonly clearingId: string;
}

/** Opens what a reservation will move, and commits that, as postings need. */
export async function openCreatorAccounts(db: Database, creatorId: string, currency: string, now: Date): Promise<CreatorAccounts> {
  const kinds = ['earnings', 'debt', 'payout'] as const;
  const names = kinds.map((kind): AccountName => ({ ownerId: creatorId, kind, currency }));
  const [earningsId, debtId, inTransitId] = (await open(db, names, now)) as [string, string, string];
  return { earningsId, debtId, inTransitId };
}

/** Opens what the end of a payout will move, and commits that. */
export async function openPayoutAccounts(db: Database, { creatorId, provider, currency }: Pick<Payout, 'creatorId' | 'provider' | 'currency'>, now: Date): Promise<PayoutAccounts> {
  const own = await openCreatorAccounts(db, creatorId, currency, now);
  const [clearingId] = (await open(db, [{ ownerId: providerOwnerId(provider), kind: 'clearing', currency }], now)) as [string];
  return { ...own, clearingId };
}

function open(db: Database, names: readonly AccountName[], now: Date): Promise<string[]> {
  return transaction(db, (tx) => openAccounts(tx, names, now), { rerunLostCommit: true });
}

/** Reserves a payout: from the earnings to what is on its way. */
export function reservation(payout: Payout, { earningsId, inTransitId }: CreatorAccounts): PostingRequest {
  return {
    id: newId(), kind: 'PAYOUT', causeId: payout.id, currency: payout.currency, createdAt: payout.createdAt,
    entries: transferEntries(earningsId, inTransitId, payout.amountMicros),
  };
}

/** The money has left: the provider owes us that much less, so its clearing account rises towards zero. */
export function settlement(payout: Payout, reservationId: string, { inTransitId, clearingId }: PayoutAccounts, now: Date): PostingRequest {
  return {
    id: newId(), kind: 'PAYOUT_SETTLED', causeId: payout.id, currency: payout.currency, resolves: reservationId, createdAt: now,
    entries: transferEntries(inTransitId, clearingId, payout.amountMicros),
  };
}

/**
 * The money is the creator's again, debt first: from what was on its way, payable as it was; or from the provider that got back what it
 * had paid, and then held anew.
 */
export function returned(payout: Payout, reservationId: string, accounts: PayoutAccounts, book: Book, now: Date): PostingRequest {
  const { currency, amountMicros } = payout;
  const wasPaid = payout.status === 'SUCCEEDED';
  const credit = book.creditEarnings({ earningsId: accounts.earningsId, debtId: accounts.debtId, amountMicros });
  return {
    id: newId(), kind: 'PAYOUT_RETURN', causeId: payout.id, currency, resolves: wasPaid ? null : reservationId, createdAt: now,
    entries: [
      { accountId: wasPaid ? accounts.clearingId : accounts.inTransitId, amountMicros: -amountMicros },
      ...(wasPaid ? credit : credit.map((entry) => ({ ...entry, held: false }))),
    ],
  };
}
