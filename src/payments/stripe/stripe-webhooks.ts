import Stripe from 'stripe';
import { WebhookRefused, type WebhookEvent, type WebhookSubject } from '../port.ts';
import { checkAge, signedAt } from '../webhook-signature.ts';
import { isInquiry } from './stripe-inquiries.ts';
import { keyOf } from './stripe-keys.ts';

const toleranceSeconds = 300;

/**
 * Has Stripe's own library check the signature, by any of the secrets. It refuses old webhooks, yet takes those from the future, which
 * could be replayed for as long: that side is checked here.
 */
export function parseWebhook(rawBody: Buffer, header: string | string[] | undefined, secrets: readonly string[], now: Date): WebhookEvent {
  checkAge(signedAt(header), now);
  const event = verified(rawBody, header as string, secrets, now);
  return { id: event.id, subject: subjectOf(event), createdAt: new Date(event.created * 1_000) };
}

function verified(rawBody: Buffer, header: string, secrets: readonly string[], now: Date): Stripe.Event {
  for (const secret of secrets) {
    try {
      return Stripe.webhooks.constructEvent(rawBody, header, secret, toleranceSeconds, undefined, now.getTime());
    } catch (error) {
      if (error instanceof SyntaxError) throw new WebhookRefused('It is signed, but no JSON.');
      if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) throw error;
    }
  }
  throw new WebhookRefused('The signature is none that we know a secret of.');
}

/** What an event is about: null for news of things that we did not have made, or do not follow. */
function subjectOf({ data: { object } }: Stripe.Event): WebhookSubject | null {
  switch (object.object) {
    case 'payment_intent':
      return subject('CHARGE', keyOf(object), object.id);
    case 'charge':
      return subject('CHARGE', keyOf(object), idOf(object.payment_intent));
    case 'refund':
      return subject('REFUND', keyOf(object), object.id);
    case 'setup_intent':
      return subject('METHOD', keyOf(object), object.id);
    case 'transfer':
      return subject('PAYOUT', keyOf(object), object.id);
    case 'dispute':
      return isInquiry(object) ? null : { kind: 'DISPUTE', key: null, providerId: object.id };
    default:
      return null;
  }
}

function subject(kind: WebhookSubject['kind'], key: string | null, providerId: string | null): WebhookSubject | null {
  return key === null || providerId === null ? null : { kind, key, providerId };
}

function idOf(thing: string | { readonly id: string } | null): string | null {
  return typeof thing === 'string' ? thing : (thing?.id ?? null);
}
