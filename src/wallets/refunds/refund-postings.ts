import { newId, type Tx } from '../../database/room.ts';
import { Book, transferEntries, type EntryRequest, type PostingRequest } from '../../ledger/room.ts';
import type { FinalOutcome } from '../../payments/room.ts';
import { lockRefund, storeRefundOutcome } from './refund-rows.ts';
import type { Refund } from './refund.ts';

/** The accounts that a refund to a card passes through: reserved for it until the provider answers, then what the provider owes us. */
export interface RefundPassage {
  readonly reservedId: string;
  readonly clearingId: string;
}

export interface RefundEnd {
  readonly refundId: string;
  readonly outcome: FinalOutcome<'REFUND'>;
  readonly passage: RefundPassage;
  /** Guarded accounts that may get the money back. */
  readonly giverIds: readonly string[];
  /** The entries that give the refund's amount back to where it was taken from. */
  giveBack(book: Book, refund: Refund): readonly EntryRequest[];
  /** From when on what comes back is held, if later than now. */
  readonly heldFrom?: Date | null;
  readonly now: Date;
}

/** How a refund stood and stands; the same twice when the outcome was no news. */
export interface EndedRefund {
  readonly before: Refund;
  readonly after: Refund;
}

/**
 * Ends a refund to a card, under the lock of its payment: what was reserved has left through the provider, or goes back. A refund that
 * had arrived and is sent back by the bank gives its money back too. The first outcome counts, and FAILED after SUCCEEDED.
 */
export async function endRefund(tx: Tx, { refundId, outcome, passage, giverIds, giveBack, heldFrom = null, now }: RefundEnd): Promise<EndedRefund> {
  const before = await lockRefund(tx, refundId);
  const isNews = before.status === 'PENDING' || (before.status === 'SUCCEEDED' && outcome.status === 'DECLINED');
  if (!isNews) return { before, after: before };
  const resolves = before.status === 'PENDING' ? await reservationOf(tx, before) : null;
  const book = await Book.lock(tx, [passage.reservedId, passage.clearingId, ...giverIds]);
  const { amountMicros } = before;
  const fromId = resolves === null ? passage.clearingId : passage.reservedId;
  const request = outcome.status === 'SUCCEEDED'
    ? { kind: sentKind(before), entries: transferEntries(passage.reservedId, passage.clearingId, amountMicros) }
    : { kind: returnKind(before), entries: [{ accountId: fromId, amountMicros: -amountMicros }, ...giveBack(book, before)] };
  const posted = book.post({ ...request, id: newId(), causeId: before.id, currency: before.currency, resolves, createdAt: now, heldFrom });
  if (!posted.ok) throw new Error(`The refund ${before.id} moves only what was reserved for it, yet it was refused.`);
  const after = await storeRefundOutcome(tx, before, outcome, now);
  await book.write(tx);
  return { before, after };
}

/** The kinds of posting that a refund makes: what is taken, what has left, and what comes back. */
export function refundKind({ kind }: Pick<Refund, 'kind'>): string {
  return kind === 'TIP' ? 'TIP_REFUND' : 'TOP_UP_REFUND';
}

function sentKind(refund: Refund): string {
  return `${refundKind(refund)}_SENT`;
}

function returnKind(refund: Refund): string {
  return `${refundKind(refund)}_RETURN`;
}

/** The posting that takes the money of a refund, from whoever gives it to wherever it waits or goes. */
export function refundPosting(refund: Refund, entries: readonly EntryRequest[]): PostingRequest {
  return { id: newId(), kind: refundKind(refund), causeId: refund.id, currency: refund.currency, entries, createdAt: refund.createdAt };
}

async function reservationOf(tx: Tx, refund: Refund): Promise<string> {
  const [posting] = await tx.query<{ id: string }>('SELECT id FROM posting WHERE cause_id = $1 AND kind = $2', [refund.id, refundKind(refund)]);
  if (!posting) throw new Error(`The refund ${refund.id} is pending, but nothing is reserved for it.`);
  return posting.id;
}
