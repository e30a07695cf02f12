import { clockService, databaseService, type Job } from '../database/room.ts';
import { autoTopUpsService } from './auto-top-ups.ts';
import { forgetAttempts } from './card-attempts.ts';
import { watchDeclines } from './dunning-pause.ts';
import { paymentMethodsService } from './payment-methods.ts';

const minuteMs = 60_000;

export const walletJobs: readonly Job[] = [
  { name: 'top up the wallets of those who spent', everyMs: 1_000, run: (services) => services.get(autoTopUpsService).runHinted() },
  { name: 'top up every wallet that is low', everyMs: minuteMs, run: (services, stop) => services.get(autoTopUpsService).runAll(stop) },
  { name: 'watch for a spike of declined cards', everyMs: minuteMs, run: watchDeclines },
  { name: 'have removed payment methods forgotten', everyMs: 10 * minuteMs, run: (services) => services.get(paymentMethodsService).forgetRemoved() },
  {
    name: 'forget old card attempts', everyMs: 60 * minuteMs,
    run: (services) => forgetAttempts(services.get(databaseService), services.get(clockService).now()),
  },
];
