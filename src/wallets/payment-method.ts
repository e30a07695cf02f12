import { defineEntity, p } from '@mikro-orm/core';
import { encodeId, type PaymentAction, type StoredPaymentAction } from '../api/room.ts';
import type { PaymentFailure } from './charge-step.ts';

/** The prefix of a payment method's id, in the API and in the key that the provider gets. */
export const paymentMethodPrefix = 'pmt';

/** A person as a provider knows them. */
export const ProviderCustomerEntity = defineEntity({
  name: 'ProviderCustomer',
  tableName: 'provider_customer',
  properties: {
    personId: p.uuid().primary(),
    provider: p.text().primary(),
    customer: p.text(),
    createdAt: p.datetime().columnType('timestamptz'),
  },
});

/** A card that is kept for later, from the wish to keep it on. Rows stay: payments name them. */
export const PaymentMethodEntity = defineEntity({
  name: 'PaymentMethod',
  tableName: 'payment_method',
  properties: {
    id: p.uuid().primary(),
    personId: p.uuid(),
    provider: p.text(),
    providerKey: p.text(),
    /** What the fan's page got from the provider; `token` is what charges name. */
    givenToken: p.text(),
    customer: p.text(),
    returnUrl: p.text().nullable(),
    wantsDefault: p.boolean(),
    status: p.text().$type<PaymentMethodStatus>(),
    action: p.json<StoredPaymentAction>().nullable(),
    failureCode: p.text().nullable(),
    failureReason: p.text().nullable(),
    failureRetryable: p.boolean().nullable(),
    token: p.text().nullable(),
    label: p.text().nullable(),
    expiresOn: p.text().nullable(),
    isDefault: p.boolean().defaultRaw('false'),
    createdAt: p.datetime().columnType('timestamptz'),
    settledAt: p.datetime().columnType('timestamptz').nullable(),
    removedAt: p.datetime().columnType('timestamptz').nullable(),
    /** When the provider was told that it was removed. */
    forgottenAt: p.datetime().columnType('timestamptz').nullable(),
  },
});

export type PaymentMethodStatus = 'PENDING' | 'ACTION_REQUIRED' | 'SAVED' | 'FAILED';

/** A payment method as rules read it. */
export interface PaymentMethod {
  readonly id: string;
  readonly personId: string;
  readonly provider: string;
  readonly providerKey: string;
  readonly givenToken: string;
  readonly customer: string;
  readonly returnUrl: string | null;
  readonly wantsDefault: boolean;
  readonly status: PaymentMethodStatus;
  readonly action: PaymentAction | null;
  readonly failure: PaymentFailure | null;
  readonly token: string | null;
  readonly label: string | null;
  readonly expiresOn: string | null;
  readonly isDefault: boolean;
  readonly createdAt: Date;
}

/** One that was saved: it can be charged, and the API shows it. */
export interface SavedMethod extends PaymentMethod {
  readonly status: 'SAVED';
  readonly token: string;
  readonly label: string;
}

/** A method's id as the API shows it, and as rules take it. */
export function encodePaymentMethodId(id: string): string {
  return encodeId(paymentMethodPrefix, id);
}
