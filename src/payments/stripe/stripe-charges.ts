import type Stripe from 'stripe';
import { railFeeOf } from '../../money/room.ts';
import type { ChargeOutcome, ChargeRequest, ChargeState, Rail } from '../port.ts';
import { fromStripeAmount, stripeRail, toStripeAmount } from './stripe-currencies.ts';
import { declined, isMissing, refusalOf } from './stripe-declines.ts';
import { isInquiry } from './stripe-inquiries.ts';
import { actionOf, keyOf, keyQuery, withKey } from './stripe-keys.ts';

const withFee = 'latest_charge.balance_transaction';

/** Charges by a PaymentIntent that is confirmed as it is made; its id is the charge's. Without a card the payer enters one in Stripe's form. */
export async function createCharge(stripe: Stripe, request: ChargeRequest): Promise<ChargeOutcome> {
  const { key, amountMicros, currency, paymentMethod, customer, description, isOffSession, returnUrl } = request;
  const params: Stripe.PaymentIntentCreateParams = {
    amount: toStripeAmount(amountMicros, currency, 'CHARGE'),
    currency: currency.toLowerCase(),
    description,
    customer: customer ?? undefined,
    allowed_payment_method_types: ['card'],
    ...withKey(key),
    expand: [withFee],
    ...(paymentMethod !== null && {
      payment_method: paymentMethod,
      confirm: true,
      ...(isOffSession && { off_session: true }),
      ...(returnUrl !== null && !isOffSession && { return_url: returnUrl }),
    }),
  };
  try {
    return await settledOutcome(stripe, await stripe.paymentIntents.create(params, { idempotencyKey: key }));
  } catch (error) {
    const refusal = refusalOf(error);
    if (!refusal) throw error;
    const { payment_intent: intent } = error as { payment_intent?: Stripe.PaymentIntent };
    return intent ? settledOutcome(stripe, intent) : refusal;
  }
}

/** Stripe's search may lag by an hour; `readLagMs` says so. */
export async function readCharge(stripe: Stripe, key: string): Promise<ChargeOutcome | null> {
  const { data: [intent] } = await stripe.paymentIntents.search({ query: keyQuery(key), limit: 1, expand: [`data.${withFee}`] });
  return intent ? settledOutcome(stripe, intent) : null;
}

export async function readChargeById(stripe: Stripe, chargeId: string): Promise<ChargeState | null> {
  try {
    const intent = await stripe.paymentIntents.retrieve(chargeId, { expand: [withFee] });
    const charge = chargeOf(intent);
    const disputes = charge?.disputed ? (await stripe.disputes.list({ payment_intent: chargeId, limit: 100 })).data : [];
    return {
      chargeId,
      key: keyOf(intent),
      amountMicros: fromStripeAmount(intent.amount, intent.currency),
      currency: intent.currency.toUpperCase(),
      outcome: await settledOutcome(stripe, intent),
      refundedMicros: charge ? fromStripeAmount(charge.amount_refunded, charge.currency) : 0n,
      disputeIds: disputes.filter((dispute) => !isInquiry(dispute)).map(({ id }) => id),
    };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export async function cancelCharge(stripe: Stripe, key: string): Promise<ChargeOutcome | null> {
  const { data: [intent] } = await stripe.paymentIntents.search({ query: keyQuery(key), limit: 1, expand: [`data.${withFee}`] });
  return intent ? outcomeOf(await canceled(stripe, intent)) : null;
}

/** A PaymentIntent whose card was declined could be paid by another one later: it is canceled, so that what was reported as declined stays so. */
async function settledOutcome(stripe: Stripe, intent: Stripe.PaymentIntent): Promise<ChargeOutcome> {
  const isRefused = intent.status === 'requires_payment_method' && intent.last_payment_error !== null;
  return outcomeOf(isRefused ? await canceled(stripe, intent) : intent);
}

async function canceled(stripe: Stripe, intent: Stripe.PaymentIntent): Promise<Stripe.PaymentIntent> {
  if (intent.status === 'succeeded' || intent.status === 'canceled') return intent;
  try {
    return await stripe.paymentIntents.cancel(intent.id, { expand: [withFee] });
  } catch (error) {
    // It went on meanwhile.
    if (refusalOf(error)) return stripe.paymentIntents.retrieve(intent.id, { expand: [withFee] });
    throw error;
  }
}

function outcomeOf(intent: Stripe.PaymentIntent): ChargeOutcome {
  switch (intent.status) {
    case 'succeeded':
      return { status: 'SUCCEEDED', chargeId: intent.id, feeMicros: feeOf(intent) };
    case 'canceled':
      return declined(intent.last_payment_error ?? { code: 'canceled', message: 'The payment was called off.' });
    case 'requires_action':
      return { status: 'ACTION_REQUIRED', action: actionOf(intent) };
    case 'requires_payment_method':
      return intent.last_payment_error ? declined(intent.last_payment_error) : { status: 'ACTION_REQUIRED', action: actionOf(intent) };
    default:
      return { status: 'PENDING' };
  }
}

/** Stripe's own figure where it is in the charge's currency; where Stripe converts, or does not say yet, the rail's. */
export function feeOf(intent: Stripe.PaymentIntent): bigint {
  const charge = chargeOf(intent);
  return feeOfCharge(charge?.balance_transaction, intent.amount, intent.currency);
}

export function feeOfCharge(settled: string | Stripe.BalanceTransaction | null | undefined, amount: number, currency: string): bigint {
  if (settled && typeof settled !== 'string' && settled.currency === currency) return fromStripeAmount(settled.fee, currency);
  const rail = stripeRail(currency.toUpperCase(), 'CHARGE') as Rail;
  return railFeeOf(fromStripeAmount(amount, currency), rail);
}

function chargeOf(intent: Stripe.PaymentIntent): Stripe.Charge | null {
  return intent.latest_charge && typeof intent.latest_charge !== 'string' ? intent.latest_charge : null;
}
