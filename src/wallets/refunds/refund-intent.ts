import type { Intent } from '../../payments/room.ts';
import type { CardRefund, Refund } from './refund.ts';

/** How a refund goes to its card. Throws for one that goes to a wallet. */
export function cardOf(refund: Refund): CardRefund {
  if (!refund.card) throw new Error(`The refund ${refund.id} goes to a wallet, and asks no provider.`);
  return refund.card;
}

/** What a provider is asked for a refund to a card. */
export function refundIntent(refund: Refund): Intent<'REFUND'> {
  const { provider, key, chargeId } = cardOf(refund);
  const { id, amountMicros, currency, createdAt } = refund;
  return { id, operation: 'REFUND', provider, request: { key, chargeId, amountMicros, currency }, createdAt };
}
