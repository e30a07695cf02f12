import { isDeepStrictEqual } from 'node:util';
import type { Tx } from '../database/room.ts';
import { lockPeople, type LockedPerson } from '../identity/room.ts';
import { money } from '../money/room.ts';
import { advance, type Advanced } from './advance.ts';
import type { Desk } from './desk.ts';
import type { SubscriptionOutcome, SubscriptionRefusal } from './outcomes.ts';
import type { Subscription } from './subscription.ts';
import { lockSubscriptions } from './subscription-rows.ts';
import { heldTiers, lockTiers, type LockedTier } from './tier-places.ts';
import { writeMoves } from './write-moves.ts';

/** A fan's own subscription under its locks, with what the clock has brought applied to it. */
export interface OwnSubscription {
  readonly people: ReadonlyMap<string, LockedPerson>;
  readonly before: Subscription;
  readonly advanced: Advanced;
  /** The tiers that it holds a place of, and those asked for, as far as they exist. */
  readonly tiers: ReadonlyMap<string, LockedTier>;
  readonly now: Date;
}

/** Whose, and which: parsed, with nothing looked up yet. */
export interface OwnCommand {
  readonly personId: string;
  readonly subscriptionId: string;
}

/** Locks a fan's own subscription. The time is taken under the locks, so that it is not before what others did meanwhile. */
export async function lockOwn(
  tx: Tx,
  desk: Desk,
  { personId, subscriptionId }: OwnCommand,
  people: ReadonlyMap<string, LockedPerson>,
  tierIds: readonly string[] = [],
): Promise<OwnSubscription | { readonly kind: 'SUBSCRIPTION_NOT_FOUND' }> {
  const [found] = await tx.query('SELECT id FROM subscription WHERE id = $1 AND person_id = $2', [subscriptionId, personId]);
  if (!found) return { kind: 'SUBSCRIPTION_NOT_FOUND' };
  const before = (await lockSubscriptions(tx, [subscriptionId])).get(subscriptionId) as Subscription;
  const tiers = await lockTiers(tx, [...tierIds, ...heldTiers(before)]);
  const now = desk.clock.now();
  return { people, before, advanced: advance(before, now), tiers, now };
}

export type OwnDecision = { readonly kind: 'DECIDED'; readonly advanced: Advanced } | SubscriptionRefusal;

/**
 * Changes the state of a fan's own subscription without moving money. `decide` is pure. After a COMMIT whose answer was lost it is not
 * asked again about its own answer: a second resume would take back more than was asked for.
 */
export function changeOwn(desk: Desk, command: OwnCommand, decide: (own: Advanced, now: Date) => OwnDecision): Promise<SubscriptionOutcome> {
  let decidedBefore: Subscription | null = null;
  return desk.write(async (tx): Promise<SubscriptionOutcome> => {
    const people = await lockPeople(tx, [command.personId]);
    if (!people.has(command.personId)) return { kind: 'PERSON_NOT_FOUND' };
    const own = await lockOwn(tx, desk, command, people);
    if ('kind' in own) return own;
    if (isDeepStrictEqual(own.before, decidedBefore)) return { kind: 'DONE', subscription: own.before };
    const decided = decide(own.advanced, own.now);
    if (decided.kind !== 'DECIDED') return decided;
    const [subscription] = await writeMoves(tx, [{ before: own.before, advanced: decided.advanced }], { till: null, bus: desk.bus });
    decidedBefore = subscription!;
    return { kind: 'DONE', subscription: subscription! };
  });
}

/** The refusal of what a subscription's state does not allow; `wanted` ends the sentence "… cannot be …". */
export function invalidState({ status, pending, amountMicros, currency }: Subscription, wanted: string): SubscriptionRefusal {
  const change = pending && pending.kind !== 'CANCEL' ? pending.kind : null;
  return { kind: 'INVALID_STATE', status, pending: change, wanted, amount: money(amountMicros, currency) };
}
