import type { EntitySchema } from '@mikro-orm/core';
import type { ApiFace } from '../api/room.ts';
import { subscriptionEntities } from './entities.ts';

export {
  advance, endAt, lastPeriod, resumeAt, then, undecidedPeriods, type Advanced, type DecidedPeriod, type Transition, type TransitionKind,
} from './advance.ts';
export { readFailedCharges } from './charge-rows.ts';
export { Till, type ChargeOutcome, type ChargeRefusal, type ChargeRequest, type TillOptions } from './charging.ts';
export type { Charge, ChargeKind, ChargeStatus, FailureReason } from './charge.ts';
export { subscriptionEntities, type PeriodState } from './entities.ts';
export { monthlyWorth } from './figures.ts';
export { indexAt, intervalEnd, periodAt, type BillingInterval, type BillingPeriod, type Schedule } from './periods.ts';
export { renewTo } from './renew.ts';
export { lockSubscriptions, subscriptionColumns, subscriptionOf, type SubscriptionRow } from './subscription-rows.ts';
export { currentPeriod, GRACE_DAYS, isLive, type Pending, type Plan, type Subscription, type SubscriptionStatusName } from './subscription.ts';
export { heldTiers, lockTiers } from './tier-places.ts';
export { writeMoves, type Move, type MoveWriting, type PlacedCharge } from './write-moves.ts';

export const subscriptionsRoom: ApiFace = {
  name: 'subscriptions',
  entities: subscriptionEntities as unknown as EntitySchema[],
};
