import { defineEntity, p } from '@mikro-orm/core';

/** A wallet that fills itself when it runs low, until a card is declined. One a person. */
export const AutoTopUpEntity = defineEntity({
  name: 'AutoTopUp',
  tableName: 'auto_top_up',
  properties: {
    personId: p.uuid().primary(),
    currency: p.text(),
    belowMicros: p.bigint('bigint'),
    amountMicros: p.bigint('bigint'),
    paymentMethodId: p.uuid(),
    changedAt: p.datetime().columnType('timestamptz'),
    stoppedAt: p.datetime().columnType('timestamptz').nullable(),
    stopReason: p.text().nullable(),
  },
});

export interface AutoTopUp {
  readonly personId: string;
  readonly currency: string;
  readonly belowMicros: bigint;
  readonly amountMicros: bigint;
  readonly paymentMethodId: string;
  /** Since when it waits for its owner, because a card was declined; null while it runs. */
  readonly stoppedAt: Date | null;
  readonly stopReason: string | null;
}
