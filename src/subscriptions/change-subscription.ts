import { isSameInput } from '../api/room.ts';
import { newId, type Tx } from '../database/room.ts';
import { lockPeople } from '../identity/room.ts';
import { money, type Money } from '../money/room.ts';
import { applyChange, type AppliedChange } from './apply-change.ts';
import { readKeyedChange, type ChangeRow } from './change-rows.ts';
import type { Charge } from './charge.ts';
import { Till } from './charging.ts';
import type { Desk } from './desk.ts';
import type { SubscriptionOutcome, SubscriptionRefusal } from './outcomes.ts';
import { judgeChangedPlan } from './judge-plan.ts';
import { lockOwn, type OwnCommand, type OwnSubscription } from './own-subscription.ts';
import { priceChange, type NamedPlan, type Price } from './pricing.ts';
import { bindPrice } from './shown-price.ts';
import { lockSubscriptions } from './subscription-rows.ts';
import { planOf, type WantedChange } from './wanted-plan.ts';
import { writeMoves } from './write-moves.ts';

/** A fan's wish to change a subscription, parsed and well-formed, with nothing looked up yet. */
export interface ChangeSubscription extends OwnCommand {
  readonly idempotencyKey: string;
  readonly inputHash: Buffer;
  readonly wanted: WantedChange;
  readonly expectedDueNow: Money;
  readonly pricedAt: Date;
}

/**
 * Changes the plan of a subscription for exactly the price that was shown, or refuses and writes nothing. The same key answers the same
 * subscription in the state that it has by then. Throws `Unavailable` and `OutcomeUnknown`; after each the same command may be sent again.
 */
export function changeSubscription(desk: Desk, command: ChangeSubscription): Promise<SubscriptionOutcome> {
  return desk.write((tx) => changeOnce(tx, desk, command));
}

async function changeOnce(tx: Tx, desk: Desk, command: ChangeSubscription): Promise<SubscriptionOutcome> {
  const people = await lockPeople(tx, [command.personId]);
  if (!people.has(command.personId)) return { kind: 'PERSON_NOT_FOUND' };
  const earlier = await readKeyedChange(tx, command.personId, command.idempotencyKey);
  if (earlier) {
    if (!isSameInput(earlier.inputHash, command.inputHash)) return { kind: 'IDEMPOTENCY_MISMATCH' };
    return { kind: 'DONE', subscription: (await lockSubscriptions(tx, [earlier.subscriptionId])).get(earlier.subscriptionId)! };
  }
  const { wanted } = command;
  const own = await lockOwn(tx, desk, command, people, 'tierId' in wanted ? [wanted.tierId] : []);
  if ('kind' in own) return own;
  const judged = judgeChange(own, command);
  return judged.kind === 'ACCEPTED' ? store(tx, desk, command, own, judged) : judged;
}

interface Accepted {
  readonly kind: 'ACCEPTED';
  readonly plan: NamedPlan;
  readonly price: Price;
}

/** The ladder of checks that a change passes, and its price. Pure: the first failing check names the refusal. */
export function judgeChange(own: OwnSubscription, { wanted, expectedDueNow, pricedAt }: ChangeSubscription): Accepted | SubscriptionRefusal {
  const { now, tiers } = own;
  const { subscription } = own.advanced;
  const judged = judgeChangedPlan(wanted, { before: own.before, subscription, tiers });
  if (judged.kind !== 'PLAN') return judged;
  const { plan } = judged;
  const priceAt = (at: Date) => priceChange(subscription, planOf(subscription, tiers), plan, at);
  const bound = bindPrice({ expectedDueNow, pricedAt }, subscription.currency, { priceAt, now, subscription });
  if (bound.kind !== 'BOUND') return bound;
  return { kind: 'ACCEPTED', plan, price: bound.price };
}

async function store(tx: Tx, desk: Desk, command: ChangeSubscription, own: OwnSubscription, { plan, price }: Accepted): Promise<SubscriptionOutcome> {
  const { before, people, now } = own;
  const { subscription } = own.advanced;
  const applied = applyChange(own.advanced, plan, price, now);
  const till = applied.due ? await Till.open(tx, [subscription], { people, feeBps: desk.feeBps, now }) : null;
  let charge: Charge | null = null;
  if (applied.due && till) {
    const charged = till.charge({ subscription, ...applied.due });
    if (charged.kind !== 'CHARGED') return { kind: 'NOT_CHARGED', why: charged, amount: money(applied.due.amountMicros, subscription.currency) };
    ({ charge } = charged);
  }
  const change = changeRow(command, own, plan, price, charge);
  const charges = charge ? [{ charge, isNew: true }] : [];
  const [stored] = await writeMoves(tx, [{ before, ...moved(applied), charges, change }], { till, bus: desk.bus });
  return { kind: 'DONE', subscription: stored! };
}

function moved({ advanced, cut }: AppliedChange) {
  return { advanced, cut };
}

function changeRow(command: ChangeSubscription, { advanced, now }: OwnSubscription, to: NamedPlan, price: Price, charge: Charge | null): ChangeRow {
  const { subscription: from } = advanced;
  const { personId, idempotencyKey, inputHash } = command;
  return {
    id: newId(), subscriptionId: from.id, personId, idempotencyKey, inputHash, from, to,
    dueNowMicros: price.dueNowMicros, chargeId: charge?.id ?? null, effectiveAt: price.effectiveAt, createdAt: now,
  };
}
