import { defineEntity, p } from '@mikro-orm/core';

/** Money on its way into a wallet: the intent is stored first, then the provider is asked, then the outcome is stored, once. */
export const TopUpEntity = defineEntity({
  name: 'TopUp',
  tableName: 'top_up',
  properties: {
    id: p.uuid().primary(),
    /** Whose wallet it is, and the scope of the key. */
    personId: p.uuid(),
    idempotencyKey: p.text(),
    inputHash: p.blob(),
    currency: p.text(),
    amountMicros: p.bigint('bigint'),
    chargedMicros: p.bigint('bigint'),
    processorFeeMicros: p.bigint('bigint'),
    provider: p.text(),
    paymentMethod: p.text(),
    providerKey: p.text(),
    providerChargeId: p.text().nullable(),
    status: p.text().$type<TopUpStatus>(),
    failureCode: p.text().nullable(),
    failureReason: p.text().nullable(),
    failureRetryable: p.boolean().nullable(),
    createdAt: p.datetime().columnType('timestamptz'),
    settledAt: p.datetime().columnType('timestamptz').nullable(),
  },
});

export type TopUpStatus = 'PENDING' | 'SUCCEEDED' | 'FAILED';

/** A top-up as rules and the API read it. */
export interface TopUp {
  readonly id: string;
  readonly personId: string;
  readonly currency: string;
  /** What the wallet gets. */
  readonly amountMicros: bigint;
  /** What the card pays: the amount and the processor fee. */
  readonly chargedMicros: bigint;
  readonly processorFeeMicros: bigint;
  readonly provider: string;
  readonly paymentMethod: string;
  /** The key under which the provider is asked, and never under another. */
  readonly providerKey: string;
  readonly status: TopUpStatus;
  /** What a FAILED one failed for: the provider's code, words for people, and whether another try may succeed. */
  readonly failure: TopUpFailure | null;
  readonly createdAt: Date;
}

export interface TopUpFailure {
  readonly code: string;
  readonly reason: string;
  readonly retryable: boolean;
}
