import type { EntitySchema } from '@mikro-orm/core';
import type { ApiFace } from '../api/room.ts';
import type { PaymentsFace } from '../payments/room.ts';
import { AutoTopUpResolver } from './auto-top-up-resolver.ts';
import { AutoTopUpFields } from './auto-top-up-type.ts';
import { AutoTopUpEntity } from './auto-top-up.ts';
import { CardAttemptEntity } from './card-attempts.ts';
import { DunningPauseEntity } from './dunning-pause.ts';
import { walletInvariants } from './invariants.ts';
import { walletJobs } from './jobs.ts';
import { LedgerEntryFields } from './ledger-entry-type.ts';
import { PaymentMethodResolver } from './payment-method-resolver.ts';
import { PaymentMethodFields, paymentMethodNode, PaymentMethodType } from './payment-method-type.ts';
import { PaymentMethodEntity, ProviderCustomerEntity } from './payment-method.ts';
import { paymentMethodIntents } from './payment-methods.ts';
import { disputeInvariants, refundInvariants, standingInvariant } from './refunds/invariants.ts';
import { TopUpRefundMutations } from './refunds/refund-resolver.ts';
import { topUpRefundIntents } from './refunds/refund-top-up.ts';
import { RefundFields, refundNode, RefundType } from './refunds/refund-type.ts';
import { RefundEntity } from './refunds/refund.ts';
import { topUpDisputes } from './refunds/top-up-disputes.ts';
import { SettlementEntity } from './settlement.ts';
import { SpendingCapResolver } from './spending-cap-resolver.ts';
import { SpendingCapEntity, SpendingDayEntity } from './spending-cap.ts';
import { TopUpEntity } from './top-up.ts';
import { TopUpFields, topUpNode, TopUpType } from './top-up-type.ts';
import { topUpIntents } from './top-up-kind.ts';
import { ViewerWallets, WalletOperations } from './wallet-resolver.ts';
import { WalletFields, walletNode, WalletType } from './wallet-type.ts';

export { AutoTopUps, autoTopUpsService } from './auto-top-ups.ts';
export { answerAttempt, describeRefusal, takeAttempt, type AttemptRefusal } from './card-attempts.ts';
export { failureOf, isOpen, returnTo, stepOf, storedAction, type FailureColumns, type PaymentFailure, type Step } from './charge-step.ts';
export { chooseMethod, defaultProvider, type ChosenMethod, type MethodRefusal, type ProviderUnavailable } from './choose-method.ts';
export { dunningPausedUntil, watchDeclines } from './dunning-pause.ts';
export { ledgerEntries } from './ledger-entries.ts';
export { entryDescription, LedgerEntryConnection, LedgerEntryKind, LedgerEntryType, type LedgerEntry } from './ledger-entry-type.ts';
export { standingInvariant } from './refunds/invariants.ts';
export { refundFailures } from './refunds/refund-errors.ts';
export { refundIntent } from './refunds/refund-intent.ts';
export { endRefund, refundPosting } from './refunds/refund-postings.ts';
export {
  findRefundByKey, insertRefund, readKeyedRefund, readPendingRefunds, readRefunds, readRefundsOf, readRefundSums, type RefundSums,
} from './refunds/refund-rows.ts';
export { TopUpRefunds, topUpRefundsService, type RefundTopUp, type RefundTopUpOutcome } from './refunds/refund-top-up.ts';
export { RefundPayload, RefundType } from './refunds/refund-type.ts';
export { refundPrefix, type Refund } from './refunds/refund.ts';
export { openPaymentStream, paymentEvent, type PaymentSubject } from './payment-events.ts';
export { PaymentMethods, paymentMethodsService } from './payment-methods.ts';
export { settlementRequestsService, type SettlementRequests } from './settlement.ts';
export { setSpendingCap, type SetSpendingCap } from './set-spending-cap.ts';
export { capExceeded, giveBackSpending, readSpending, Spending, type CapRefusal } from './spending.ts';
export type { CapPeriod } from './spending-cap.ts';
export type { Spender } from './spending-rows.ts';
export { largestTopUpMicros, quoteTopUp, type FeePayer, type QuoteOutcome, type TopUpQuote } from './top-up-quote.ts';
export { methodRefusal, paymentFailures, providerUnavailable } from './top-up-errors.ts';
export { TopUpEntity, topUpPrefix, type TopUp, type TopUpStatus } from './top-up.ts';
export { TopUpType } from './top-up-type.ts';
export { TopUps, topUpsService, type TopUpOutcome, type TopUpWallet } from './top-ups.ts';
export { readWalletOf, readWallets, readWalletsOf, type Wallet } from './wallet.ts';
export { WalletType, walletPrefix } from './wallet-type.ts';

export const walletsRoom: ApiFace & PaymentsFace = {
  name: 'wallets',
  entities: [
    AutoTopUpEntity, CardAttemptEntity, DunningPauseEntity, PaymentMethodEntity, ProviderCustomerEntity, RefundEntity, SettlementEntity, SpendingCapEntity, SpendingDayEntity, TopUpEntity,
  ] as EntitySchema[],
  resolvers: [
    AutoTopUpFields, AutoTopUpResolver, PaymentMethodFields, PaymentMethodResolver, RefundFields, TopUpRefundMutations, WalletOperations, WalletFields, TopUpFields, LedgerEntryFields, ViewerWallets, SpendingCapResolver,
  ],
  orphanedTypes: [PaymentMethodType, RefundType, WalletType, TopUpType],
  nodes: [paymentMethodNode, refundNode, walletNode, topUpNode],
  invariants: [...walletInvariants, ...refundInvariants, ...disputeInvariants, standingInvariant('top_up')],
  jobs: walletJobs,
  intentKinds: [paymentMethodIntents, topUpIntents, topUpRefundIntents],
  disputeKinds: [topUpDisputes],
  borderPostings: [{ kind: 'TOP_UP', total: 'CHARGED' }, { kind: 'TOP_UP_REFUND_SENT', total: 'REFUNDED' }, { kind: 'TOP_UP_REFUND_RETURN', total: 'REFUNDED', returnOf: 'TOP_UP_REFUND_SENT' }],
};
