import type { RailFee } from '../money/room.ts';

/**
 * What a provider's rail takes of one currency. `stepMicros` is the smallest part of an amount it can charge (a cent, a yen), `bps`
 * and `fixedMicros` are its fee, rounded up to a step; nothing below `minimumMicros` is charged.
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
  /** The provider's own token for a card. */
  readonly paymentMethod: string;
  /** What the payer reads beside the charge. */
  readonly description: string;
}

/** What became of a charge. PENDING is no answer yet; the other two are final. */
export type ChargeOutcome =
  | { readonly status: 'SUCCEEDED'; readonly chargeId: string; /** What the provider keeps of it. */ readonly feeMicros: bigint }
  | ChargeDeclined
  | { readonly status: 'PENDING' };

export interface ChargeDeclined {
  readonly status: 'DECLINED';
  /** The provider's reason, such as "card_declined". */
  readonly code: string;
  /** For people. */
  readonly message: string;
  /** Whether the same card may work later, under another key. */
  readonly retryable: boolean;
}

/**
 * The port behind which payment providers stand. Adapters get plain data and know neither rooms nor the ledger. A call is made outside
 * of every transaction; it may throw or never answer, which says nothing about whether money moved.
 */
export interface PaymentProvider {
  /** As the API spells it, such as "SANDBOX". */
  readonly name: string;
  /** What the rail takes of a currency; null when it takes none of it. */
  rail(currency: string): Rail | null;
  /** Charges once a key: the same request again answers what the first one did. Rejects a key that comes with another request. */
  createCharge(request: ChargeRequest): Promise<ChargeOutcome>;
  /** What became of the charge with a key; null when the provider never heard of it. */
  readCharge(key: string): Promise<ChargeOutcome | null>;
}
