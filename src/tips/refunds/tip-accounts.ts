import { readTipTargets } from '../../creators/room.ts';
import { transaction, type Database } from '../../database/room.ts';
import { openAccounts, PLATFORM_OWNER_ID, providerOwnerId, type AccountName, type Book, type EntryRequest } from '../../ledger/room.ts';
import type { Refund } from '../../wallets/room.ts';
import type { PaidTip } from './paid-tip.ts';

/** The accounts between which the money of a tip goes back, by id. */
export interface TipAccounts {
  readonly earningsId: string;
  readonly debtId: string;
  readonly platformFeeId: string;
  /** The sender's wallet, for a tip that was paid from it. */
  readonly walletId: string | null;
  /** For a tip by card: where its refunds wait, and what its provider is owed and keeps. */
  readonly card: CardAccounts | null;
}

export interface CardAccounts {
  readonly reservedId: string;
  readonly clearingId: string;
  readonly processorFeeId: string;
  readonly lossId: string;
}

/** Opens what refunds and disputes of a tip move, and commits that, as the postings need. */
export async function openTipAccounts(db: Database, tip: PaidTip, now: Date): Promise<TipAccounts> {
  const { creatorId, senderId, currency, provider } = tip;
  const target = (await readTipTargets(db, [creatorId])).get(creatorId);
  if (!target) throw new Error(`The tip ${tip.id} names a creator ${creatorId} who is not there.`);
  const own: AccountName = { ownerId: PLATFORM_OWNER_ID, kind: 'platform_fee', currency };
  const open = (names: readonly AccountName[]) => transaction(db, (tx) => openAccounts(tx, names, now), { rerunLostCommit: true });
  const { earningsAccountId: earningsId, debtAccountId: debtId } = target;
  if (provider === null) {
    const [platformFeeId, walletId] = (await open([own, { ownerId: senderId as string, kind: 'wallet', currency }])) as [string, string];
    return { earningsId, debtId, platformFeeId, walletId, card: null };
  }
  const providerId = providerOwnerId(provider);
  const [platformFeeId, reservedId, clearingId, processorFeeId, lossId] = (await open([
    own,
    { ownerId: creatorId, kind: 'reserved', currency },
    { ownerId: providerId, kind: 'clearing', currency },
    { ownerId: providerId, kind: 'processor_fee', currency },
    { ownerId: PLATFORM_OWNER_ID, kind: 'platform_loss', currency },
  ])) as [string, string, string, string, string];
  return { earningsId, debtId, platformFeeId, walletId: null, card: { reservedId, clearingId, processorFeeId, lossId } };
}

/** The ids of all of them, for `Book.lock`. */
export function accountIds({ card, walletId, ...others }: TipAccounts): string[] {
  return [...Object.values(others), ...(walletId === null ? [] : [walletId]), ...(card ? Object.values(card) : [])];
}

/** The entries by which creator and platform give a refund: the bucket that held the tip is lowered with it. */
export function givingEntries(tip: PaidTip, { amountMicros, feeReturnedMicros }: Pick<Refund, 'amountMicros' | 'feeReturnedMicros'>, accounts: TipAccounts): EntryRequest[] {
  return [
    { accountId: accounts.earningsId, amountMicros: feeReturnedMicros - amountMicros, ...(tip.heldFrom && { takesBackFrom: tip.heldFrom }) },
    { accountId: accounts.platformFeeId, amountMicros: -feeReturnedMicros },
  ];
}

/** The entries by which both have it again: the creator's part repays debt first, and is held anew. */
export function returningEntries(book: Book, { amountMicros, feeReturnedMicros }: Pick<Refund, 'amountMicros' | 'feeReturnedMicros'>, accounts: TipAccounts): EntryRequest[] {
  return [
    ...book.creditEarnings({ earningsId: accounts.earningsId, debtId: accounts.debtId, amountMicros: amountMicros - feeReturnedMicros }),
    { accountId: accounts.platformFeeId, amountMicros: feeReturnedMicros },
  ];
}
