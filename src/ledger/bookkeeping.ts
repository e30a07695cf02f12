import { defineEntity, p } from '@mikro-orm/core';

/** What a batch moved on an unguarded account and no fold has added to its balance yet. */
export const BalanceDeltaEntity = defineEntity({
  name: 'BalanceDelta',
  tableName: 'balance_delta',
  properties: {
    id: p.bigint().primary().generated('identity'),
    accountId: p.uuid(),
    amountMicros: p.bigint().fieldName('amount'),
  },
});

/** What reached earnings within one hour and was not taken back. */
export const EarningsHoldEntity = defineEntity({
  name: 'EarningsHold',
  tableName: 'earnings_hold',
  properties: {
    accountId: p.uuid().primary(),
    hour: p.datetime().primary(),
    amountMicros: p.bigint().fieldName('amount'),
  },
});

/** A currency whose postings have stopped. Whoever has mended the books deletes its row. */
export const LedgerHaltEntity = defineEntity({
  name: 'LedgerHalt',
  tableName: 'ledger_halt',
  properties: {
    currency: p.text().primary(),
    reason: p.text(),
    haltedAt: p.datetime(),
  },
});

/** Up to which version an account has been proven, and the balance it had there. */
export const LedgerCheckpointEntity = defineEntity({
  name: 'LedgerCheckpoint',
  tableName: 'ledger_checkpoint',
  properties: {
    accountId: p.uuid().primary(),
    version: p.bigint(),
    balanceMicros: p.bigint().fieldName('balance'),
    checkedAt: p.datetime(),
  },
});
