import type { IncomingHttpHeaders } from 'node:http';
import type {
  AddDestinationOutcome, ChargeOutcome, ChargeRequest, ChargeState, CustomerRequest, DestinationRequest, DisputeState, PaymentProvider, PayoutOutcome,
  PayoutRequest, ProviderTotals, Rail, RailOperation, RefundOutcome, RefundRequest, SaveMethodOutcome, SaveMethodRequest, VerifyDestinationOutcome,
  WebhookEvent,
} from '../port.ts';
import { WebhookRefused } from '../port.ts';
import { checkSignature } from '../webhook-signature.ts';
import { signatureHeaderName } from './outbox.ts';
import { sandboxRail } from './rail.ts';
import { decode, encode } from './wire.ts';

export interface SandboxProviderOptions {
  /** Where the processor listens, without a trailing slash. */
  readonly url: () => Promise<string>;
  readonly apiKey: string;
  /** Webhooks may be signed by any of them. */
  readonly webhookSecrets: readonly string[];
}

/** Longer than anybody waits for an outcome; what comes later is thrown away. */
const answerWithinMs = 60_000;

/**
 * Speaks HTTP to the simulated processor. Its cards: `pm_sandbox_ok` succeeds at once, `pm_sandbox_declined` and
 * `pm_sandbox_insufficient_funds` decline, `pm_sandbox_action` waits for the payer on a page, `pm_sandbox_stall` answers late,
 * `pm_sandbox_silent` charges and never answers, `pm_sandbox_dispute` is disputed a week later. Its bank accounts: `ba_sandbox_ok` is
 * verified by deposits of 0.32 and 0.45, `ba_sandbox_slow` takes payouts when told, `ba_sandbox_closed` fails them.
 */
export class SandboxProvider implements PaymentProvider {
  readonly name = 'SANDBOX';
  readonly readLagMs = 0;
  readonly #options: SandboxProviderOptions;

  constructor(options: SandboxProviderOptions) {
    this.#options = options;
  }

  rail(currency: string, operation: RailOperation): Rail | null {
    return sandboxRail(currency, operation);
  }

  createCharge(request: ChargeRequest): Promise<ChargeOutcome> {
    return this.#ask('create-charge', request);
  }

  readCharge(key: string): Promise<ChargeOutcome | null> {
    return this.#ask('read-charge', { key });
  }

  readChargeById(chargeId: string): Promise<ChargeState | null> {
    return this.#ask('read-charge-by-id', { chargeId });
  }

  cancelCharge(key: string): Promise<ChargeOutcome | null> {
    return this.#ask('cancel-charge', { key });
  }

  createRefund(request: RefundRequest): Promise<RefundOutcome> {
    return this.#ask('create-refund', request);
  }

  readRefund({ key }: Pick<RefundRequest, 'key'>): Promise<RefundOutcome | null> {
    return this.#ask('read-refund', { key });
  }

  createCustomer(request: CustomerRequest): Promise<string> {
    return this.#ask('create-customer', request);
  }

  saveMethod(request: SaveMethodRequest): Promise<SaveMethodOutcome> {
    return this.#ask('save-method', request);
  }

  readMethod({ key }: Pick<SaveMethodRequest, 'key'>): Promise<SaveMethodOutcome | null> {
    return this.#ask('read-method', { key });
  }

  cancelMethod({ key }: Pick<SaveMethodRequest, 'key'>): Promise<SaveMethodOutcome | null> {
    return this.#ask('cancel-method', { key });
  }

  async forgetMethod(methodToken: string): Promise<void> {
    await this.#ask('forget-method', { methodToken });
  }

  addDestination(request: DestinationRequest): Promise<AddDestinationOutcome> {
    return this.#ask('add-destination', request);
  }

  verifyDestination(destinationToken: string, amountsMicros: readonly bigint[]): Promise<VerifyDestinationOutcome> {
    return this.#ask('verify-destination', { destinationToken, amounts: amountsMicros });
  }

  createPayout(request: PayoutRequest): Promise<PayoutOutcome> {
    return this.#ask('create-payout', request);
  }

  readPayout(key: string): Promise<PayoutOutcome | null> {
    return this.#ask('read-payout', { key });
  }

  readDispute(disputeId: string): Promise<DisputeState | null> {
    return this.#ask('read-dispute', { disputeId });
  }

  listDisputes(day: string): Promise<readonly DisputeState[]> {
    return this.#ask('list-disputes', { day });
  }

  parseWebhook(rawBody: Buffer, headers: IncomingHttpHeaders, now: Date): WebhookEvent {
    checkSignature(rawBody, headers[signatureHeaderName], this.#options.webhookSecrets, now);
    try {
      return decode<WebhookEvent>(rawBody.toString('utf8'));
    } catch {
      throw new WebhookRefused('It is signed, but no JSON.');
    }
  }

  totals(day: string, currency: string): Promise<ProviderTotals> {
    return this.#ask('totals', { day, currency });
  }

  async #ask<T>(operation: string, body: object): Promise<T> {
    const answer = await fetch(`${await this.#options.url()}/v1/${operation}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#options.apiKey}`, 'content-type': 'application/json' },
      body: encode(body),
      signal: AbortSignal.timeout(answerWithinMs),
    });
    const read = decode<T & { readonly error?: string }>(await answer.text());
    if (!answer.ok) throw new Error(read.error ?? `The sandbox answered ${answer.status}.`);
    return read;
  }
}
