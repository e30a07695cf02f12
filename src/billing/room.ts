import type { RoomFace } from '../database/room.ts';
import { billingInvariants } from './invariants.ts';
import { billingJobs } from './jobs.ts';

export { parseAsOf, type ParsedAsOf } from './as-of.ts';
export { nextTry, owedBy, paid, RETRY_DAYS, unpaid, type Owed } from './dunning.ts';
export { renew, type RenewOptions } from './renewal-run.ts';
export { linesOf, type RunReport } from './run-report.ts';
export { settle, Settler, settlerService } from './settlement.ts';

export const billingRoom: RoomFace = { name: 'billing', invariants: billingInvariants, jobs: billingJobs };
