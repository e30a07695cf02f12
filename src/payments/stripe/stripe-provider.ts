import type { IncomingHttpHeaders } from 'node:http';
import Stripe from 'stripe';
import type {
  AddDestinationOutcome, ChargeOutcome, ChargeRequest, ChargeState, CustomerRequest, DestinationRequest, DisputeState, Inquiry, PaymentProvider, PayoutOutcome,
  PayoutRequest, ProviderTotals, Rail, RailOperation, RefundOutcome, RefundRequest, SaveMethodOutcome, SaveMethodRequest, VerifyDestinationOutcome,
  WebhookEvent,
} from '../port.ts';
import * as charges from './stripe-charges.ts';
import { stripeRail } from './stripe-currencies.ts';
import { rethrow } from './stripe-declines.ts';
import * as methods from './stripe-methods.ts';
import * as payouts from './stripe-payouts.ts';
import * as refunds from './stripe-refunds.ts';
import { parseWebhook } from './stripe-webhooks.ts';

export interface StripeOptions {
  readonly secretKey: string;
  /** Of the endpoints that send us webhooks; two while one is being replaced. */
  readonly webhookSecrets: readonly string[];
  /** Null: Stripe itself. */
  readonly apiUrl: string | null;
}

/** What SDK calls may take, tries and pauses included, is less than what `Outcomes` waits. */
const timeoutMs = 8_000;
const mostRetries = 1;

/** Speaks to Stripe through its official library. Our keys are its idempotency keys, and travel in the metadata of all that is made. */
export class StripeProvider implements PaymentProvider {
  readonly name = 'STRIPE';
  /** Searches by metadata lag by a minute, at times by an hour (docs.stripe.com/search). */
  readonly readLagMs = 2 * 3_600_000;
  readonly #stripe: Stripe;
  readonly #webhookSecrets: readonly string[];

  constructor({ secretKey, webhookSecrets, apiUrl }: StripeOptions) {
    const where = apiUrl === null ? {} : addressOf(new URL(apiUrl));
    this.#stripe = new Stripe(secretKey, { ...where, timeout: timeoutMs, maxNetworkRetries: mostRetries, telemetry: false, appInfo: { name: 'Farthing' } });
    this.#webhookSecrets = webhookSecrets;
  }

  rail(currency: string, operation: RailOperation): Rail | null {
    return stripeRail(currency, operation);
  }

  createCharge(request: ChargeRequest): Promise<ChargeOutcome> {
    return charges.createCharge(this.#stripe, request).catch(rethrow);
  }

  readCharge(key: string): Promise<ChargeOutcome | null> {
    return charges.readCharge(this.#stripe, key);
  }

  readChargeById(chargeId: string): Promise<ChargeState | null> {
    return charges.readChargeById(this.#stripe, chargeId);
  }

  cancelCharge(key: string): Promise<ChargeOutcome | null> {
    return charges.cancelCharge(this.#stripe, key);
  }

  createRefund(request: RefundRequest): Promise<RefundOutcome> {
    return refunds.createRefund(this.#stripe, request).catch(rethrow);
  }

  readRefund(refund: Pick<RefundRequest, 'key' | 'chargeId'>): Promise<RefundOutcome | null> {
    return refunds.readRefund(this.#stripe, refund);
  }

  createCustomer(request: CustomerRequest): Promise<string> {
    return methods.createCustomer(this.#stripe, request);
  }

  saveMethod(request: SaveMethodRequest): Promise<SaveMethodOutcome> {
    return methods.saveMethod(this.#stripe, request).catch(rethrow);
  }

  readMethod(method: Pick<SaveMethodRequest, 'key' | 'customer'>): Promise<SaveMethodOutcome | null> {
    return methods.readMethod(this.#stripe, method);
  }

  cancelMethod(method: Pick<SaveMethodRequest, 'key' | 'customer'>): Promise<SaveMethodOutcome | null> {
    return methods.cancelMethod(this.#stripe, method);
  }

  forgetMethod(methodToken: string): Promise<void> {
    return methods.forgetMethod(this.#stripe, methodToken);
  }

  addDestination(request: DestinationRequest): Promise<AddDestinationOutcome> {
    return payouts.addDestination(this.#stripe, request);
  }

  verifyDestination(destinationToken: string): Promise<VerifyDestinationOutcome> {
    return payouts.verifyDestination(this.#stripe, destinationToken);
  }

  createPayout(request: PayoutRequest): Promise<PayoutOutcome> {
    return payouts.createPayout(this.#stripe, request).catch(rethrow);
  }

  readPayout(key: string): Promise<PayoutOutcome | null> {
    return payouts.readPayout(this.#stripe, key);
  }

  readDispute(disputeId: string): Promise<DisputeState | Inquiry | null> {
    return refunds.readDispute(this.#stripe, disputeId);
  }

  listDisputes(day: string): Promise<readonly DisputeState[]> {
    return refunds.listDisputes(this.#stripe, day);
  }

  parseWebhook(rawBody: Buffer, headers: IncomingHttpHeaders, now: Date): WebhookEvent {
    return parseWebhook(rawBody, headers['stripe-signature'], this.#webhookSecrets, now);
  }

  totals(day: string, currency: string): Promise<ProviderTotals> {
    return payouts.totals(this.#stripe, day, currency).catch(rethrow);
  }
}

function addressOf({ hostname, port, protocol }: URL): { host: string; port: string; protocol: 'http' | 'https' } {
  const isHttp = protocol === 'http:';
  return { host: hostname, port: port || (isHttp ? '80' : '443'), protocol: isHttp ? 'http' : 'https' };
}
