import { defineEntity, p } from '@mikro-orm/core';

/** Earnings on their way to a creator's bank: reserved first, then the provider is asked, then the outcome is stored. */
export const PayoutEntity = defineEntity({
  name: 'Payout',
  tableName: 'payout',
  properties: {
    id: p.uuid().primary(),
    creatorId: p.uuid(),
    /** Who asked for it, and the scope of the key. */
    personId: p.uuid(),
    destinationId: p.uuid(),
    idempotencyKey: p.text(),
    inputHash: p.blob(),
    currency: p.text(),
    amountMicros: p.bigint('bigint'),
    provider: p.text(),
    destinationToken: p.text(),
    providerKey: p.text(),
    providerPayoutId: p.text().nullable(),
    status: p.text().$type<PayoutStatus>(),
    failureCode: p.text().nullable(),
    failureReason: p.text().nullable(),
    createdAt: p.datetime().columnType('timestamptz'),
    paidAt: p.datetime().columnType('timestamptz').nullable(),
    failedAt: p.datetime().columnType('timestamptz').nullable(),
  },
});

/** PENDING → SUCCEEDED or FAILED; and SUCCEEDED → FAILED, when a bank returns what had arrived. */
export type PayoutStatus = 'PENDING' | 'SUCCEEDED' | 'FAILED';

/** A payout as rules and the API read it. */
export interface Payout {
  readonly id: string;
  readonly creatorId: string;
  readonly personId: string;
  readonly currency: string;
  readonly amountMicros: bigint;
  readonly provider: string;
  /** The provider's name of where it goes. */
  readonly destinationToken: string;
  /** The key under which the provider is asked, and never under another. */
  readonly providerKey: string;
  readonly status: PayoutStatus;
  /** Why a FAILED one failed, for people. */
  readonly failureReason: string | null;
  readonly createdAt: Date;
}

/** The prefix of a payout's id, in the API and in the key that the provider gets. */
export const payoutPrefix = 'pay';
/** The prefix of a destination's id. */
export const destinationPrefix = 'dst';
/** The counter of a creator's payouts. */
export const payoutCounter = 'payouts';
