import { moveCounters, type CounterMove, type Tx } from '../database/room.ts';
import { havePaymentStream, type EventBus, type NewEvent } from '../events/room.ts';
import { MEMBERS } from '../creators/room.ts';
import { paymentEvent } from '../wallets/room.ts';
import type { Advanced } from './advance.ts';
import type { Charge } from './charge.ts';
import { cutPeriod, insertCharges, insertPeriods, retryCharges } from './charge-rows.ts';
import { insertChange, type ChangeRow } from './change-rows.ts';
import type { Till } from './charging.ts';
import { recordTransitions } from './figures.ts';
import { insertSubscription, updateSubscriptions, type KeyedInput } from './subscription-rows.ts';
import { isLive, type Subscription, type SubscriptionStatusName } from './subscription.ts';
import { movePlaces } from './tier-places.ts';

/** The counter of all subscriptions a person ever had. */
export const SUBSCRIPTIONS = 'subscriptions';

/** The counter of a creator's subscriptions of one status. */
export function statusCounter(status: SubscriptionStatusName): string {
  return `${MEMBERS}.${status}`;
}

/** Everything that one transaction does to one subscription. */
export interface Move {
  /** As it was locked; null for a new one, which comes with its key. */
  readonly before: Subscription | null;
  readonly created?: KeyedInput;
  /** As it is to be, with what happened in order. */
  readonly advanced: Advanced;
  readonly charges?: readonly PlacedCharge[];
  /** When the period that ran before ends earlier than it was to. */
  readonly cut?: { readonly index: number; readonly end: Date };
  readonly change?: ChangeRow;
}

export interface PlacedCharge {
  readonly charge: Charge;
  /** False for the row of an earlier attempt at the same period. */
  readonly isNew: boolean;
}

/** Where moves are written with: the till that took their money, if any was to be taken. */
export interface MoveWriting {
  readonly till: Till | null;
  readonly bus: EventBus;
}

/**
 * Stores moves, a statement a table whatever their number, in the lock order: subscriptions (locked by the caller, as are tiers) first,
 * the streams' events last. Answers the subscriptions as stored, in order.
 */
export async function writeMoves(tx: Tx, moves: readonly Move[], { till, bus }: MoveWriting): Promise<Subscription[]> {
  const stored = moves.map((move) => ({ ...move, after: countCharges(move) }));
  const changed = stored.flatMap(({ before, after }) => (before && before !== after ? [{ before, after }] : []));
  await updateSubscriptions(tx, changed);
  // After the updates: one that ended in them makes room for a new one of the same fan and creator.
  for (const { created, after } of stored) if (created) await insertSubscription(tx, after, created);
  await movePlaces(tx, stored);
  const { fresh = [], again = [] } = Object.groupBy(moves.flatMap((move) => move.charges ?? []), ({ isNew }) => (isNew ? 'fresh' : 'again'));
  await insertCharges(tx, fresh.map(({ charge }) => charge));
  await retryCharges(tx, again.map(({ charge }) => charge));
  for (const { cut, after } of stored) if (cut) await cutPeriod(tx, after.id, cut.index, cut.end);
  await insertPeriods(tx, stored.flatMap(({ advanced, after }) => advanced.periods.map((period) => ({ ...period, subscriptionId: after.id }))));
  for (const { change } of moves) if (change) await insertChange(tx, change);
  await till?.writeBook(tx);
  await moveCounters(tx, stored.flatMap(countersOf));
  await recordTransitions(tx, moves.flatMap((move) => move.advanced.transitions));
  await till?.writeSpending(tx);
  await bus.append(tx, [...stored.flatMap(eventsOf), ...(await chargeEvents(tx, stored))]);
  return stored.map(({ after }) => after);
}

type Stored = Move & { readonly after: Subscription };

function countCharges({ before, advanced: { subscription }, charges = [] }: Move): Subscription {
  const made = charges.filter(({ isNew }) => isNew).length;
  return made === 0 ? subscription : { ...subscription, chargeCount: (before?.chargeCount ?? 0) + made };
}

function countersOf({ before, after }: Stored): CounterMove[] {
  const { creatorId: ownerId } = after;
  const moves: CounterMove[] = [];
  if (!before) moves.push({ ownerId: after.personId, name: SUBSCRIPTIONS, by: 1 }, { ownerId, name: MEMBERS, by: 1 });
  if (before && isLive(before) && !isLive(after)) moves.push({ ownerId, name: MEMBERS, by: -1 });
  if (before?.status !== after.status) {
    if (before) moves.push({ ownerId, name: statusCounter(before.status), by: -1 });
    moves.push({ ownerId, name: statusCounter(after.status), by: 1 });
  }
  return moves;
}

/** Tells those who paid, or could not, where their pages may listen. A charge that failed and fails again is where it was. */
async function chargeEvents(tx: Tx, moves: readonly Stored[]): Promise<NewEvent[]> {
  const changed = moves.flatMap(({ after: { personId }, charges = [] }) =>
    charges.filter(({ charge, isNew }) => isNew || charge.status !== 'FAILED').map(({ charge }) => ({ personId, charge })));
  const listening = await havePaymentStream(tx, [...new Set(changed.map(({ personId }) => personId))]);
  return changed
    .filter(({ personId }) => listening.has(personId))
    .map(({ personId, charge }) => paymentEvent(personId, 'Charge', charge.id, charge.chargedAt ?? charge.createdAt));
}

function eventsOf({ advanced, after }: Stored) {
  return advanced.transitions.map(({ kind, at }) => ({
    creatorId: after.creatorId, topic: 'members' as const, kind, subjectId: after.id, createdAt: at, payload: after,
  }));
}
