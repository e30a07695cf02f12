import type Stripe from 'stripe';
import type { PaymentActionNeeded } from '../port.ts';

/** Under this name our key travels in the metadata of what Stripe makes for us. */
const metadataName = 'farthing_key';

export function withKey(key: string): { readonly metadata: Record<string, string> } {
  return { metadata: { [metadataName]: key } };
}

/** Our key of a thing that Stripe made; null for what others have it make. */
export function keyOf({ metadata }: { readonly metadata?: Record<string, string> | null }): string | null {
  return metadata?.[metadataName] ?? null;
}

/** A search for what has a key. Throws for a key that could break out of the query: none of ours can. */
export function keyQuery(key: string): string {
  if (!/^[\w-]{1,255}$/.test(key)) throw new Error(`"${key}" is no key: letters, digits, _ and - make one.`);
  return `metadata['${metadataName}']:'${key}'`;
}

/** What the payer has to do for a PaymentIntent or SetupIntent: go to a page where Stripe has one, else hand the secret to its script. */
export function actionOf(intent: Pick<Stripe.PaymentIntent | Stripe.SetupIntent, 'client_secret' | 'next_action'>): PaymentActionNeeded {
  return { redirectUrl: intent.next_action?.redirect_to_url?.url ?? null, clientSecret: intent.client_secret, expiresAt: null };
}
