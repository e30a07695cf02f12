import { clockService, logService, type Job } from '../database/room.ts';
import { renew } from './renewal-run.ts';
import { linesOf } from './run-report.ts';
import { settlerService } from './settlement.ts';

/** Small, since the process answers requests between two batches. */
const batchBesideRequests = 200;

const renewingJob: Job = {
  name: 'renew subscriptions',
  everyMs: 10_000,
  async run(services, stop) {
    const asOf = services.get(clockService).now();
    const report = await renew(services, { asOf, batch: batchBesideRequests, stop });
    const lines = linesOf(report);
    if (lines.length > 0) services.get(logService).info({ asOf, report: lines }, 'renewed subscriptions');
  },
};

const settlingJob: Job = {
  name: 'settle what is owed',
  everyMs: 1_000,
  run: (services) => services.get(settlerService).run(),
};

export const billingJobs: readonly Job[] = [renewingJob, settlingJob];
