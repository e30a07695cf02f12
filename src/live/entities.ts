import { defineEntity, p } from '@mikro-orm/core';

export const alertKinds = ['TIP', 'SUBSCRIPTION_STARTED', 'SUBSCRIPTION_RENEWED', 'GOAL_REACHED', 'DIGEST'] as const;
export type AlertKindName = (typeof alertKinds)[number];

/** HELD waits for an approval, QUEUED for its turn; SHOWN, SKIPPED and DENIED are over. */
export type AlertStateName = 'HELD' | 'QUEUED' | 'SHOWING' | 'SHOWN' | 'SKIPPED' | 'DENIED';

export type QueueStateName = 'PLAYING' | 'PAUSED';

export type OverlayWidgetName = 'ALERTS' | 'GOAL' | 'TOP_TIPPERS' | 'EVENT_LIST';

/** A look of alerts as it is stored: for amounts from `fromMicros` (digits) up to the next variant's. */
export interface StoredVariant {
  readonly name: string;
  readonly fromMicros: string;
  readonly headline: string;
  readonly durationMs: number;
}

/** A creator's wishes for alerts. No row, or a null: what `defaultSettings` says. */
export const AlertSettingsEntity = defineEntity({
  name: 'AlertSettings',
  tableName: 'alert_settings',
  properties: {
    creatorId: p.uuid().primary(),
    kinds: p.array().$type<AlertKindName[]>(),
    minimumMicros: p.bigint('bigint').nullable(),
    variants: p.json<StoredVariant[]>().nullable(),
    blockedWords: p.array(),
    hideAmountsFromModerators: p.boolean(),
    maxAgeSeconds: p.integer(),
    speech: p.boolean(),
  },
});

/** A creator's queue of alerts: made when somebody first looks at it, and how far it has read the creator's streams. */
export const AlertQueueEntity = defineEntity({
  name: 'AlertQueue',
  tableName: 'alert_queue',
  properties: {
    creatorId: p.uuid().primary(),
    state: p.text().$type<QueueStateName>(),
    tipsProjected: p.bigint('bigint'),
    membersProjected: p.bigint('bigint'),
    lastPosition: p.bigint('bigint'),
  },
});

/** One alert. Fans' texts stay in their tips; `message` is that of a test, `digestCount` how many alerts a digest stands for. */
export const AlertEntity = defineEntity({
  name: 'Alert',
  tableName: 'alert',
  properties: {
    id: p.uuid().primary(),
    creatorId: p.uuid(),
    topic: p.text().$type<'tips' | 'members'>().nullable(),
    sequence: p.bigint('bigint').nullable(),
    kind: p.text().$type<AlertKindName>(),
    goalId: p.uuid().nullable(),
    tipId: p.uuid().nullable(),
    subscriptionId: p.uuid().nullable(),
    replayOf: p.uuid().nullable(),
    isTest: p.boolean(),
    message: p.text().nullable(),
    digestCount: p.integer().nullable(),
    position: p.bigint('bigint'),
    state: p.text().$type<AlertStateName>(),
    variant: p.text(),
    durationMs: p.integer(),
    currency: p.text().nullable(),
    amountMicros: p.bigint('bigint').nullable(),
    attempt: p.integer(),
    lease: p.uuid().nullable(),
    leaseUntil: p.datetime().nullable(),
    createdAt: p.datetime(),
    /** When its age began to count: when it happened, or when somebody approved it. */
    waitingSince: p.datetime(),
    shownAt: p.datetime().nullable(),
    endedAt: p.datetime().nullable(),
  },
});

/** A place where a creator's alerts are shown, with a token of its own. */
export const OverlayEntity = defineEntity({
  name: 'Overlay',
  tableName: 'overlay',
  properties: {
    id: p.uuid().primary(),
    creatorId: p.uuid(),
    name: p.text(),
    tokenHash: p.blob(),
    createdAt: p.datetime(),
    lastSeenAt: p.datetime().nullable(),
  },
});

/** An overlay's open socket: gone when it was not seen for `connectionLifeSeconds`. */
export const OverlayConnectionEntity = defineEntity({
  name: 'OverlayConnection',
  tableName: 'overlay_connection',
  properties: {
    id: p.uuid().primary(),
    overlayId: p.uuid(),
    widget: p.text().$type<OverlayWidgetName>().nullable(),
    isVisible: p.boolean(),
    seenAt: p.datetime(),
  },
});

/** Every overlay's process says this often at least that its sockets are still there. */
export const connectionLifeSeconds = 6;

export const liveEntities = [AlertSettingsEntity, AlertQueueEntity, AlertEntity, OverlayEntity, OverlayConnectionEntity];
