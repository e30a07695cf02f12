import { defineEntity, p } from '@mikro-orm/core';
import { ChargeEntity } from './charge.ts';
import type { BillingInterval } from './periods.ts';
import { SubscriptionEntity } from './subscription.ts';

/** SKIPPED ones were missed in a downtime or never paid. */
export type PeriodState = 'CHARGED' | 'SKIPPED' | 'PAUSED';

/** A period that is decided: none is missing and none overlaps another, up to the last one written. */
export const SubscriptionPeriodEntity = defineEntity({
  name: 'SubscriptionPeriod',
  tableName: 'subscription_period',
  properties: {
    subscriptionId: p.uuid().primary(),
    index: p.integer().primary(),
    startsAt: p.datetime(),
    endsAt: p.datetime(),
    state: p.text().$type<PeriodState>(),
  },
});

/** An accepted change of tier, amount or interval, with what it cost at once. It carries the idempotency key of its mutation. */
export const SubscriptionChangeEntity = defineEntity({
  name: 'SubscriptionChange',
  tableName: 'subscription_change',
  properties: {
    id: p.uuid().primary(),
    subscriptionId: p.uuid(),
    personId: p.uuid(),
    idempotencyKey: p.text(),
    inputHash: p.blob(),
    fromTierId: p.uuid().nullable(),
    toTierId: p.uuid().nullable(),
    fromAmountMicros: p.bigint('bigint'),
    toAmountMicros: p.bigint('bigint'),
    fromInterval: p.text().$type<BillingInterval>(),
    toInterval: p.text().$type<BillingInterval>(),
    dueNowMicros: p.bigint('bigint'),
    chargeId: p.uuid().nullable(),
    effectiveAt: p.datetime(),
    createdAt: p.datetime(),
  },
});

/** How a creator's memberships moved on one day in UTC: figures of any time are sums of these, never scans of subscriptions. */
export const MembershipDayEntity = defineEntity({
  name: 'MembershipDay',
  tableName: 'membership_day',
  properties: {
    creatorId: p.uuid().primary(),
    day: p.string().columnType('date').primary(),
    started: p.bigint('bigint').defaultRaw('0'),
    churned: p.bigint('bigint').defaultRaw('0'),
    activeDelta: p.bigint('bigint').defaultRaw('0'),
    monthlyDeltaMicros: p.bigint('bigint').defaultRaw('0'),
  },
});

export const subscriptionEntities = [SubscriptionEntity, ChargeEntity, SubscriptionPeriodEntity, SubscriptionChangeEntity, MembershipDayEntity];
