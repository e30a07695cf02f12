import type { EntitySchema } from '@mikro-orm/core';
import type { RoomFace } from '../database/room.ts';
import { AccountEntity } from './account.ts';
import { BalanceDeltaEntity, EarningsHoldEntity, LedgerCheckpointEntity, LedgerHaltEntity } from './bookkeeping.ts';
import { EntryEntity } from './entry.ts';
import { ledgerJobs } from './jobs.ts';
import { PostingEntity } from './posting.ts';

export { AccountEntity, type Account } from './account.ts';
export {
  balanceOf, balancesOf, findAccounts, guardedKinds, openAccounts, PLATFORM_OWNER_ID, providerOwnerId, unguardedKinds,
  type AccountKind, type AccountName, type GuardedKind, type UnguardedKind,
} from './accounts.ts';
export { Book, LedgerHalted } from './book.ts';
export { readHalts } from './book-reading.ts';
export { check, type CheckLine, type CheckOptions, type Violation } from './check.ts';
export { creatorBalances, type CreatorBalance, type HoldRule } from './creator-balance.ts';
export { EntryEntity, type Entry } from './entry.ts';
export { foldDeltas } from './folding.ts';
export { guards, type Guard } from './guards.ts';
export { ledgerAlarmService } from './jobs.ts';
export { PostingEntity, type Posting } from './posting.ts';
export { post, transferEntries } from './post.ts';
export type { EntryRequest, Insufficient, PostingRequest, PostOutcome } from './posting-request.ts';
export { entryCounts, readStatements, type StatementLine, type StatementRequest } from './statement.ts';

export const ledgerRoom: RoomFace = {
  name: 'ledger',
  entities: [
    AccountEntity, PostingEntity, EntryEntity, BalanceDeltaEntity, EarningsHoldEntity, LedgerHaltEntity, LedgerCheckpointEntity,
  ] as EntitySchema[],
  jobs: ledgerJobs,
};
