import { defineEntity, p } from '@mikro-orm/core';
import type { PaymentAction, StoredPaymentAction } from '../api/room.ts';
import type { PaymentFailure } from '../wallets/room.ts';

/**
 * A tip as it is stored. One from a wallet is written when it is paid; one by card when it is decided, and it counts for nothing until it
 * is paid. Refunds, disputes and moderation change it later.
 */
export const TipEntity = defineEntity({
  name: 'Tip',
  tableName: 'tip',
  properties: {
    id: p.uuid().primary(),
    creatorId: p.uuid(),
    senderId: p.uuid().nullable(),
    scopeId: p.uuid(),
    idempotencyKey: p.text(),
    inputHash: p.blob(),
    currency: p.text(),
    amountMicros: p.bigint('bigint'),
    feeBps: p.integer(),
    feeMicros: p.bigint('bigint'),
    processorFeeMicros: p.bigint('bigint').defaultRaw('0'),
    netMicros: p.bigint('bigint'),
    displayName: p.text(),
    message: p.text().nullable(),
    messageState: p.text().$type<MessageState>(),
    isAnonymous: p.boolean(),
    funding: p.text().$type<'WALLET' | 'CARD'>(),
    status: p.text().$type<TipStatus>(),
    createdAt: p.datetime(),
    guestId: p.uuid().nullable(),
    provider: p.text().nullable(),
    paymentMethod: p.text().nullable(),
    paymentMethodId: p.uuid().nullable(),
    customer: p.text().nullable(),
    returnUrl: p.text().nullable(),
    providerKey: p.text().nullable(),
    providerChargeId: p.text().nullable(),
    action: p.json<StoredPaymentAction>().nullable(),
    failureCode: p.text().nullable(),
    failureReason: p.text().nullable(),
    failureRetryable: p.boolean().nullable(),
    receiptEmail: p.text().nullable(),
    /** How many days more than others it is held, because it goes round in a circle. */
    holdDays: p.integer().defaultRaw('0'),
    /** When a card tip was paid or failed; null for one from a wallet, which is paid when it is made. */
    settledAt: p.datetime().columnType('timestamptz').nullable(),
  },
});

/** HELD and DENIED texts are for the sender, the owner and the moderators alone. */
export type MessageState = 'VISIBLE' | 'HELD' | 'DENIED';

export type TipStatus = 'PENDING' | 'ACTION_REQUIRED' | 'SUCCEEDED' | 'FAILED' | 'PARTIALLY_REFUNDED' | 'REFUNDED' | 'DISPUTED';

/** Who paid: the account, or the guest's session. The table holds that each tip has one of them. */
export function payerIdOfTip({ senderId, guestId }: Pick<Tip, 'senderId' | 'guestId'>): string {
  return (senderId ?? guestId) as string;
}

/** The part of a tip that the API shows; events carry it in memory, and lists read it from the table. */
export interface Tip {
  readonly id: string;
  readonly creatorId: string;
  /** Null for a guest. */
  readonly senderId: string | null;
  /** The session of a guest; null for an account. */
  readonly guestId: string | null;
  readonly currency: string;
  readonly amountMicros: bigint;
  readonly feeBps: number;
  readonly feeMicros: bigint;
  readonly processorFeeMicros: bigint;
  /** What the creator gets: the amount less both fees. */
  readonly netMicros: bigint;
  readonly displayName: string;
  readonly message: string | null;
  readonly messageState: MessageState;
  readonly isAnonymous: boolean;
  readonly funding: 'WALLET' | 'CARD';
  readonly status: TipStatus;
  readonly createdAt: Date;
  /** When it was paid; null while it is not. Rollups, the stream and the ledger date it so. */
  readonly paidAt: Date | null;
  /** What is known of the card; null for a tip from a wallet. */
  readonly card: TipCard | null;
}

/** How a tip is paid by card: everything the provider is asked is pinned to the tip. */
export interface TipCard {
  readonly provider: string;
  readonly providerKey: string;
  /** The provider's token; null: the payer enters a card there. */
  readonly paymentMethod: string | null;
  readonly paymentMethodId: string | null;
  readonly customer: string | null;
  readonly returnUrl: string | null;
  readonly chargeId: string | null;
  /** What the fan has to do, while ACTION_REQUIRED. */
  readonly action: PaymentAction | null;
  readonly failure: PaymentFailure | null;
  readonly receiptEmail: string | null;
  readonly holdDays: number;
}
