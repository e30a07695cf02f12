import type { StoredPaymentAction } from '../api/room.ts';
import type { ActionRequired, Declined, PaymentActionNeeded } from '../payments/room.ts';

/** Where a payment stands, as its row says. */
export type PaymentState = 'PENDING' | 'ACTION_REQUIRED' | 'SUCCEEDED' | 'FAILED' | 'PARTIALLY_REFUNDED' | 'REFUNDED' | 'DISPUTED';

/** Why a payment failed, for programs and for people, and whether another try may succeed. */
export interface PaymentFailure {
  readonly code: string;
  readonly reason: string;
  readonly retryable: boolean;
}

/** How an outcome moves a payment on: forward only. */
export type Step<Succeeded> =
  | { readonly status: 'ACTION_REQUIRED'; readonly action: PaymentActionNeeded }
  | { readonly status: 'SUCCEEDED'; readonly outcome: Succeeded }
  | { readonly status: 'FAILED'; readonly failure: PaymentFailure };

/** The step that an outcome is for a payment in some state; null when it tells nothing new, or comes too late. */
export function stepOf<Succeeded extends { readonly status: 'SUCCEEDED' }>(state: string, outcome: Succeeded | ActionRequired | Declined): Step<Succeeded> | null {
  if (outcome.status === 'ACTION_REQUIRED') return state === 'PENDING' ? { status: 'ACTION_REQUIRED', action: outcome.action } : null;
  if (!isOpen(state)) return null;
  if (outcome.status === 'SUCCEEDED') return { status: 'SUCCEEDED', outcome };
  return { status: 'FAILED', failure: { code: outcome.code, reason: outcome.message, retryable: outcome.retryable } };
}

/** Whether a payment still waits for an outcome. */
export function isOpen(state: string): boolean {
  return state === 'PENDING' || state === 'ACTION_REQUIRED';
}

/** What stands in a payment's columns for its failure: all there, or none. */
export interface FailureColumns {
  readonly failure_code: string | null;
  readonly failure_reason: string | null;
  readonly failure_retryable: boolean | null;
}

export function failureOf({ failure_code: code, failure_reason: reason, failure_retryable: retryable }: FailureColumns): PaymentFailure | null {
  return code === null || reason === null || retryable === null ? null : { code, reason, retryable };
}

/** An action for a jsonb column. */
export function storedAction(step: Step<unknown>): string | null {
  if (step.status !== 'ACTION_REQUIRED') return null;
  const { redirectUrl, clientSecret, expiresAt } = step.action;
  return JSON.stringify({ redirectUrl, clientSecret, expiresAt: expiresAt?.toISOString() ?? null } satisfies StoredPaymentAction);
}

/** Where a payer comes back to after a page of the provider's, which learns by it which payment it was. */
export function returnTo(returnUrl: string, paymentId: string): string {
  const url = new URL(returnUrl);
  url.searchParams.set('payment', paymentId);
  return url.href;
}
