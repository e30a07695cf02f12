import { isSameInput } from '../api/room.ts';
import { newId, type Tx } from '../database/room.ts';
import { lockPeople } from '../identity/room.ts';
import { money } from '../money/room.ts';
import { advance, type Advanced } from './advance.ts';
import { Till } from './charging.ts';
import type { Desk } from './desk.ts';
import type { SubscriptionOutcome } from './outcomes.ts';
import { intervalEnd } from './periods.ts';
import { priceStart, type NamedPlan } from './pricing.ts';
import { bindPrice, type ShownPrice } from './shown-price.ts';
import { isLive, type Subscription } from './subscription.ts';
import { lockSubscriptions, subscriptionColumns, subscriptionOf, type SubscriptionRow } from './subscription-rows.ts';
import { heldTiers, lockTiers } from './tier-places.ts';
import { judgeWanted, readWanted, type WantedPlan } from './wanted-plan.ts';
import { writeMoves, type Move } from './write-moves.ts';

/** A fan's wish to subscribe, parsed and well-formed, with nothing looked up yet. */
export interface Subscribe extends ShownPrice {
  readonly personId: string;
  readonly idempotencyKey: string;
  readonly inputHash: Buffer;
  readonly wanted: WantedPlan;
}

/**
 * Starts a subscription and charges its first period from the wallet, or refuses and writes nothing. The same key answers the same
 * subscription in the state that it has by then. Throws `Unavailable` and `OutcomeUnknown`; after each the same command may be sent again.
 */
export async function subscribe(desk: Desk, command: Subscribe): Promise<SubscriptionOutcome> {
  const { creator } = await readWanted(desk.db, command.wanted);
  if (creator) await desk.openPlatformFee(creator.currency);
  return desk.write((tx) => subscribeOnce(tx, desk, command));
}

async function subscribeOnce(tx: Tx, desk: Desk, command: Subscribe): Promise<SubscriptionOutcome> {
  const people = await lockPeople(tx, [command.personId]);
  if (!people.has(command.personId)) return { kind: 'PERSON_NOT_FOUND' };
  const earlier = await readKeyed(tx, command);
  if (earlier) {
    return isSameInput(earlier.inputHash, command.inputHash) ? { kind: 'DONE', subscription: earlier.subscription } : { kind: 'IDEMPOTENCY_MISMATCH' };
  }
  const read = await readWanted(tx, command.wanted);
  const live = read.creator ? await lockLive(tx, command.personId, read.creator.id) : null;
  const tiers = await lockTiers(tx, [...(read.tier ? [read.tier.id] : []), ...(live ? heldTiers(live) : [])]);
  const tier = read.tier && tiers.get(read.tier.id);
  const now = desk.clock.now();
  const judged = judgeWanted(command.wanted, { creator: read.creator, tier });
  if (judged.kind !== 'PLAN') return judged;
  const { plan } = judged;
  const creator = read.creator!;
  if (creator.ownerId === command.personId) return { kind: 'SELF_PAYMENT' };
  const left = live && advance(live, now);
  if (left && isLive(left.subscription)) return { kind: 'ALREADY_SUBSCRIBED' };
  const bound = bindPrice(command, creator.currency, { priceAt: (at) => priceStart(plan, at), now });
  if (bound.kind !== 'BOUND') return bound;
  // A place that the one which just ended gives back is there for the new one.
  const kept = live && heldTiers(live).includes(plan.tierId ?? '') ? 1 : 0;
  if (tier && tier.capacity !== null && tier.taken - kept >= tier.capacity) return { kind: 'SOLD_OUT', name: tier.name, capacity: tier.capacity };

  const advanced = start(command.personId, creator, plan, now);
  const { subscription } = advanced;
  const till = await Till.open(tx, [subscription], { people, feeBps: desk.feeBps, now });
  const charged = till.charge({ subscription, kind: 'PERIOD', periodIndex: 1, amountMicros: plan.amountMicros });
  if (charged.kind !== 'CHARGED') return { kind: 'NOT_CHARGED', why: charged, amount: money(plan.amountMicros, creator.currency) };
  const ended: Move[] = live && left ? [{ before: live, advanced: left }] : [];
  const begun: Move = { before: null, created: command, advanced, charges: [{ charge: charged.charge, isNew: true }] };
  const stored = await writeMoves(tx, [...ended, begun], { till, bus: desk.bus });
  return { kind: 'DONE', subscription: stored.at(-1)! };
}

function start(personId: string, creator: { readonly id: string; readonly currency: string }, plan: NamedPlan, now: Date): Advanced {
  const period = { index: 1, start: now, end: intervalEnd(now, plan.interval) };
  const subscription: Subscription = {
    id: newId(),
    personId,
    creatorId: creator.id,
    tierId: plan.tierId,
    currency: creator.currency,
    amountMicros: plan.amountMicros,
    interval: plan.interval,
    status: 'ACTIVE',
    startedAt: now,
    planSince: now,
    anchor: now,
    anchorIndex: 1,
    periodIndex: 1,
    periodStart: period.start,
    periodEnd: period.end,
    nextChargeAt: period.end,
    pastDueSince: null,
    failedAttempts: 0,
    accessUntil: period.end,
    pausedUntil: null,
    pending: null,
    endedAt: null,
    chargeCount: 0,
  };
  return { subscription, transitions: [{ kind: 'STARTED', at: now, before: null, after: subscription }], periods: [{ ...period, state: 'CHARGED' }] };
}

/** What an earlier command with the same key made. Call it under the person's lock. */
async function readKeyed(tx: Tx, { personId, idempotencyKey }: Subscribe): Promise<{ subscription: Subscription; inputHash: Buffer } | null> {
  const [row] = await tx.query<SubscriptionRow & { input_hash: Buffer }>(
    `SELECT ${subscriptionColumns}, s.input_hash FROM subscription s WHERE s.person_id = $1 AND s.idempotency_key = $2`,
    [personId, idempotencyKey],
  );
  return row ? { subscription: subscriptionOf(row), inputHash: row.input_hash } : null;
}

/** Locks the subscription that a fan has to a creator; null when there is none that is stored as live. */
async function lockLive(tx: Tx, personId: string, creatorId: string): Promise<Subscription | null> {
  const [found] = await tx.query<{ id: string }>(
    `SELECT id FROM subscription WHERE person_id = $1 AND creator_id = $2 AND status <> 'ENDED'`,
    [personId, creatorId],
  );
  return found ? ((await lockSubscriptions(tx, [found.id])).get(found.id) as Subscription) : null;
}
