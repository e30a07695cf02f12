import type { IncomingHttpHeaders } from 'node:http';
import type { RailFee } from '../money/room.ts';

/** The ways in which money crosses the border; rails differ by it. */
export type RailOperation = 'CHARGE' | 'REFUND' | 'PAYOUT';

/**
 * What a provider's rail takes of one currency. `stepMicros` is the smallest part of an amount it can move (a cent, a yen), `bps`
 * and `fixedMicros` are its fee, rounded up to a step; nothing below `minimumMicros` is moved.
 */
export interface Rail extends RailFee {
  readonly minimumMicros: bigint;
}

/** One attempt to take money. */
export interface ChargeRequest {
  /** Ours, stored before the first call: the provider makes at most one charge of it, for ever. */
  readonly key: string;
  /** A whole number of the rail's steps. */
  readonly amountMicros: bigint;
  readonly currency: string;
  /** The provider's own token for a card; null has the payer enter one, as an action. */
  readonly paymentMethod: string | null;
  /** What the payer reads beside the charge. */
  readonly description: string;
  /** The provider's token for the payer, from `createCustomer`; null for a card that is not saved. */
  readonly customer: string | null;
  /** True when the payer is not there to act: what needs an action is declined then, with the code "authentication_required". */
  readonly isOffSession: boolean;
  /** Where a page for an action sends the payer afterwards; null when nobody comes back. */
  readonly returnUrl: string | null;
}

/** What the payer has to do before it goes on: open a page, or hand a secret to the provider's own script. */
export interface PaymentActionNeeded {
  readonly redirectUrl: string | null;
  readonly clientSecret: string | null;
  /** When the provider gives up waiting; null when it does not say. */
  readonly expiresAt: Date | null;
}

export interface Pending {
  readonly status: 'PENDING';
}

export interface ActionRequired {
  readonly status: 'ACTION_REQUIRED';
  readonly action: PaymentActionNeeded;
}

/** A refusal that is final for its key. */
export interface Declined {
  readonly status: 'DECLINED';
  /** The provider's reason, such as "card_declined". */
  readonly code: string;
  /** For people. */
  readonly message: string;
  /** Whether the same may work later, under another key. */
  readonly retryable: boolean;
}

export type ChargeDeclined = Declined;

/** What became of a charge. PENDING is no answer yet, ACTION_REQUIRED waits for the payer; the other two are final. */
export type ChargeOutcome =
  | { readonly status: 'SUCCEEDED'; readonly chargeId: string; /** What the provider keeps of it: its own figure, else by its rail. */ readonly feeMicros: bigint }
  | Declined
  | ActionRequired
  | Pending;

/** A charge as its provider knows it. */
export interface ChargeState {
  /** The provider's id. */
  readonly chargeId: string;
  /** Ours; null for a charge that we did not ask for. */
  readonly key: string | null;
  readonly amountMicros: bigint;
  readonly currency: string;
  readonly outcome: ChargeOutcome;
  /** What went back to the payer, by refunds alone. */
  readonly refundedMicros: bigint;
  /** Ids for `readDispute`. */
  readonly disputeIds: readonly string[];
}

/** One attempt to give money of a charge back to its payer. */
export interface RefundRequest {
  readonly key: string;
  readonly chargeId: string;
  /** A whole number of the steps of the rail's REFUND. */
  readonly amountMicros: bigint;
  readonly currency: string;
}

/** What became of a refund. A bank may send money back later: then DECLINED follows SUCCEEDED, and the provider has the money again. */
export type RefundOutcome = { readonly status: 'SUCCEEDED'; readonly refundId: string } | Declined | Pending;

/** A person for whom a provider keeps methods. */
export interface CustomerRequest {
  readonly key: string;
  readonly email: string | null;
  readonly name: string | null;
}

/** A card to be kept for later. */
export interface SaveMethodRequest {
  readonly key: string;
  /** The provider's token for a card, as its form or script made it. */
  readonly token: string;
  /** From `createCustomer`. */
  readonly customer: string;
  readonly returnUrl: string | null;
}

export type SaveMethodOutcome =
  | {
      readonly status: 'SUCCEEDED';
      /** What charges name as `paymentMethod` from now on. */
      readonly methodToken: string;
      /** Such as "Visa ending in 4242". */
      readonly label: string;
      /** The month after which it no longer works, such as "2031-04"; null where methods do not expire. */
      readonly expiresOn: string | null;
    }
  | Declined
  | ActionRequired
  | Pending;

/** A bank account or the like that takes payouts. */
export interface DestinationRequest {
  readonly key: string;
  /** The provider's token for it. */
  readonly token: string;
  /** Ours, for whom it is. */
  readonly owner: string;
}

export type AddDestinationOutcome =
  | { readonly status: 'ADDED'; readonly destinationToken: string; readonly label: string; readonly isVerified: boolean }
  | Declined;

/** WRONG may be tried again; EXHAUSTED never becomes VERIFIED; NOT_YET waits for something at the provider. */
export type VerifyDestinationOutcome =
  | { readonly status: 'VERIFIED' }
  | { readonly status: 'WRONG'; readonly attemptsLeft: number }
  | { readonly status: 'EXHAUSTED' }
  | { readonly status: 'NOT_YET'; readonly message: string };

/** One attempt to send money to a destination. */
export interface PayoutRequest {
  readonly key: string;
  /** A `destinationToken`. */
  readonly destination: string;
  /** A whole number of the steps of the rail's PAYOUT. */
  readonly amountMicros: bigint;
  readonly currency: string;
}

/** What became of a payout. DECLINED: the provider has the money again, whether it never left or came back. */
export type PayoutOutcome =
  | { readonly status: 'SUCCEEDED'; readonly payoutId: string; /** What of it came back, where it was only a part. */ readonly returnedMicros?: bigint }
  | Declined
  | Pending;

export type DisputeStatus = 'OPEN' | 'WON' | 'LOST';

/** A payer's bank takes a charge back. */
export interface DisputeState {
  /** The provider's id. */
  readonly id: string;
  readonly chargeId: string;
  /** The key of the charge; null for a charge that we did not ask for. */
  readonly key: string | null;
  readonly amountMicros: bigint;
  readonly currency: string;
  /** What the provider keeps for it, whoever wins. */
  readonly feeMicros: bigint;
  readonly status: DisputeStatus;
  /** Such as "fraudulent". */
  readonly reason: string;
  readonly createdAt: Date;
}

/** News of a dispute by which no money moved, at least not yet: what a bank only asks about, or what was prevented. */
export interface Inquiry {
  readonly id: string;
  readonly status: 'INQUIRY';
}

export interface WebhookSubject {
  readonly kind: 'CHARGE' | 'REFUND' | 'DISPUTE' | 'PAYOUT' | 'METHOD';
  /** Our key, where the provider repeats it. Of a DISPUTE always null: read it to learn of its charge. */
  readonly key: string | null;
  readonly providerId: string;
}

/** A hint that something changed at a provider. What changed is read there: hints come late, twice and in any order. */
export interface WebhookEvent {
  /** Unique for ever within the provider. */
  readonly id: string;
  /** Null for news that concern nothing of ours. */
  readonly subject: WebhookSubject | null;
  readonly createdAt: Date;
}

/** A webhook that is not believed. The message says why, to the operator and to the sender. */
export class WebhookRefused extends Error {
  override name = 'WebhookRefused';
}

/** The provider does not know us, as with a wrong key: it did nothing of what it was asked. The message is for the operator. */
export class ProviderDeniesUs extends Error {
  override name = 'ProviderDeniesUs';
}

/** What crossed the border on one day (UTC) in one currency, as the provider counts it; only what we asked it for. */
export interface ProviderTotals {
  readonly chargedMicros: bigint;
  readonly refundedMicros: bigint;
  readonly paidOutMicros: bigint;
  /** Kept of charges, disputes aside. */
  readonly feeMicros: bigint;
}

/**
 * The port behind which payment providers stand. Adapters get plain data and know neither rooms nor the ledger. A call is made outside
 * of every transaction; it may throw or never answer, which says nothing about whether money moved, unless it throws `ProviderDeniesUs`. Whatever takes a key acts once a
 * key: the same request again answers what the first one did, and a key that comes with another request is rejected.
 */
export interface PaymentProvider {
  /** As the API spells it, such as "SANDBOX". */
  readonly name: string;
  /** How long what was made may stay unknown to the reads by key: none is given up as never attempted before. */
  readonly readLagMs: number;
  /** What the rail takes of a currency in an operation; null when it takes none of it. */
  rail(currency: string, operation: RailOperation): Rail | null;

  createCharge(request: ChargeRequest): Promise<ChargeOutcome>;
  /** What became of the charge with a key; null when the provider never heard of it. Never charges. */
  readCharge(key: string): Promise<ChargeOutcome | null>;
  /** The same by the provider's id, and what happened to it since. */
  readChargeById(chargeId: string): Promise<ChargeState | null>;
  /** Ends a charge that waits for its payer; one that is final already stays so. Answers what became of it. */
  cancelCharge(key: string): Promise<ChargeOutcome | null>;

  createRefund(request: RefundRequest): Promise<RefundOutcome>;
  readRefund(refund: Pick<RefundRequest, 'key' | 'chargeId'>): Promise<RefundOutcome | null>;

  /** Answers the provider's token for a person. */
  createCustomer(request: CustomerRequest): Promise<string>;
  saveMethod(request: SaveMethodRequest): Promise<SaveMethodOutcome>;
  readMethod(method: Pick<SaveMethodRequest, 'key' | 'customer'>): Promise<SaveMethodOutcome | null>;
  /** Ends the saving of a card that waits for its owner; one that is final already stays so. Answers what became of it. */
  cancelMethod(method: Pick<SaveMethodRequest, 'key' | 'customer'>): Promise<SaveMethodOutcome | null>;
  /** No charge may name it any more. One that is gone already is no error. */
  forgetMethod(methodToken: string): Promise<void>;

  addDestination(request: DestinationRequest): Promise<AddDestinationOutcome>;
  /** Proves that its owner sees the two small deposits that were sent to it; providers that know their account holders ignore the amounts. */
  verifyDestination(destinationToken: string, amountsMicros: readonly bigint[]): Promise<VerifyDestinationOutcome>;
  createPayout(request: PayoutRequest): Promise<PayoutOutcome>;
  readPayout(key: string): Promise<PayoutOutcome | null>;

  /** Null for one that the provider never heard of. */
  readDispute(disputeId: string): Promise<DisputeState | Inquiry | null>;
  /** Every dispute that was opened on a day such as "2026-03-31", from midnight to midnight UTC, as it is now. */
  listDisputes(day: string): Promise<readonly DisputeState[]>;

  /** Checks the signature and the age (300 s either way) of a webhook, and what it is about. Throws `WebhookRefused`. */
  parseWebhook(rawBody: Buffer, headers: IncomingHttpHeaders, now: Date): WebhookEvent;

  /** `day` such as "2026-03-31", from midnight to midnight UTC. */
  totals(day: string, currency: string): Promise<ProviderTotals>;
}
