import { defineEntity, p } from '@mikro-orm/core';
import type { WebhookSubject } from './port.ts';

/** A webhook that was believed. It says which payment to look up at its provider; what it claims besides is not kept. */
export const WebhookEventEntity = defineEntity({
  name: 'WebhookEvent',
  tableName: 'webhook_event',
  properties: {
    provider: p.text().primary(),
    /** The provider's, which makes a second delivery known. */
    id: p.text().primary(),
    subjectKind: p.text().$type<WebhookSubject['kind']>(),
    subjectKey: p.text().nullable(),
    subjectId: p.text(),
    createdAt: p.datetime().columnType('timestamptz'),
    receivedAt: p.datetime().columnType('timestamptz'),
    /** Not taken before: a lease while somebody works on it, a pause after it failed. */
    takeAfter: p.datetime().columnType('timestamptz'),
    attempts: p.integer().defaultRaw('0'),
    takenAt: p.datetime().columnType('timestamptz').nullable(),
  },
});
