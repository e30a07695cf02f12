import Stripe from 'stripe';
import { ProviderDeniesUs, type Declined } from '../port.ts';

/** Codes after which the same card may work later. Source: docs.stripe.com/declines/codes. */
const passing: ReadonlySet<string> = new Set([
  'approve_with_id', 'balance_insufficient', 'card_velocity_exceeded', 'insufficient_funds', 'issuer_not_available', 'lock_timeout', 'processing_error',
  'rate_limit', 'reenter_transaction', 'try_again_later', 'withdrawal_count_limit_exceeded',
]);

interface Refusal {
  readonly code?: string | null;
  readonly decline_code?: string | null;
  readonly message?: string | null;
}

/** A refusal in the port's words. Issuers' own reason says more than Stripe's "card_declined". */
export function declined({ code, decline_code: declineCode, message }: Refusal): Declined {
  const reason = declineCode ?? code ?? 'declined';
  return { status: 'DECLINED', code: reason, message: message ?? 'The payment was declined.', retryable: passing.has(reason) };
}

const unknownCard = declined({ code: 'invalid_payment_method', message: 'The card is not known: enter it again, or use another one.' });

/**
 * The refusal that an error means: a declined card, or a request that Stripe did not carry out (an unknown token, an amount that is too
 * small). Null for what says nothing about whether money moved, and for our own mistakes.
 */
export function refusalOf(error: unknown): Declined | null {
  if (error instanceof Stripe.errors.StripeCardError) return declined(error);
  if (isMissing(error) && (error as { param?: string }).param === 'payment_method') return unknownCard;
  const isRefused = error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode !== undefined && error.statusCode < 500;
  return isRefused ? declined({ ...error, code: error.code ?? 'invalid_request', message: error.message }) : null;
}

/** Whether Stripe answered that there is no such thing. */
export function isMissing(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing';
}

/** Rethrows what Stripe answers, 401 as what the port calls it: such a request was not looked at. */
export function rethrow(error: unknown): never {
  if (error instanceof Stripe.errors.StripeAuthenticationError) throw new ProviderDeniesUs(`Stripe does not accept STRIPE_SECRET_KEY: ${error.message}`, { cause: error });
  throw error;
}
