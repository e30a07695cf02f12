import { databaseService } from '../database/room.ts';
import type { IntentKind } from '../payments/room.ts';
import { isOpen, readRefundSums } from '../wallets/room.ts';
import { cardTipIntent } from './card-tip-intent.ts';
import { readCardTip, readCardTipByKey, readPendingCardTips } from './card-tip-rows.ts';
import { cardTipsService } from './card-tips.ts';

/** How payments settles tips by card whose process died, whose provider was late, or whose fan had to act. */
export const cardTipIntents: IntentKind<'CHARGE'> = {
  name: 'card tip',
  operation: 'CHARGE',
  readPending: async (sql, page) => (await readPendingCardTips(sql, page)).map(cardTipIntent),
  findByKey: async (sql, provider, key) => {
    const tip = await readCardTipByKey(sql, provider, key);
    return tip && cardTipIntent(tip);
  },
  settle: async (services, tipId, outcome) => {
    const tip = await readCardTip(services.get(databaseService), tipId);
    if (isOpen(tip.status)) await services.get(cardTipsService).settle(tip, outcome);
  },
  readRefunded: async (sql, tipId) => (await readRefundSums(sql, 'TIP', tipId)).promisedMicros,
};
