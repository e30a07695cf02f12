import { defineEntity, p } from '@mikro-orm/core';
import type { DisputeStatus } from '../port.ts';

/** A charge that the payer's bank takes back: what that cost whom, so that it can be given back when the dispute is won. */
export const DisputeEntity = defineEntity({
  name: 'Dispute',
  tableName: 'dispute',
  properties: {
    id: p.uuid().primary(),
    provider: p.text(),
    providerDisputeId: p.text(),
    /** Of the two payments that a card is charged for, one. */
    tipId: p.uuid().nullable(),
    topUpId: p.uuid().nullable(),
    personId: p.uuid().nullable(),
    currency: p.text(),
    amountMicros: p.bigint('bigint'),
    providerFeeMicros: p.bigint('bigint'),
    feeReturnedMicros: p.bigint('bigint'),
    lossMicros: p.bigint('bigint'),
    totalsMicros: p.bigint('bigint'),
    frozeAccount: p.boolean(),
    reason: p.text(),
    status: p.text().$type<DisputeStatus>(),
    openedAt: p.datetime().columnType('timestamptz'),
    closedAt: p.datetime().columnType('timestamptz').nullable(),
  },
});

/** Which payment a dispute is about. */
export interface DisputedPayment {
  readonly kind: 'TIP' | 'TOP_UP';
  readonly id: string;
}

/** A dispute as rules read it. */
export interface Dispute {
  readonly id: string;
  readonly provider: string;
  readonly providerDisputeId: string;
  readonly payment: DisputedPayment;
  /** Who paid; null for a guest. */
  readonly personId: string | null;
  readonly currency: string;
  /** What the provider took back. */
  readonly amountMicros: bigint;
  /** What it keeps for the dispute, whoever wins: the platform's to bear. */
  readonly providerFeeMicros: bigint;
  /** What the platform gave of it, since it keeps no fee of what went back. */
  readonly feeReturnedMicros: bigint;
  /** What the platform gave of it because the wallet was empty. */
  readonly lossMicros: bigint;
  /** What a creator's goals and totals were lowered by. */
  readonly totalsMicros: bigint;
  readonly frozeAccount: boolean;
  /** The bank's, such as "fraudulent". */
  readonly reason: string;
  readonly status: DisputeStatus;
  readonly openedAt: Date;
}
