import { defineEntity, p } from '@mikro-orm/core';
import type { DisputeState, DisputeStatus } from '../port.ts';

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
    fromRefundsMicros: p.bigint('bigint'),
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
  /** What the platform gave of it as it opened, since it keeps no fee of what went back. */
  readonly feeReturnedMicros: bigint;
  /** What the platform gave of it as it opened, because the wallet was empty. */
  readonly lossMicros: bigint;
  /**
   * What it took over of refunds that were on their way and came back: of a tip's, so much more of the platform's fee was given; of a
   * top-up's, so much of the platform's loss was made good.
   */
  readonly fromRefundsMicros: bigint;
  /** What a creator's goals and totals were lowered by. */
  readonly totalsMicros: bigint;
  readonly frozeAccount: boolean;
  /** The bank's, such as "fraudulent". */
  readonly reason: string;
  readonly status: DisputeStatus;
  readonly openedAt: Date;
}

/** What the platform gives of a disputed tip. */
export function feeGiven({ feeReturnedMicros, fromRefundsMicros }: Dispute): bigint {
  return feeReturnedMicros + fromRefundsMicros;
}

/** What the platform bears of a disputed top-up, besides the provider's fee. */
export function lossBorne({ lossMicros, fromRefundsMicros }: Dispute): bigint {
  return lossMicros - fromRefundsMicros;
}

/** Throws for a dispute in another currency than its payment: what it is worth there is for somebody to look up. */
export function assertSameCurrency(state: Pick<DisputeState, 'id' | 'amountMicros' | 'currency'>, { kind, id }: DisputedPayment, currency: string): void {
  if (state.currency === currency) return;
  throw new Error(`The dispute ${state.id} is over ${state.amountMicros} micros in ${state.currency}, but its ${kind} ${id} was paid in ${currency}.`);
}
