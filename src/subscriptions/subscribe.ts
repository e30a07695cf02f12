import { isSameInput } from '../api/room.ts';
import { newId, type Tx } from '../database/room.ts';
import { lockPeople } from '../identity/room.ts';
import { money } from '../money/room.ts';
import type { Advanced } from './advance.ts';
import { Till } from './charging.ts';
import type { Desk } from './desk.ts';
import { judgeStart } from './judge-plan.ts';
import type { SubscriptionOutcome } from './outcomes.ts';
import { intervalEnd } from './periods.ts';
import { priceStart, type NamedPlan, type ShownPrice } from './pricing.ts';
import { bindPrice } from './shown-price.ts';
import type { Subscription } from './subscription.ts';
import { findLive, lockSubscriptions, subscriptionColumns, subscriptionOf, type SubscriptionRow } from './subscription-rows.ts';
import { heldTiers, lockTiers } from './tier-places.ts';
import { readWanted, type WantedPlan } from './wanted-plan.ts';
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
  const stored = read.creator ? await findLive(tx, command.personId, read.creator.id) : null;
  const live = stored && (await lockSubscriptions(tx, [stored.id])).get(stored.id)!;
  const tiers = await lockTiers(tx, [...(read.tier ? [read.tier.id] : []), ...(live ? heldTiers(live) : [])]);
  const tier = read.tier && tiers.get(read.tier.id);
  const now = desk.clock.now();
  const judged = judgeStart(command.wanted, { personId: command.personId, creator: read.creator, tier, live, now });
  if (judged.kind !== 'PLAN') return judged;
  const { plan, creator, left } = judged;
  const bound = bindPrice(command, creator.currency, { priceAt: (at) => priceStart(plan, at), now });
  if (bound.kind !== 'BOUND') return bound;

  const advanced = start(command.personId, creator, plan, now);
  const { subscription } = advanced;
  const till = await Till.open(tx, [subscription], { people, feeBps: desk.feeBps, now });
  const charged = till.charge({ subscription, kind: 'PERIOD', periodIndex: 1, amountMicros: plan.amountMicros });
  if (charged.kind !== 'CHARGED') return { kind: 'NOT_CHARGED', why: charged, amount: money(plan.amountMicros, creator.currency) };
  const ended: Move[] = live && left ? [{ before: live, advanced: left }] : [];
  const begun: Move = { before: null, created: command, advanced, charges: [{ charge: charged.charge, isNew: true }] };
  const written = await writeMoves(tx, [...ended, begun], { till, bus: desk.bus });
  return { kind: 'DONE', subscription: written.at(-1)! };
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
