import { newId, transaction, type Database } from '../database/room.ts';
import { openAccounts, PLATFORM_OWNER_ID, providerOwnerId, type AccountName, type PostingRequest } from '../ledger/room.ts';
import type { TopUp } from './top-up.ts';

/** The accounts that a top-up moves, by id. */
export interface TopUpAccounts {
  readonly walletId: string;
  readonly clearingId: string;
  readonly processorFeeId: string;
  readonly platformFeeId: string;
  readonly platformLossId: string;
}

/** Opens what a top-up will move, and commits that, as the posting needs. */
export async function openTopUpAccounts(
  db: Database,
  { personId, provider, currency }: { readonly personId: string; readonly provider: string; readonly currency: string },
  now: Date,
): Promise<TopUpAccounts> {
  const providerId = providerOwnerId(provider);
  const names: AccountName[] = [
    { ownerId: personId, kind: 'wallet', currency },
    { ownerId: providerId, kind: 'clearing', currency },
    { ownerId: providerId, kind: 'processor_fee', currency },
    { ownerId: PLATFORM_OWNER_ID, kind: 'platform_fee', currency },
    { ownerId: PLATFORM_OWNER_ID, kind: 'platform_loss', currency },
  ];
  const ids = await transaction(db, (tx) => openAccounts(tx, names, now), { rerunLostCommit: true });
  const [walletId, clearingId, processorFeeId, platformFeeId, platformLossId] = ids as [string, string, string, string, string];
  return { walletId, clearingId, processorFeeId, platformFeeId, platformLossId };
}

/**
 * The posting of a charge that succeeded. Balances are credit-positive, so what a provider holds for us stands below zero:
 *
 * | account       | gains                    |                                                                            |
 * |---------------|--------------------------|----------------------------------------------------------------------------|
 * | clearing      | − charged                | the provider took this from the card                                       |
 * | processor_fee | + the provider's own fee | and keeps this of it: clearing + processor_fee is what it still owes us    |
 * | wallet        | + amount                 | what the fan may spend                                                     |
 * | platform_fee  | + the rest, above zero   | the fan paid more for the fee than the provider took                       |
 * | platform_loss | − the rest, below zero   | the platform bears what the fan did not pay of it (all, with TOP_UP_FEE=platform) |
 */
export function topUpPosting(topUp: TopUp, providerFeeMicros: bigint, accounts: TopUpAccounts, now: Date): PostingRequest {
  const restMicros = topUp.chargedMicros - providerFeeMicros - topUp.amountMicros;
  return {
    id: newId(),
    kind: 'TOP_UP',
    causeId: topUp.id,
    currency: topUp.currency,
    entries: [
      { accountId: accounts.clearingId, amountMicros: -topUp.chargedMicros },
      { accountId: accounts.processorFeeId, amountMicros: providerFeeMicros },
      { accountId: accounts.walletId, amountMicros: topUp.amountMicros },
      { accountId: restMicros > 0n ? accounts.platformFeeId : accounts.platformLossId, amountMicros: restMicros },
    ],
    createdAt: now,
  };
}
