import { service, type Services, type Sql } from '../database/room.ts';
import type { ChargeOutcome, ChargeRequest } from './port.ts';

/** A payment that was decided and stored, with everything the provider is asked pinned to it; its outcome is not stored yet. */
export interface Intent {
  readonly id: string;
  /** The provider's name. */
  readonly provider: string;
  readonly request: ChargeRequest;
  readonly createdAt: Date;
}

/** An outcome that no longer changes. */
export type FinalOutcome = Exclude<ChargeOutcome, { status: 'PENDING' }>;

export interface IntentPage {
  readonly madeBefore: Date;
  /** The last id of the page before; null for the first page. */
  readonly afterId: string | null;
  readonly limit: number;
}

/** How one kind of payment (a top-up, say) takes the outcome of its intents. Its room lists it, so that `payments` need not know it. */
export interface IntentKind {
  readonly name: string;
  /** Intents without an outcome, ascending by id. */
  readPending(sql: Sql, page: IntentPage): Promise<readonly Intent[]>;
  /** Stores an outcome and what follows from it. Only the first outcome of an intent counts; the same again changes nothing. */
  settle(services: Services, intentId: string, outcome: FinalOutcome): Promise<void>;
}

/** What a room that makes payments shows besides its face. */
export interface PaymentsFace {
  readonly intentKinds?: readonly IntentKind[];
}

/** Every room's kinds of intent; provided by the composition root. */
export const intentKindsService = service<readonly IntentKind[]>('payments.intentKinds');
