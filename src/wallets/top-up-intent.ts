import type { ChargeRequest, Intent } from '../payments/room.ts';
import { formatMoney, money } from '../money/room.ts';
import type { TopUp } from './top-up.ts';

/** What a provider is asked for a top-up: made of what is stored alone, so that it is the same each time. */
export function topUpIntent(topUp: TopUp): Intent<'CHARGE'> {
  const request: ChargeRequest = {
    key: topUp.providerKey,
    amountMicros: topUp.chargedMicros,
    currency: topUp.currency,
    paymentMethod: topUp.paymentMethod,
    description: `Wallet top-up of ${formatMoney(money(topUp.amountMicros, topUp.currency))}`,
    customer: topUp.customer,
    isOffSession: topUp.isAutomatic,
    returnUrl: topUp.returnUrl,
  };
  return { id: topUp.id, operation: 'CHARGE', provider: topUp.provider, request, createdAt: topUp.createdAt };
}
