import type { Sql } from '../database/room.ts';
import { advance } from './advance.ts';
import { judgeChangedPlan, judgeStart } from './judge-plan.ts';
import type { PriceOutcome } from './outcomes.ts';
import { priceChange, priceStart } from './pricing.ts';
import { findLive, subscriptionColumns, subscriptionOf, type SubscriptionRow } from './subscription-rows.ts';
import { readTierFacts } from './tier-places.ts';
import { planOf, readWanted, type WantedChange, type WantedPlan } from './wanted-plan.ts';

/** What a new subscription would cost somebody, or nobody in particular, at a moment. Takes no lock and writes nothing. */
export async function previewStart(sql: Sql, personId: string | null, wanted: WantedPlan, now: Date): Promise<PriceOutcome> {
  const read = await readWanted(sql, wanted);
  const live = read.creator && personId !== null ? await findLive(sql, personId, read.creator.id) : null;
  const judged = judgeStart(wanted, { ...read, personId, live, now });
  if (judged.kind !== 'PLAN') return judged;
  return { kind: 'PRICED', price: priceStart(judged.plan, now), currency: judged.creator.currency };
}

/** What a change of a fan's own subscription would cost at a moment. Takes no lock and writes nothing. */
export async function previewChange(sql: Sql, personId: string | null, subscriptionId: string, wanted: WantedChange, now: Date): Promise<PriceOutcome> {
  const [row] = await sql.query<SubscriptionRow>(
    `SELECT ${subscriptionColumns} FROM subscription s WHERE s.id = $1 AND s.person_id = $2`,
    [subscriptionId, personId],
  );
  if (!row) return { kind: 'SUBSCRIPTION_NOT_FOUND' };
  const before = subscriptionOf(row);
  const { subscription } = advance(before, now);
  const wantedTierId = 'tierId' in wanted ? wanted.tierId : null;
  const tiers = await readTierFacts(sql, [wantedTierId, subscription.tierId].filter((id) => id !== null));
  const judged = judgeChangedPlan(wanted, { before, subscription, tiers });
  if (judged.kind !== 'PLAN') return judged;
  return { kind: 'PRICED', price: priceChange(subscription, planOf(subscription, tiers), judged.plan, now), currency: subscription.currency };
}
