import type Stripe from 'stripe';

/**
 * Whether a dispute of Stripe's is only an inquiry, or was prevented: no money moved by it. An inquiry may become a dispute under the
 * same id, and Stripe tells then.
 */
export function isInquiry({ status }: Pick<Stripe.Dispute, 'status'>): boolean {
  return status.startsWith('warning_') || status === 'prevented';
}
