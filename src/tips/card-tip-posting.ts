import { readTipTargets, type TipTarget } from '../creators/room.ts';
import { newId, transaction, type Database } from '../database/room.ts';
import { openAccounts, PLATFORM_OWNER_ID, providerOwnerId, type Book, type PostingRequest } from '../ledger/room.ts';
import type { CardTip } from './card-tip-rows.ts';

const dayMs = 86_400_000;

/** The accounts that a tip by card moves, by id. */
export interface CardTipAccounts {
  readonly earningsId: string;
  readonly debtId: string;
  readonly clearingId: string;
  readonly processorFeeId: string;
  readonly platformFeeId: string;
  readonly platformLossId: string;
}

/** Opens what a tip by card will move, and commits that, as the posting needs. */
export async function openCardTipAccounts(db: Database, { creatorId, currency, card }: CardTip, now: Date): Promise<CardTipAccounts> {
  const target = (await readTipTargets(db, [creatorId])).get(creatorId) as TipTarget;
  const providerId = providerOwnerId(card.provider);
  const ids = await transaction(db, (tx) => openAccounts(tx, [
    { ownerId: providerId, kind: 'clearing', currency },
    { ownerId: providerId, kind: 'processor_fee', currency },
    { ownerId: PLATFORM_OWNER_ID, kind: 'platform_fee', currency },
    { ownerId: PLATFORM_OWNER_ID, kind: 'platform_loss', currency },
  ], now), { rerunLostCommit: true });
  const [clearingId, processorFeeId, platformFeeId, platformLossId] = ids as [string, string, string, string];
  return { earningsId: target.earningsAccountId, debtId: target.debtAccountId, clearingId, processorFeeId, platformFeeId, platformLossId };
}

/**
 * The posting of a tip whose card was charged. Balances are credit-positive, so what a provider holds for us stands below zero:
 *
 * | account         | gains                                                                                      |
 * |-----------------|--------------------------------------------------------------------------------------------|
 * | clearing        | − amount: the provider took this from the card                                             |
 * | processor_fee   | + the provider's own fee, which it keeps of it                                             |
 * | earnings, debt  | + net, as it was quoted                                                                    |
 * | platform_fee    | + the platform's fee, and what the provider took less than was quoted                      |
 * | platform_loss   | − what the provider took more than was quoted                                              |
 */
export function cardTipPosting(book: Book, tip: CardTip, providerFeeMicros: bigint, accounts: CardTipAccounts, now: Date): PostingRequest {
  const restMicros = tip.processorFeeMicros - providerFeeMicros;
  const gainMicros = restMicros > 0n ? restMicros : 0n;
  const { holdDays } = tip.card;
  return {
    id: newId(),
    kind: 'TIP',
    causeId: tip.id,
    currency: tip.currency,
    entries: [
      { accountId: accounts.clearingId, amountMicros: -tip.amountMicros },
      { accountId: accounts.processorFeeId, amountMicros: providerFeeMicros },
      ...book.creditEarnings({ earningsId: accounts.earningsId, debtId: accounts.debtId, amountMicros: tip.netMicros }),
      { accountId: accounts.platformFeeId, amountMicros: tip.feeMicros + gainMicros },
      { accountId: accounts.platformLossId, amountMicros: restMicros - gainMicros },
    ],
    createdAt: now,
    heldFrom: holdDays > 0 ? new Date(now.getTime() + holdDays * dayMs) : null,
  };
}
