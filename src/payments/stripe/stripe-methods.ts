import type Stripe from 'stripe';
import type { CustomerRequest, SaveMethodOutcome, SaveMethodRequest } from '../port.ts';
import { declined, isMissing, refusalOf } from './stripe-declines.ts';
import { actionOf, keyOf, withKey } from './stripe-keys.ts';

const expanded = { expand: ['payment_method'] };

export async function createCustomer(stripe: Stripe, { key, email, name }: CustomerRequest): Promise<string> {
  const customer = await stripe.customers.create({ email: email ?? undefined, name: name ?? undefined, ...withKey(key) }, { idempotencyKey: key });
  return customer.id;
}

/** Saves a card by a SetupIntent that is confirmed as it is made, so that it may be charged while its owner is away. */
export async function saveMethod(stripe: Stripe, { key, token, customer, returnUrl }: SaveMethodRequest): Promise<SaveMethodOutcome> {
  const params: Stripe.SetupIntentCreateParams = {
    customer, payment_method: token, allowed_payment_method_types: ['card'], usage: 'off_session', confirm: true, return_url: returnUrl ?? undefined,
    ...withKey(key), ...expanded,
  };
  try {
    return outcomeOf(await stripe.setupIntents.create(params, { idempotencyKey: key }));
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    throw error;
  }
}

type KeyedMethod = Pick<SaveMethodRequest, 'key' | 'customer'>;

export async function readMethod(stripe: Stripe, method: KeyedMethod): Promise<SaveMethodOutcome | null> {
  const intent = await findIntent(stripe, method);
  return intent && outcomeOf(intent);
}

export async function cancelMethod(stripe: Stripe, method: KeyedMethod): Promise<SaveMethodOutcome | null> {
  const intent = await findIntent(stripe, method);
  if (!intent || intent.status === 'succeeded' || intent.status === 'canceled') return intent && outcomeOf(intent);
  try {
    return outcomeOf(await stripe.setupIntents.cancel(intent.id, expanded));
  } catch (error) {
    // It went on meanwhile.
    if (refusalOf(error)) return outcomeOf(await stripe.setupIntents.retrieve(intent.id, expanded));
    throw error;
  }
}

async function findIntent(stripe: Stripe, { key, customer }: KeyedMethod): Promise<Stripe.SetupIntent | null> {
  for await (const intent of stripe.setupIntents.list({ customer, limit: 100, expand: ['data.payment_method'] })) {
    if (keyOf(intent) === key) return intent;
  }
  return null;
}

export async function forgetMethod(stripe: Stripe, methodToken: string): Promise<void> {
  try {
    await stripe.paymentMethods.detach(methodToken);
  } catch (error) {
    // Detached already: Stripe says so in words, and with the status of a bad request.
    if (!isMissing(error) && !refusalOf(error)) throw error;
  }
}

function outcomeOf(intent: Stripe.SetupIntent): SaveMethodOutcome {
  const { status, payment_method: method, last_setup_error: failure } = intent;
  if (status === 'succeeded' && method && typeof method !== 'string') return { status: 'SUCCEEDED', methodToken: method.id, ...describe(method) };
  if (status === 'requires_action') return { status: 'ACTION_REQUIRED', action: actionOf(intent) };
  if (status === 'requires_payment_method' || status === 'canceled') return declined(failure ?? { code: 'canceled', message: 'The card was not saved.' });
  return { status: 'PENDING' };
}

function describe({ card, type }: Stripe.PaymentMethod): { readonly label: string; readonly expiresOn: string | null } {
  if (!card) return { label: named(type), expiresOn: null };
  return { label: `${named(card.brand)} ending in ${card.last4}`, expiresOn: `${card.exp_year}-${String(card.exp_month).padStart(2, '0')}` };
}

/** "american_express" as people write it. */
function named(code: string): string {
  return code.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ');
}
