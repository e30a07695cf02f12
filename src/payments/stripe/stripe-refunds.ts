import type Stripe from 'stripe';
import type { DisputeState, DisputeStatus, Inquiry, RefundOutcome, RefundRequest } from '../port.ts';
import { fromStripeAmount, toStripeAmount } from './stripe-currencies.ts';
import { declined, isMissing, refusalOf } from './stripe-declines.ts';
import { isInquiry } from './stripe-inquiries.ts';
import { keyOf, withKey } from './stripe-keys.ts';

export async function createRefund(stripe: Stripe, { key, chargeId, amountMicros, currency }: RefundRequest): Promise<RefundOutcome> {
  const amount = toStripeAmount(amountMicros, currency, 'REFUND');
  try {
    return outcomeOf(await stripe.refunds.create({ payment_intent: chargeId, amount, ...withKey(key) }, { idempotencyKey: key }));
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    throw error;
  }
}

export async function readRefund(stripe: Stripe, { key, chargeId }: Pick<RefundRequest, 'key' | 'chargeId'>): Promise<RefundOutcome | null> {
  for await (const refund of stripe.refunds.list({ payment_intent: chargeId, limit: 100 })) {
    if (keyOf(refund) === key) return outcomeOf(refund);
  }
  return null;
}

function outcomeOf(refund: Stripe.Refund): RefundOutcome {
  switch (refund.status) {
    case 'succeeded':
      return { status: 'SUCCEEDED', refundId: refund.id };
    case 'failed':
    case 'canceled':
      return declined({ code: refund.failure_reason ?? refund.status, message: 'The refund did not reach the payer.' });
    default:
      return { status: 'PENDING' };
  }
}

const disputeStatus: Partial<Record<Stripe.Dispute['status'], DisputeStatus>> = { won: 'WON', lost: 'LOST' };

export async function readDispute(stripe: Stripe, disputeId: string): Promise<DisputeState | Inquiry | null> {
  try {
    const dispute = await stripe.disputes.retrieve(disputeId, { expand: ['payment_intent'] });
    return isInquiry(dispute) ? { id: dispute.id, status: 'INQUIRY' } : stateOf(dispute);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export async function listDisputes(stripe: Stripe, day: string): Promise<DisputeState[]> {
  const from = Date.parse(`${day}T00:00:00Z`) / 1_000;
  const listed: DisputeState[] = [];
  for await (const dispute of stripe.disputes.list({ created: { gte: from, lt: from + 86_400 }, limit: 100, expand: ['data.payment_intent'] })) {
    if (!isInquiry(dispute)) listed.push(stateOf(dispute));
  }
  return listed;
}

function stateOf(dispute: Stripe.Dispute): DisputeState {
  const { payment_intent: intent } = dispute;
  return {
    id: dispute.id,
    chargeId: typeof intent === 'string' ? intent : (intent?.id ?? idOf(dispute.charge)),
    key: intent && typeof intent !== 'string' ? keyOf(intent) : null,
    amountMicros: fromStripeAmount(dispute.amount, dispute.currency),
    currency: dispute.currency.toUpperCase(),
    feeMicros: feeOf(dispute),
    status: disputeStatus[dispute.status] ?? 'OPEN',
    reason: dispute.reason,
    createdAt: new Date(dispute.created * 1_000),
  };
}

function idOf(thing: string | { readonly id: string }): string {
  return typeof thing === 'string' ? thing : thing.id;
}

/** What Stripe booked for the dispute, where it is in the dispute's currency. */
function feeOf({ balance_transactions: booked, currency }: Stripe.Dispute): bigint {
  return booked.filter((one) => one.currency === currency).reduce((sum, { fee }) => sum + fromStripeAmount(fee, currency), 0n);
}
