import type { Sql } from '../database/room.ts';
import { advance } from './advance.ts';
import { isChangeable } from './change-subscription.ts';
import type { PriceOutcome } from './outcomes.ts';
import { invalidState } from './own-subscription.ts';
import { priceChange, priceStart } from './pricing.ts';
import { subscriptionColumns, subscriptionOf, type SubscriptionRow } from './subscription-rows.ts';
import { readTierFacts } from './tier-places.ts';
import { changedPlan, judgeWanted, planOf, readWanted, type WantedChange, type WantedPlan } from './wanted-plan.ts';

/** What a new subscription would cost at a moment. Takes no lock and writes nothing. */
export async function previewStart(sql: Sql, wanted: WantedPlan, now: Date): Promise<PriceOutcome> {
  const read = await readWanted(sql, wanted);
  const judged = judgeWanted(wanted, read);
  if (judged.kind !== 'PLAN') return judged;
  return { kind: 'PRICED', price: priceStart(judged.plan, now), currency: read.creator!.currency };
}

/** What a change of a fan's own subscription would cost at a moment. Takes no lock and writes nothing. */
export async function previewChange(sql: Sql, personId: string | null, subscriptionId: string, wanted: WantedChange, now: Date): Promise<PriceOutcome> {
  const [row] = await sql.query<SubscriptionRow>(
    `SELECT ${subscriptionColumns} FROM subscription s WHERE s.id = $1 AND s.person_id = $2`,
    [subscriptionId, personId],
  );
  if (!row) return { kind: 'SUBSCRIPTION_NOT_FOUND' };
  const { subscription } = advance(subscriptionOf(row), now);
  if (!isChangeable(subscription)) return invalidState(subscription, 'changed');
  const wantedTierId = 'tierId' in wanted ? wanted.tierId : null;
  const tiers = await readTierFacts(sql, [wantedTierId, subscription.tierId].filter((id) => id !== null));
  const judged = changedPlan(subscription, wanted, wantedTierId === null ? undefined : tiers.get(wantedTierId));
  if (judged.kind !== 'PLAN') return judged;
  return { kind: 'PRICED', price: priceChange(subscription, planOf(subscription, tiers), judged.plan, now), currency: subscription.currency };
}
