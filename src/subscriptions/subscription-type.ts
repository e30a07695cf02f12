import { Arg, Ctx, Field, FieldResolver, ID, Int, ObjectType, Resolver, Root } from 'type-graphql';
import {
  connectionType, DateTimeScalar, describeEnum, encodeId, Interval, MoneyType, NodeInterface, type Connection, type RequestContext,
} from '../api/room.ts';
import { CreatorType, loadKnownCreator, loadTier, TierType, type Creator, type Tier } from '../creators/room.ts';
import { loadPerson, PublicProfileType, type Person } from '../identity/room.ts';
import { money, type Money } from '../money/room.ts';
import { chargesOf, type ShownCharge } from './charge-lists.ts';
import { BillingPeriodType, ChargeConnection } from './charge-type.ts';
import { nextCharge } from './next-charge.ts';
import type { BillingInterval, BillingPeriod } from './periods.ts';
import { currentPeriod, GRACE_TEXT, type Pending, type Subscription } from './subscription.ts';

/** The prefix of a micro-subscription's id. */
export const SUBSCRIPTION_PREFIX = 'sub';

export enum SubscriptionStatus {
  ACTIVE = 'ACTIVE',
  PAST_DUE = 'PAST_DUE',
  PAUSED = 'PAUSED',
  CANCELING = 'CANCELING',
  ENDED = 'ENDED',
}
describeEnum(SubscriptionStatus, 'SubscriptionStatus', 'Where a micro-subscription stands.', {
  ACTIVE: 'Paid, and renewed at the end of the period.',
  PAST_DUE: `A renewal could not be paid. It is tried again; benefits outlast the paid period by ${GRACE_TEXT}, but by no longer than the plan was had.`,
  PAUSED: 'Nothing is charged and there are no benefits; the place in the tier is kept.',
  CANCELING: 'Canceled; benefits last until the end of the paid period. Until then it can be resumed.',
  ENDED: 'Over for good.',
});

export enum PendingChangeKind {
  DOWNGRADE = 'DOWNGRADE',
  PAUSE = 'PAUSE',
  CANCEL = 'CANCEL',
}
describeEnum(PendingChangeKind, 'PendingChangeKind', 'What takes effect at the end of the paid period.', {
  DOWNGRADE: 'Another tier or amount that costs less, or another interval whose first period costs no more than what is left of the paid one, however dear it is over time.',
  PAUSE: 'A pause.',
  CANCEL: 'The end.',
});

@ObjectType('ScheduledCharge', { description: 'What will be taken, and when.' })
export class ScheduledChargeType {
  @Field(() => MoneyType, { description: 'How much.' })
  amount!: Money;

  @Field(() => DateTimeScalar, { description: 'When.' })
  at!: Date;
}

@ObjectType('PendingChange', { description: 'What takes effect at the end of the paid period.' })
export class PendingChangeType {
  @Field(() => PendingChangeKind, { description: 'What it is.' })
  kind!: Pending['kind'];

  @Field(() => TierType, { nullable: true, description: 'The tier from then on; null when there is none, and for a pause or cancellation.' })
  tier!: Tier | null;

  @Field(() => MoneyType, { nullable: true, description: 'The amount from then on; null for a pause or cancellation.' })
  amount!: Money | null;

  @Field(() => Interval, { nullable: true, description: 'The interval from then on; null for a pause or cancellation.' })
  interval!: BillingInterval | null;

  @Field(() => DateTimeScalar, { description: 'When it takes effect.' })
  at!: Date;
}

/** Its root value is a `Subscription`. */
@ObjectType('MicroSubscription', {
  implements: NodeInterface,
  description: 'A fan\'s recurring payment to a creator: to a tier (a membership), or any amount from 0.01 at any interval.',
})
export class MicroSubscriptionType {
  @Field(() => Interval, { description: 'How often it is paid.' })
  interval!: Interval;

  @Field(() => SubscriptionStatus, { description: 'Where it stands.' })
  status!: SubscriptionStatus;

  @Field(() => DateTimeScalar, { description: 'When it began.' })
  startedAt!: Date;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: `Benefits last until here. While PAST_DUE that is beyond the paid period by ${GRACE_TEXT}, but by no longer than the plan was had; a pause has none until its first charge. A renewal is charged some seconds after the period's end: give one that is ACTIVE a few minutes more.`,
  })
  accessUntil!: Date;
}

export const MicroSubscriptionConnection = connectionType('MicroSubscription', () => MicroSubscriptionType);

@Resolver(() => MicroSubscriptionType)
export class MicroSubscriptionFields {
  @FieldResolver(() => ID, { description: 'Opaque: sub_ and a UUIDv7.' })
  id(@Root() subscription: Subscription): string {
    return encodeId(SUBSCRIPTION_PREFIX, subscription.id);
  }

  @FieldResolver(() => CreatorType, { description: 'Who is paid.' })
  creator(@Root() subscription: Subscription, @Ctx() context: RequestContext): Promise<Creator> {
    return loadKnownCreator(context, subscription.creatorId);
  }

  @FieldResolver(() => PublicProfileType, { description: 'Who pays.' })
  async subscriber(@Root() { id, personId }: Subscription, @Ctx() context: RequestContext): Promise<Person> {
    const person = await loadPerson(context, personId);
    if (!person) throw new Error(`The subscription ${id} names a person ${personId} who is not there.`);
    return person;
  }

  @FieldResolver(() => TierType, { nullable: true, description: 'The tier; null for an amount of one\'s own.' })
  async tier(@Root() { tierId }: Subscription, @Ctx() context: RequestContext): Promise<Tier | null> {
    return tierId === null ? null : loadTier(context, tierId);
  }

  @FieldResolver(() => MoneyType, { description: 'What is paid each interval. A tier\'s later price does not change it.' })
  amount(@Root() { amountMicros, currency }: Subscription): Money {
    return money(amountMicros, currency);
  }

  @FieldResolver(() => BillingPeriodType, { description: 'The last period that was decided: paid, passed in a pause that is over, or, once it has ENDED, passed unpaid.' })
  currentPeriod(@Root() subscription: Subscription): BillingPeriod {
    return currentPeriod(subscription);
  }

  @FieldResolver(() => ScheduledChargeType, { nullable: true, description: 'Exactly what will be taken, and when. Null when nothing more will be charged.' })
  nextCharge(@Root() subscription: Subscription): { amount: Money; at: Date } | null {
    const next = nextCharge(subscription);
    return next && { amount: money(next.amountMicros, subscription.currency), at: next.at };
  }

  @FieldResolver(() => DateTimeScalar, { nullable: true, description: 'When a pause ends by itself; null when there is none, or it lasts until it is resumed.' })
  pausedUntil(@Root() { status, pausedUntil, pending }: Subscription): Date | null {
    return status !== 'PAUSED' && pending?.kind === 'PAUSE' ? pending.until : pausedUntil;
  }

  @FieldResolver(() => PendingChangeType, { nullable: true, description: 'A downgrade, a pause or a cancellation that takes effect at the end of the period.' })
  async pendingChange(@Root() { pending, periodEnd: at, currency }: Subscription, @Ctx() context: RequestContext): Promise<PendingChangeType | null> {
    if (!pending) return null;
    if (pending.kind !== 'DOWNGRADE') return { kind: pending.kind, tier: null, amount: null, interval: null, at };
    const { kind, tierId, amountMicros, interval } = pending;
    return { kind, tier: tierId === null ? null : await loadTier(context, tierId), amount: money(amountMicros, currency), interval, at };
  }

  @FieldResolver(() => ChargeConnection, { description: 'What was charged, or could not be, newest first.' })
  charges(
    @Root() subscription: Subscription,
    @Ctx() context: RequestContext,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'How many: 1 to 100.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ): Promise<Connection<ShownCharge>> {
    return chargesOf(context, subscription, { first, after });
  }
}
