import type { EntitySchema } from '@mikro-orm/core';
import type { ApiFace } from '../api/room.ts';
import type { PaymentsFace } from '../payments/room.ts';
import { walletInvariants } from './invariants.ts';
import { LedgerEntryFields } from './ledger-entry-type.ts';
import { SettlementEntity } from './settlement.ts';
import { SpendingCapResolver } from './spending-cap-resolver.ts';
import { SpendingCapEntity, SpendingDayEntity } from './spending-cap.ts';
import { TopUpEntity } from './top-up.ts';
import { TopUpFields, topUpNode, TopUpType } from './top-up-type.ts';
import { topUpIntents } from './top-ups.ts';
import { ViewerWallets, WalletOperations } from './wallet-resolver.ts';
import { WalletFields, walletNode, WalletType } from './wallet-type.ts';

export { ledgerEntries } from './ledger-entries.ts';
export { LedgerEntryConnection, LedgerEntryKind, LedgerEntryType, type LedgerEntry } from './ledger-entry-type.ts';
export { settlementRequestsService, type SettlementRequests } from './settlement.ts';
export { setSpendingCap, type SetSpendingCap } from './set-spending-cap.ts';
export { capExceeded, readSpending, Spending, type CapRefusal } from './spending.ts';
export type { CapPeriod } from './spending-cap.ts';
export type { Spender } from './spending-rows.ts';
export { largestTopUpMicros, quoteTopUp, type FeePayer, type QuoteOutcome, type TopUpQuote } from './top-up-quote.ts';
export { TopUpEntity, type TopUp, type TopUpStatus } from './top-up.ts';
export { TopUpType } from './top-up-type.ts';
export { TopUps, topUpsService, type TopUpOutcome, type TopUpWallet } from './top-ups.ts';
export { readWalletOf, readWallets, readWalletsOf, type Wallet } from './wallet.ts';
export { WalletType } from './wallet-type.ts';

export const walletsRoom: ApiFace & PaymentsFace = {
  name: 'wallets',
  entities: [SettlementEntity, SpendingCapEntity, SpendingDayEntity, TopUpEntity] as EntitySchema[],
  resolvers: [WalletOperations, WalletFields, TopUpFields, LedgerEntryFields, ViewerWallets, SpendingCapResolver],
  orphanedTypes: [WalletType, TopUpType],
  nodes: [walletNode, topUpNode],
  invariants: walletInvariants,
  intentKinds: [topUpIntents],
};
