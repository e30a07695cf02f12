import type { EntitySchema } from '@mikro-orm/core';
import type { ApiFace } from '../api/room.ts';
import type { PaymentsFace } from '../payments/room.ts';
import { CreatorBalanceFields, DashboardMoney } from './creator-balance-type.ts';
import { PayoutDestinationEntity } from './destination.ts';
import { payoutInvariants } from './invariants.ts';
import { PayoutMutations } from './payout-resolver.ts';
import { PayoutDestinationFields, PayoutFields, payoutNode, PayoutType } from './payout-type.ts';
import { PayoutEntity } from './payout.ts';
import { payoutIntents } from './payouts.ts';

export { addDestination, verifyDestination, type AddDestination, type VerifyDestination } from './destinations.ts';
export { payoutsService, type Payouts, type RequestPayout, type RequestPayoutOutcome } from './payouts.ts';
export type { Payout } from './payout.ts';

export const payoutsRoom: ApiFace & PaymentsFace = {
  name: 'payouts',
  entities: [PayoutDestinationEntity, PayoutEntity] as unknown as EntitySchema[],
  resolvers: [CreatorBalanceFields, DashboardMoney, PayoutDestinationFields, PayoutFields, PayoutMutations],
  orphanedTypes: [PayoutType],
  nodes: [payoutNode],
  invariants: payoutInvariants,
  intentKinds: [payoutIntents],
  borderPostings: [{ kind: 'PAYOUT_SETTLED', total: 'PAID_OUT' }, { kind: 'PAYOUT_RETURN', total: 'PAID_OUT', returnOf: 'PAYOUT_SETTLED' }],
};
