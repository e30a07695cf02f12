import { defineEntity, p } from '@mikro-orm/core';

/** The simulated processor's own memory of a charge: nothing outside of the sandbox reads it. */
export const SandboxChargeEntity = defineEntity({
  name: 'SandboxCharge',
  tableName: 'sandbox_charge',
  properties: {
    id: p.text().primary(),
    idempotencyKey: p.text(),
    amountMicros: p.bigint('bigint'),
    feeMicros: p.bigint('bigint'),
    currency: p.text(),
    paymentMethod: p.text(),
    /** Null: the charge succeeded. */
    declineCode: p.text().nullable(),
    createdAt: p.datetime(),
  },
});

export interface SandboxCharge {
  readonly id: string;
  readonly amountMicros: bigint;
  readonly feeMicros: bigint;
  readonly currency: string;
  readonly paymentMethod: string;
  readonly declineCode: string | null;
}
