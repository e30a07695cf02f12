import { defineEntity, p, type InferEntity } from '@mikro-orm/core';

/** One business fact that moved money: a tip, a top-up, a refund. Written once, never changed. */
export const PostingEntity = defineEntity({
  name: 'Posting',
  tableName: 'posting',
  properties: {
    id: p.uuid().primary(),
    kind: p.text(),
    currency: p.text(),
    /** The row that this posting is about, in a table that `kind` tells. */
    causeId: p.uuid(),
    /** The reservation that this posting ends. */
    resolves: p.uuid().nullable(),
    createdAt: p.datetime(),
    /** From when its held entries count as held; null: from `createdAt`. */
    heldFrom: p.datetime().nullable(),
  },
});

export type Posting = InferEntity<typeof PostingEntity>;
