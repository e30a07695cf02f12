import { databaseService } from '../database/room.ts';
import type { IntentKind } from '../payments/room.ts';
import { isOpen } from './charge-step.ts';
import { topUpIntent } from './top-up-intent.ts';
import { readRefundSums } from './refunds/refund-rows.ts';
import { readPendingTopUps, readTopUpByKey, readTopUps } from './top-up-rows.ts';
import { topUpsService } from './top-ups.ts';

/** How payments settles top-ups whose process died, whose provider was late, or whose fan had to act. */
export const topUpIntents: IntentKind<'CHARGE'> = {
  name: 'top-up',
  operation: 'CHARGE',
  readPending: async (sql, page) => (await readPendingTopUps(sql, page)).map(topUpIntent),
  findByKey: async (sql, provider, key) => {
    const topUp = await readTopUpByKey(sql, provider, key);
    return topUp && topUpIntent(topUp);
  },
  settle: async (services, topUpId, outcome) => {
    const [topUp] = await readTopUps(services.get(databaseService), [topUpId]);
    if (!topUp) throw new Error(`There is no top-up ${topUpId}.`);
    if (isOpen(topUp.status)) await services.get(topUpsService).settle(topUp, outcome);
  },
  readRefunded: async (sql, topUpId) => {
    const { promisedMicros, withheldMicros } = await readRefundSums(sql, 'TOP_UP', topUpId);
    return promisedMicros - withheldMicros;
  },
};
