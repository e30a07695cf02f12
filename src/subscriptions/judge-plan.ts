import { advance, type Advanced } from './advance.ts';
import type { SubscriptionRefusal } from './outcomes.ts';
import { invalidState } from './own-subscription.ts';
import type { NamedPlan } from './pricing.ts';
import { isLive, type Subscription } from './subscription.ts';
import { heldTiers, type LockedTier } from './tier-places.ts';
import { changedPlan, judgeWanted, type PlanCreator, type WantedChange, type WantedPlan } from './wanted-plan.ts';

/** Everything about a wish that can be told before money is counted: previews and mutations judge by the same, on what they read. Pure. */
export type JudgedWish<T> = (T & { readonly kind: 'PLAN'; readonly plan: NamedPlan }) | SubscriptionRefusal;

export interface StartFacts {
  /** Null for nobody who is signed in. */
  readonly personId: string | null;
  readonly creator?: PlanCreator;
  readonly tier?: LockedTier;
  /** The subscription to the creator that is stored as live, if there is one. */
  readonly live: Subscription | null;
  readonly now: Date;
}

/** The plan of a new subscription; `left` is an earlier one that the clock has ended. The first failing check names the refusal. */
export function judgeStart(wanted: WantedPlan, { personId, creator, tier, live, now }: StartFacts): JudgedWish<{ readonly creator: PlanCreator; readonly left: Advanced | null }> {
  const judged = judgeWanted(wanted, { creator, tier });
  if (judged.kind !== 'PLAN') return judged;
  if (!creator) return { kind: 'CREATOR_NOT_FOUND' };
  if (creator.ownerId === personId) return { kind: 'SELF_PAYMENT' };
  const left = live && advance(live, now);
  if (left && isLive(left.subscription)) return { kind: 'ALREADY_SUBSCRIBED' };
  // A place that the one which just ended gives back is there for the new one.
  return soldOut(tier, live ? heldTiers(live) : []) ?? { ...judged, creator, left };
}

export interface ChangeFacts {
  /** As it is stored. */
  readonly before: Subscription;
  /** The same with the clock applied to it. */
  readonly subscription: Subscription;
  readonly tiers: ReadonlyMap<string, LockedTier>;
}

/** The plan that a change leads to. The first failing check names the refusal. */
export function judgeChangedPlan(wanted: WantedChange, { before, subscription, tiers }: ChangeFacts): JudgedWish<object> {
  if (!isChangeable(subscription)) return invalidState(subscription, 'changed');
  const tier = 'tierId' in wanted ? tiers.get(wanted.tierId) : undefined;
  const judged = changedPlan(subscription, wanted, tiers);
  if (judged.kind !== 'PLAN') return judged;
  // As it was stored: until this change is, a place that the clock has just taken from it is counted as taken by it.
  return soldOut(tier, heldTiers(before)) ?? judged;
}

/** Only what runs may change: a pending downgrade gives way, a pending pause or cancellation has to be taken back first. */
function isChangeable({ status, pending }: Subscription): boolean {
  return status === 'ACTIVE' && pending?.kind !== 'PAUSE';
}

/** The refusal of a tier of which no place is left beside those that one holds already. */
function soldOut(tier: LockedTier | undefined, held: readonly string[]): SubscriptionRefusal | null {
  if (!tier || tier.capacity === null || held.includes(tier.id) || tier.taken < tier.capacity) return null;
  return { kind: 'SOLD_OUT', name: tier.name, capacity: tier.capacity };
}
