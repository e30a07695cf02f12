import { defineEntity, p } from '@mikro-orm/core';
import type { PaymentAction, StoredPaymentAction } from '../api/room.ts';
import type { PaymentFailure, PaymentState } from './charge-step.ts';

/** The prefix of a top-up's id, in the API and in the key that the provider gets. */
export const topUpPrefix = 'top';

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
    /** The provider's token for the card; null: the payer enters one there. */
    paymentMethod: p.text().nullable(),
    paymentMethodId: p.uuid().nullable(),
    customer: p.text().nullable(),
    returnUrl: p.text().nullable(),
    isAutomatic: p.boolean().defaultRaw('false'),
    providerKey: p.text(),
    providerChargeId: p.text().nullable(),
    status: p.text().$type<TopUpStatus>(),
    action: p.json<StoredPaymentAction>().nullable(),
    failureCode: p.text().nullable(),
    failureReason: p.text().nullable(),
    failureRetryable: p.boolean().nullable(),
    createdAt: p.datetime().columnType('timestamptz'),
    settledAt: p.datetime().columnType('timestamptz').nullable(),
  },
});

export type TopUpStatus = PaymentState;

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
  /** The provider's token for the card; null: the payer enters one there. */
  readonly paymentMethod: string | null;
  /** The saved method that it was; null for any other card. */
  readonly paymentMethodId: string | null;
  readonly customer: string | null;
  readonly returnUrl: string | null;
  /** Whether the wallet asked for it by itself, because it ran low. */
  readonly isAutomatic: boolean;
  /** The key under which the provider is asked, and never under another. */
  readonly providerKey: string;
  readonly status: TopUpStatus;
  /** What the fan has to do, while ACTION_REQUIRED. */
  readonly action: PaymentAction | null;
  /** What a FAILED one failed for: the provider's code, words for people, and whether another try may succeed. */
  readonly failure: PaymentFailure | null;
  readonly createdAt: Date;
}
