import { defineEntity, p } from '@mikro-orm/core';

export type ChargeKind = 'PERIOD' | 'PRORATION';
export type ChargeStatus = 'SUCCEEDED' | 'FAILED' | 'PARTIALLY_REFUNDED' | 'REFUNDED';

/** Why a charge took nothing. */
export type FailureReason = 'INSUFFICIENT_FUNDS' | 'CAP_EXCEEDED' | 'ACCOUNT_FROZEN';

/**
 * What was taken, or could not be taken, for a period. A period has at most one PERIOD charge: a failed one is the row that a later
 * success turns into SUCCEEDED. The rest of a period after an upgrade is a PRORATION.
 */
export interface Charge {
  readonly id: string;
  readonly subscriptionId: string;
  readonly kind: ChargeKind;
  readonly periodIndex: number;
  readonly currency: string;
  readonly amountMicros: bigint;
  readonly feeBps: number;
  readonly feeMicros: bigint;
  /** What the creator gets: the amount less the fee. */
  readonly netMicros: bigint;
  readonly status: ChargeStatus;
  readonly failureReason: FailureReason | null;
  readonly createdAt: Date;
  /** Null while FAILED. */
  readonly chargedAt: Date | null;
}

export const ChargeEntity = defineEntity({
  name: 'Charge',
  tableName: 'charge',
  properties: {
    id: p.uuid().primary(),
    subscriptionId: p.uuid(),
    kind: p.text().$type<ChargeKind>(),
    periodIndex: p.integer(),
    currency: p.text(),
    amountMicros: p.bigint('bigint'),
    feeBps: p.integer(),
    feeMicros: p.bigint('bigint'),
    netMicros: p.bigint('bigint'),
    status: p.text().$type<ChargeStatus>(),
    failureReason: p.text().$type<FailureReason>().nullable(),
    createdAt: p.datetime(),
    chargedAt: p.datetime().nullable(),
  },
});
