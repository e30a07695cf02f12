import { defineEntity, p } from '@mikro-orm/core';

/** Money on its way back to who paid it. The row of one that a provider carries is stored before the provider is asked. */
export const RefundEntity = defineEntity({
  name: 'Refund',
  tableName: 'refund',
  properties: {
    id: p.uuid().primary(),
    /** Of the two payments that can be refunded, one. */
    tipId: p.uuid().nullable(),
    topUpId: p.uuid().nullable(),
    askedBy: p.uuid(),
    personId: p.uuid().nullable(),
    idempotencyKey: p.text(),
    inputHash: p.blob(),
    currency: p.text(),
    amountMicros: p.bigint('bigint'),
    feeReturnedMicros: p.bigint('bigint'),
    withheldMicros: p.bigint('bigint'),
    toDisputesMicros: p.bigint('bigint'),
    provider: p.text().nullable(),
    providerKey: p.text().nullable(),
    providerChargeId: p.text().nullable(),
    providerRefundId: p.text().nullable(),
    status: p.text().$type<RefundStatus>(),
    reason: p.text().nullable(),
    failureCode: p.text().nullable(),
    failureReason: p.text().nullable(),
    failureRetryable: p.boolean().nullable(),
    createdAt: p.datetime().columnType('timestamptz'),
    settledAt: p.datetime().columnType('timestamptz').nullable(),
  },
});

/** A bank may send money back that had arrived: then FAILED follows SUCCEEDED. */
export type RefundStatus = 'PENDING' | 'SUCCEEDED' | 'FAILED';

/** What a refund gives back a part of. */
export type RefundKind = 'TIP' | 'TOP_UP';

/** A refund as rules and the API read it. */
export interface Refund {
  readonly id: string;
  readonly kind: RefundKind;
  /** The tip or the top-up. */
  readonly paymentId: string;
  /** Who asked for it, and the scope of the key: the owner of the tipped page, or the fan. */
  readonly askedBy: string;
  /** Who gets the money back; null for a guest. */
  readonly personId: string | null;
  readonly currency: string;
  /** What goes back. */
  readonly amountMicros: bigint;
  /** What was taken from a wallet besides and stays with the platform, which bore the fee of the charge; 0 for a tip. */
  readonly withheldMicros: bigint;
  /** What the platform gives of it, since it keeps no fee of what went back; the creator gives the rest. */
  readonly feeReturnedMicros: bigint;
  /** By which provider, under which key and of which charge; null when it goes to a wallet. */
  readonly card: CardRefund | null;
  readonly status: RefundStatus;
  /** What the creator said to it. */
  readonly reason: string | null;
  readonly failure: RefundFailure | null;
  readonly createdAt: Date;
}

export interface CardRefund {
  readonly provider: string;
  readonly key: string;
  readonly chargeId: string;
}

export interface RefundFailure {
  readonly code: string;
  readonly reason: string;
  readonly retryable: boolean;
}

/** The prefix of a refund's id, in the API and in the key that a provider gets. */
export const refundPrefix = 'rfd';
