import type { AccountKind } from './accounts.ts';
import type { PostingRequest } from './posting-request.ts';

/** An account as the book of one batch knows it. For an unguarded one `balance` is what this book has moved. */
export interface BookAccount {
  readonly id: string;
  readonly kind: AccountKind;
  readonly currency: string;
  readonly guarded: boolean;
  balance: bigint;
  version: bigint;
  writtenBalance: bigint;
  writtenVersion: bigint;
}

export interface BookEntry {
  readonly postingId: string;
  readonly accountId: string;
  readonly amountMicros: bigint;
  readonly version: bigint | null;
  readonly balanceAfterMicros: bigint | null;
}

export interface HoldMove {
  readonly accountId: string;
  readonly hour: Date;
  amountMicros: bigint;
}

/** What a book has decided and not written yet. */
export interface Decided {
  postings: PostingRequest[];
  entries: BookEntry[];
  holds: Map<string, HoldMove>;
}
