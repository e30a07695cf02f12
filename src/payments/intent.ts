import { service, type Services, type Sql } from '../database/room.ts';
import type {
  ChargeOutcome, ChargeRequest, DisputeState, PayoutOutcome, PayoutRequest, RefundOutcome, RefundRequest, SaveMethodOutcome, SaveMethodRequest,
} from './port.ts';

/** What providers are asked to do once a key, with what they are asked and what they may answer. */
export interface Operations {
  readonly CHARGE: { readonly request: ChargeRequest; readonly outcome: ChargeOutcome };
  readonly REFUND: { readonly request: RefundRequest; readonly outcome: RefundOutcome };
  readonly PAYOUT: { readonly request: PayoutRequest; readonly outcome: PayoutOutcome };
  readonly METHOD: { readonly request: SaveMethodRequest; readonly outcome: SaveMethodOutcome };
}

export type Operation = keyof Operations;

/** Something that was decided and stored, with everything the provider is asked pinned to it; its outcome is not final yet. */
export interface Intent<O extends Operation = Operation> {
  readonly id: string;
  readonly operation: O;
  /** The provider's name. */
  readonly provider: string;
  readonly request: Operations[O]['request'];
  readonly createdAt: Date;
}

export type OutcomeOf<O extends Operation> = Operations[O]['outcome'];

/** An outcome that says something: all but PENDING. */
export type ReportedOutcome<O extends Operation = Operation> = Exclude<OutcomeOf<O>, { status: 'PENDING' }>;

/** An outcome that no longer changes. */
export type FinalOutcome<O extends Operation = Operation> = Exclude<OutcomeOf<O>, { status: 'PENDING' | 'ACTION_REQUIRED' }>;

export interface IntentPage {
  readonly madeBefore: Date;
  /** The last id of the page before; null for the first page. */
  readonly afterId: string | null;
  readonly limit: number;
}

/**
 * How one kind of payment (a top-up, a refund) takes the outcome of its intents. Its room lists it, so that `payments` need not know
 * it. Keys are unique among all kinds of one provider: they begin with the kind's own prefix.
 */
export interface IntentKind<O extends Operation = Operation> {
  readonly name: string;
  readonly operation: O;
  /** Intents without a final outcome (PENDING and ACTION_REQUIRED), ascending by id. */
  readPending(sql: Sql, page: IntentPage): Promise<readonly Intent<O>[]>;
  /** The intent with a key of ours at a provider, whatever its state; null when it is none of this kind. */
  findByKey(sql: Sql, provider: string, key: string): Promise<Intent<O> | null>;
  /**
   * Stores an outcome and what follows from it. States move forward only: PENDING, ACTION_REQUIRED, then SUCCEEDED or FAILED for good.
   * The same again, and an older state after a newer one, change nothing.
   */
  settle(services: Services, intentId: string, outcome: ReportedOutcome<O>): Promise<void>;
  /** Of a charge: what went back to its payer by refunds of ours, those on their way included. */
  readRefunded?(sql: Sql, intentId: string): Promise<bigint>;
}

/** How one kind of payment takes disputes of its charges. */
export interface DisputeKind {
  readonly name: string;
  /**
   * Stores a dispute as its provider knows it now, and what follows from it; answers false when its charge is none of this kind. The
   * same state again changes nothing, and neither does OPEN after the dispute was closed.
   */
  take(services: Services, provider: string, dispute: DisputeState): Promise<boolean>;
}

/**
 * A kind of posting by which money crosses the border to a provider (its `clearing` account moves), and which of the provider's totals
 * it is part of. What disputes move is in none.
 */
export interface BorderPosting {
  readonly kind: string;
  readonly total: 'CHARGED' | 'REFUNDED' | 'PAID_OUT';
  /** The kind of posting, of the same cause, that this one takes back. It counts on the day of that one, as providers count it. */
  readonly returnOf?: string;
}

/** What a room that makes payments shows besides its face. */
export interface PaymentsFace {
  readonly intentKinds?: readonly IntentKind[];
  readonly disputeKinds?: readonly DisputeKind[];
  readonly borderPostings?: readonly BorderPosting[];
}

/** Every room's kinds of intent; provided by the composition root. */
export const intentKindsService = service<readonly IntentKind[]>('payments.intentKinds');

/** Every room's kinds of disputes; provided by the composition root. */
export const disputeKindsService = service<readonly DisputeKind[]>('payments.disputeKinds');

/** Every room's postings that cross the border; provided by the composition root. */
export const borderPostingsService = service<readonly BorderPosting[]>('payments.borderPostings');
