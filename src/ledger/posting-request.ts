/** One movement of a posting: what an account gains (above zero) or gives (below it). A movement of zero is left out. */
export interface EntryRequest {
  readonly accountId: string;
  readonly amountMicros: bigint;
  /** A credit to earnings that may not be paid out yet: it enters the hold bucket of the posting's hour, or of its `heldFrom`. */
  readonly held?: boolean;
  /** A debit of earnings that takes back a credit of this moment: it lowers that hour's bucket, to zero at least. */
  readonly takesBackFrom?: Date;
}

/** One business fact. `causeId` is the row that it is about; a cause has at most one posting of a kind. */
export interface PostingRequest {
  readonly id: string;
  readonly kind: string;
  readonly causeId: string;
  readonly currency: string;
  /** The posting that reserved what this one spends or gives back. One posting is resolved at most once. */
  readonly resolves?: string | null;
  /** Two or more, each of another account, that sum to zero. */
  readonly entries: readonly EntryRequest[];
  readonly createdAt: Date;
  /** A later moment than `createdAt` that the bucket of its held entries counts from, to hold them longer. */
  readonly heldFrom?: Date | null;
}

export type PostOutcome = { readonly ok: true } | Insufficient;

/** The first account, in the order of the entries, that cannot give what it should; nothing of the posting happened. */
export interface Insufficient {
  readonly ok: false;
  readonly reason: 'INSUFFICIENT';
  readonly accountId: string;
  readonly balanceMicros: bigint;
  readonly shortfallMicros: bigint;
}
