import type { Intent } from '../payments/room.ts';
import type { NamedCardTip } from './card-tip-rows.ts';

/** What a provider is asked for a tip: made of what is stored and never changes, so that it is the same each time. */
export function cardTipIntent({ id, amountMicros, currency, card, handle, createdAt }: NamedCardTip): Intent<'CHARGE'> {
  const { provider, providerKey: key, paymentMethod, customer, returnUrl } = card;
  const request = { key, amountMicros, currency, paymentMethod, description: `Tip to ${handle}`, customer, isOffSession: false, returnUrl };
  return { id, operation: 'CHARGE', provider, request, createdAt };
}
