import { defineEntity, p } from '@mikro-orm/core';

/** A tip as it is stored: written once when it is paid, and changed only by refunds, disputes and moderation. */
export const TipEntity = defineEntity({
  name: 'Tip',
  tableName: 'tip',
  properties: {
    id: p.uuid().primary(),
    creatorId: p.uuid(),
    senderId: p.uuid().nullable(),
    scopeId: p.uuid(),
    idempotencyKey: p.text(),
    inputHash: p.blob(),
    currency: p.text(),
    amountMicros: p.bigint('bigint'),
    feeBps: p.integer(),
    feeMicros: p.bigint('bigint'),
    processorFeeMicros: p.bigint('bigint').defaultRaw('0'),
    netMicros: p.bigint('bigint'),
    displayName: p.text(),
    message: p.text().nullable(),
    messageState: p.text().$type<MessageState>(),
    isAnonymous: p.boolean(),
    funding: p.text().$type<'WALLET' | 'CARD'>(),
    status: p.text().$type<TipStatus>(),
    createdAt: p.datetime(),
  },
});

/** HELD and DENIED texts are for the sender, the owner and the moderators alone. */
export type MessageState = 'VISIBLE' | 'HELD' | 'DENIED';

export type TipStatus = 'PENDING' | 'ACTION_REQUIRED' | 'SUCCEEDED' | 'FAILED' | 'PARTIALLY_REFUNDED' | 'REFUNDED' | 'DISPUTED';

/** The part of a tip that the API shows; events carry it in memory, and lists read it from the table. */
export interface Tip {
  readonly id: string;
  readonly creatorId: string;
  /** Null for a guest. */
  readonly senderId: string | null;
  readonly currency: string;
  readonly amountMicros: bigint;
  readonly feeBps: number;
  readonly feeMicros: bigint;
  readonly processorFeeMicros: bigint;
  /** What the creator gets: the amount less both fees. */
  readonly netMicros: bigint;
  readonly displayName: string;
  readonly message: string | null;
  readonly messageState: MessageState;
  readonly isAnonymous: boolean;
  readonly funding: 'WALLET' | 'CARD';
  readonly status: TipStatus;
  readonly createdAt: Date;
}
