import { defineEntity, type InferEntity } from '@mikro-orm/core';

/** A creator's page. The handle is unique without regard to case; the currency never changes. */
export const CreatorEntity = defineEntity({
  name: 'Creator',
  tableName: 'creator',
  properties: (p) => ({
    id: p.uuid().primary(),
    ownerId: p.uuid(),
    handle: p.text(),
    displayName: p.text(),
    bio: p.text().strictNullable(),
    avatarUrl: p.text().strictNullable(),
    links: p.array(),
    currency: p.text(),
    tipPresetMicros: p.array(BigInt, String).columnType('bigint[]'),
    tipMinimumMicros: p.bigint(),
    tipMaximumMicros: p.bigint(),
    maxMessageLength: p.integer(),
    holdTipsForApproval: p.boolean(),
    searchWords: p.array(),
    createdAt: p.datetime().columnType('timestamptz'),
  }),
});
export type Creator = InferEntity<typeof CreatorEntity>;

/** What fans may subscribe to. `taken` counts the members who hold a place; `interval` is an `Interval`. */
export const TierEntity = defineEntity({
  name: 'Tier',
  tableName: 'tier',
  properties: (p) => ({
    id: p.uuid().primary(),
    creatorId: p.uuid(),
    currency: p.text(),
    name: p.text(),
    description: p.text().strictNullable(),
    priceMicros: p.bigint(),
    interval: p.text(),
    benefits: p.array(),
    capacity: p.integer().strictNullable(),
    taken: p.integer().defaultRaw('0'),
    archivedAt: p.datetime().columnType('timestamptz').strictNullable(),
    createdAt: p.datetime().columnType('timestamptz'),
  }),
});
export type Tier = InferEntity<typeof TierEntity>;

/** What a creator collects tips for. `reachedAt` is when the tips first came to the target, `reachedBy` the tip that brought it there. */
export const GoalEntity = defineEntity({
  name: 'Goal',
  tableName: 'goal',
  properties: (p) => ({
    id: p.uuid().primary(),
    creatorId: p.uuid(),
    currency: p.text(),
    title: p.text(),
    targetMicros: p.bigint(),
    raisedMicros: p.bigint().defaultRaw('0'),
    reachedAt: p.datetime().columnType('timestamptz').strictNullable(),
    reachedBy: p.uuid().strictNullable(),
    archivedAt: p.datetime().columnType('timestamptz').strictNullable(),
    createdAt: p.datetime().columnType('timestamptz'),
  }),
});
export type Goal = InferEntity<typeof GoalEntity>;

/** Somebody who may approve, deny, skip and replay on a creator's page, beside its owner. */
export const ModeratorEntity = defineEntity({
  name: 'Moderator',
  tableName: 'moderator',
  properties: (p) => ({
    creatorId: p.uuid().primary(),
    personId: p.uuid().primary(),
    createdAt: p.datetime().columnType('timestamptz'),
  }),
});

/** A fan of a creator under the last name given on a tip that was not anonymous. */
export const SupporterEntity = defineEntity({
  name: 'Supporter',
  tableName: 'supporter',
  properties: (p) => ({
    creatorId: p.uuid().primary(),
    tipperId: p.uuid().primary(),
    displayName: p.text(),
  }),
});

/** What a fan gave a creator in a day, a month and in all, anonymous tips left out; `period` is DAY, MONTH or ALL_TIME. */
export const SupporterTotalEntity = defineEntity({
  name: 'SupporterTotal',
  tableName: 'supporter_total',
  properties: (p) => ({
    creatorId: p.uuid().primary(),
    period: p.text().primary(),
    startsOn: p.string().columnType('date').primary(),
    tipperId: p.uuid().primary(),
    totalMicros: p.bigint(),
  }),
});

/** What a creator was tipped on one day in UTC: gross, less what was refunded since. */
export const CreatorDayEntity = defineEntity({
  name: 'CreatorDay',
  tableName: 'creator_day',
  properties: (p) => ({
    creatorId: p.uuid().primary(),
    day: p.string().columnType('date').primary(),
    tipsTotalMicros: p.bigint(),
    tipCount: p.bigint(),
  }),
});

export const creatorEntities = [CreatorDayEntity, CreatorEntity, GoalEntity, ModeratorEntity, SupporterEntity, SupporterTotalEntity, TierEntity];
