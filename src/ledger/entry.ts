import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

/** What one posting moved on one account. Written once, never changed. */
export const EntryEntity = defineEntity({
  name: 'Entry',
  tableName: 'entry',
  properties: {
    postingId: p.uuid().primary(),
    accountId: p.uuid().primary(),
    amountMicros: p.bigint().fieldName('amount'),
    /** The place of this entry on its guarded account, from 1; null on an unguarded one. */
    version: p.bigint().nullable(),
    balanceAfterMicros: p.bigint().fieldName('balance_after').nullable(),
  },
});

export type Entry = InferEntity<typeof EntryEntity>;
