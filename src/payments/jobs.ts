import { clockService, logService, type Job } from '../database/room.ts';
import { formatDecimal } from '../money/room.ts';
import { followDisputes } from './follow-disputes.ts';
import { reconcile } from './reconcile.ts';
import { compareYesterday, differencesOf, lastDays } from './totals.ts';
import { webhookTakerService } from './webhook-taker.ts';

export const paymentsJobs: readonly Job[] = [
  { name: 'take webhooks', everyMs: 1_000, run: (services) => services.get(webhookTakerService).takeDue() },
  {
    name: 'reconcile payments',
    everyMs: 30_000,
    run: async (services) => {
      await reconcile(services);
    },
  },
  {
    name: 'follow disputes',
    everyMs: 600_000,
    run: async (services) => {
      await followDisputes(services, lastDays(services.get(clockService).now(), 2));
    },
  },
  {
    name: 'compare payments of yesterday',
    everyMs: 6 * 3_600_000,
    run: async (services) => {
      const { compared, unread } = await compareYesterday(services);
      for (const { provider, error } of unread) services.get(logService).error({ err: error, provider }, 'The totals of a provider cannot be read.');
      for (const { theirsMicros, oursMicros, currency, ...where } of differencesOf(compared)) {
        const figures = { theirs: formatDecimal(theirsMicros, currency), ours: formatDecimal(oursMicros, currency) };
        services.get(logService).error({ ...where, currency, ...figures }, 'A provider and the ledger do not agree.');
      }
    },
  },
];
