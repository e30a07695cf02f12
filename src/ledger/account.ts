import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import type { AccountKind } from './accounts.ts';

/** A place where money of one currency stands. Balances are signed micros, credit-positive. */
export const AccountEntity = defineEntity({
  name: 'Account',
  tableName: 'account',
  properties: {
    id: p.uuid().primary(),
    ownerId: p.uuid(),
    kind: p.text().$type<AccountKind>(),
    currency: p.text(),
    /** Of an unguarded account this is what has been folded; its deltas are in `balance_delta`. */
    balanceMicros: p.bigint().fieldName('balance').defaultRaw('0'),
    /** The number of entries of a guarded account; an unguarded one stays at 0. */
    version: p.bigint().defaultRaw('0'),
    createdAt: p.datetime(),
  },
});

export type Account = InferEntity<typeof AccountEntity>;
