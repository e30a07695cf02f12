import type { Sql } from '../database/room.ts';
import { MICROS_PER_UNIT, money, type CurrencyCode, type Money } from '../money/room.ts';
import type { PlanRefusal } from './outcomes.ts';
import type { BillingInterval } from './periods.ts';
import type { NamedPlan } from './pricing.ts';
import type { Subscription } from './subscription.ts';
import { readTierFacts, type LockedTier } from './tier-places.ts';

/** What a new subscription is wished to be: a tier, or an amount of one's own to a creator. */
export type WantedPlan =
  | { readonly tierId: string }
  | { readonly creatorId: string; readonly amount: Money; readonly interval: BillingInterval };

/** What a subscription is wished to become: a tier, or what it is with another amount or interval of one's own. */
export type WantedChange =
  | { readonly tierId: string }
  | { readonly amount: Money | null; readonly interval: BillingInterval | null };

const leastMicros = MICROS_PER_UNIT / 100n;
const mostMicros = MICROS_PER_UNIT * 10_000n;

/** What an amount of one's own may be: 0.01 to 10,000 in every currency. */
export function ownAmountBounds(currency: CurrencyCode): { readonly minimum: Money; readonly maximum: Money } {
  return { minimum: money(leastMicros, currency), maximum: money(mostMicros, currency) };
}

/** What an amount of one's own is called where a tier has its name. */
const ownAmountName = 'Your own amount';

export interface PlanCreator {
  readonly id: string;
  readonly ownerId: string;
  readonly currency: string;
}

export type JudgedPlan = { readonly kind: 'PLAN'; readonly plan: NamedPlan } | PlanRefusal;

/** The plan of a tier of this creator, at its price of now. `keptTierId` is the tier that a member has: it may be closed to others. */
export function tierPlan(tier: LockedTier | undefined, creatorId: string, keptTierId: string | null = null): JudgedPlan {
  if (!tier || tier.creatorId !== creatorId) return { kind: 'TIER_NOT_FOUND' };
  if (tier.archivedAt && tier.id !== keptTierId) return { kind: 'TIER_ARCHIVED', name: tier.name };
  return { kind: 'PLAN', plan: { tierId: tier.id, amountMicros: tier.priceMicros, interval: tier.interval, name: tier.name } };
}

/** The plan of an amount of one's own. */
export function ownPlan(amount: Money, interval: BillingInterval, { currency }: Pick<PlanCreator, 'currency'>): JudgedPlan {
  if (amount.currency !== currency) return { kind: 'CURRENCY_MISMATCH', given: amount.currency, expected: currency, of: 'amount' };
  if (amount.micros < leastMicros || amount.micros > mostMicros) {
    return { kind: 'AMOUNT_OUT_OF_RANGE', amount, ...ownAmountBounds(currency) };
  }
  return { kind: 'PLAN', plan: { tierId: null, amountMicros: amount.micros, interval, name: ownAmountName } };
}

/** The plan that a change leads to. `tiers` has the wanted tier, if there is one. An interval alone makes a tier's price an amount of one's own. */
export function changedPlan(subscription: Subscription, wanted: WantedChange, tiers: ReadonlyMap<string, LockedTier>): JudgedPlan {
  if ('tierId' in wanted) return tierPlan(tiers.get(wanted.tierId), subscription.creatorId, subscription.tierId);
  const amount = wanted.amount ?? money(subscription.amountMicros, subscription.currency);
  return ownPlan(amount, wanted.interval ?? subscription.interval, subscription);
}

/** The plan that a subscription has, under the name of its tier. */
export function planOf({ tierId, amountMicros, interval }: Subscription, tiers: ReadonlyMap<string, LockedTier>): NamedPlan {
  const name = (tierId && tiers.get(tierId)?.name) ?? ownAmountName;
  return { tierId, amountMicros, interval, name };
}

/** Reads the creator that a wanted plan pays and its tier, without a lock; what is not there is missing from the answer. */
export async function readWanted(sql: Sql, wanted: WantedPlan): Promise<{ creator?: PlanCreator; tier?: LockedTier }> {
  const tier = 'tierId' in wanted ? (await readTierFacts(sql, [wanted.tierId])).get(wanted.tierId) : undefined;
  const creatorId = 'tierId' in wanted ? tier?.creatorId : wanted.creatorId;
  if (creatorId === undefined) return {};
  const [creator] = await sql.query<PlanCreator>('SELECT id, owner_id AS "ownerId", currency FROM creator WHERE id = $1', [creatorId]);
  return { creator, tier };
}

/** Judges a wanted plan against what was read for it. */
export function judgeWanted(wanted: WantedPlan, { creator, tier }: { creator?: PlanCreator; tier?: LockedTier }): JudgedPlan {
  if ('tierId' in wanted) return tierPlan(tier, tier?.creatorId ?? '');
  return creator ? ownPlan(wanted.amount, wanted.interval, creator) : { kind: 'CREATOR_NOT_FOUND' };
}
