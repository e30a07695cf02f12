import { newId, type Tx } from '../../database/room.ts';
import { Book, type EntryRequest, type PostingRequest } from '../../ledger/room.ts';
import type { FinalOutcome } from '../../payments/room.ts';
import { lockRefund, storePassed, storeRefundOutcome } from './refund-rows.ts';
import type { Refund } from './refund.ts';

/**
 * The accounts that a refund to a card passes through: reserved for it until the provider answers, then what the provider owes us, and
 * the platform's loss, which what is withheld makes good.
 */
export interface RefundPassage {
  readonly reservedId: string;
  readonly clearingId: string;
  readonly lossId: string;
}

export interface RefundEnd {
  readonly refundId: string;
  readonly outcome: FinalOutcome<'REFUND'>;
  readonly passage: RefundPassage;
  /** The accounts that may get the money back. */
  readonly giverIds: readonly string[];
  /** Has the payment's disputes take over what they must of a refund that just failed; answers how much that was. */
  passOn(refund: Refund): Promise<bigint>;
  /** Where all that was taken for a refund goes back to, less what disputes took over. */
  giveBack(book: Book, refund: Refund, passedMicros: bigint): GivenBack;
  /** The moment from whose hour on what comes back is held, other than now; told how the refund stood. */
  heldFrom?(before: Refund): Date | null;
  readonly now: Date;
}

export interface GivenBack {
  readonly entries: readonly EntryRequest[];
  /** What of it makes good the platform's loss. */
  readonly lossMicros: bigint;
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
export async function endRefund(tx: Tx, { refundId, outcome, passage, giverIds, passOn, giveBack, heldFrom, now }: RefundEnd): Promise<EndedRefund> {
  const before = await lockRefund(tx, refundId);
  const isNews = before.status === 'PENDING' || (before.status === 'SUCCEEDED' && outcome.status === 'DECLINED');
  if (!isNews) return { before, after: before };
  const resolves = before.status === 'PENDING' ? await reservationOf(tx, before) : null;
  const after = await storeRefundOutcome(tx, before, outcome, now);
  const passedMicros = after.status === 'FAILED' ? await passOn(after) : 0n;
  if (passedMicros > 0n) await storePassed(tx, before.id, passedMicros);
  const book = await Book.lock(tx, [...Object.values(passage), ...giverIds]);
  const request = after.status === 'SUCCEEDED'
    ? { kind: sentKind(before), entries: sentEntries(before, passage) }
    : { kind: returnKind(before), entries: returnEntries(before, passage, giveBack(book, before, passedMicros)), heldFrom: heldFrom?.(before) ?? null };
  const posted = book.post({ ...request, id: newId(), causeId: before.id, currency: before.currency, resolves, createdAt: now });
  if (!posted.ok) throw new Error(`The refund ${before.id} moves only what was reserved for it, yet it was refused.`);
  await book.write(tx);
  return { before, after };
}

function sentEntries({ amountMicros, withheldMicros }: Refund, { reservedId, clearingId, lossId }: RefundPassage): EntryRequest[] {
  return [
    { accountId: reservedId, amountMicros: -amountMicros - withheldMicros },
    { accountId: clearingId, amountMicros },
    { accountId: lossId, amountMicros: withheldMicros },
  ];
}

/** What waited goes back as it was taken; what had left, from the provider and from what was withheld. */
function returnEntries({ status, amountMicros, withheldMicros }: Refund, passage: RefundPassage, { entries, lossMicros }: GivenBack): EntryRequest[] {
  const hadLeft = status === 'SUCCEEDED';
  return [
    hadLeft ? { accountId: passage.clearingId, amountMicros: -amountMicros } : { accountId: passage.reservedId, amountMicros: -amountMicros - withheldMicros },
    { accountId: passage.lossId, amountMicros: hadLeft ? lossMicros - withheldMicros : lossMicros },
    ...entries,
  ];
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
