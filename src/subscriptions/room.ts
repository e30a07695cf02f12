import type { EntitySchema } from '@mikro-orm/core';
import type { ApiFace, NodeType } from '../api/room.ts';
import { loadKnownCreator } from '../creators/room.ts';
import { payerOrOwner } from '../identity/room.ts';
import { readCharges, type ShownCharge } from './charge-lists.ts';
import { CHARGE_PREFIX, ChargeFields, ChargeType } from './charge-type.ts';
import { subscriptionEntities } from './entities.ts';
import { subscriptionInvariants } from './invariants.ts';
import { PriceChanged } from './preview-type.ts';
import { CreatorSubscription, DashboardSubscribers, MembershipStats, ViewerSubscriptions } from './subscription-fields.ts';
import { readSubscriptions, type OwnedSubscription } from './subscription-lists.ts';
import { SubscriptionOperations } from './subscription-resolver.ts';
import { MicroSubscriptionFields, SUBSCRIPTION_PREFIX } from './subscription-type.ts';

export {
  advance, endAt, lastPeriod, resumeAt, stepTo, undecidedPeriods, type Advanced, type DecidedPeriod, type Transition, type TransitionKind,
} from './advance.ts';
export type { ShownCharge } from './charge-lists.ts';
export { CHARGE_PREFIX, ChargeType } from './charge-type.ts';
export { readFailedCharges } from './charge-rows.ts';
export { Till, type ChargeOutcome, type ChargeRefusal, type ChargeRequest, type TillOptions } from './charging.ts';
export type { Charge, ChargeKind, ChargeStatus, FailureReason } from './charge.ts';
export { subscriptionEntities, type PeriodState } from './entities.ts';
export { monthlyWorth } from './figures.ts';
export { indexAt, intervalEnd, periodAt, type BillingInterval, type BillingPeriod, type Schedule } from './periods.ts';
export { ForecastMissed } from './purse.ts';
export { renewTo } from './renew.ts';
export { lockSubscriptions, subscriptionColumns, subscriptionOf, type SubscriptionRow } from './subscription-rows.ts';
export { currentPeriod, GRACE_HOURS, isLive, type Pending, type Plan, type Subscription, type SubscriptionStatusName } from './subscription.ts';
export { heldTiers, lockTiers } from './tier-places.ts';
export { loadSubscription, type OwnedSubscription } from './subscription-lists.ts';
export { cancel } from './cancel-subscription.ts';
export { changeSubscription, type ChangeSubscription } from './change-subscription.ts';
export { subscriptionDeskService, type Desk } from './desk.ts';
export { nextCharge } from './next-charge.ts';
export type { SubscriptionOutcome, SubscriptionRefusal } from './outcomes.ts';
export { changeOwn } from './own-subscription.ts';
export { pause } from './pause-subscription.ts';
export { resume } from './resume-subscription.ts';
export { subscribe, type Subscribe } from './subscribe.ts';
export { MicroSubscriptionType, SUBSCRIPTION_PREFIX } from './subscription-type.ts';
export { writeMoves, type Move, type MoveWriting, type PlacedCharge } from './write-moves.ts';

const subscriptionNode: NodeType<OwnedSubscription> = {
  typeName: 'MicroSubscription', prefix: SUBSCRIPTION_PREFIX, readableBy: payerOrOwner, load: readSubscriptions,
};
const chargeNode: NodeType<ShownCharge> = {
  typeName: 'Charge', prefix: CHARGE_PREFIX, readableBy: payerOrOwner, load: readCharges, postingKinds: ['SUBSCRIPTION', 'SUBSCRIPTION_PRORATION'],
  payee: async ({ creatorId }, context) => (await loadKnownCreator(context, creatorId)).displayName,
};

export const subscriptionsRoom: ApiFace = {
  name: 'subscriptions',
  entities: subscriptionEntities as unknown as EntitySchema[],
  resolvers: [
    ChargeFields, CreatorSubscription, DashboardSubscribers, MembershipStats, MicroSubscriptionFields, SubscriptionOperations, ViewerSubscriptions,
  ],
  orphanedTypes: [ChargeType, PriceChanged],
  nodes: [subscriptionNode, chargeNode],
  invariants: subscriptionInvariants,
};
