import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { DateTimeScalar, Interval, MoneyInput, UserError } from '../api/room.ts';
import type { Subscription } from './subscription.ts';
import { MicroSubscriptionType } from './subscription-type.ts';

const key = '1 to 255 characters, such as a fresh UUID: the same key with the same input is the same micro-subscription or change, however often it is sent.';

@InputType({ description: 'Either tierId, or creatorId with amount and interval. expectedDueNow with the preview\'s pricedAt binds the price.' })
export class SubscribeInput {
  @Field(() => ID, { nullable: true, description: 'The tier to join.' })
  tierId?: string | null;

  @Field(() => ID, { nullable: true, description: 'The creator to pay an amount of one\'s own.' })
  creatorId?: string | null;

  @Field(() => MoneyInput, { nullable: true, description: 'The amount of one\'s own: 0.01 to 10,000 in the creator\'s currency.' })
  amount?: MoneyInput | null;

  @Field(() => Interval, { nullable: true, description: 'How often the amount of one\'s own is paid.' })
  interval?: Interval | null;

  @Field(() => MoneyInput, { nullable: true, description: 'The preview\'s dueNow: another amount is refused as PRICE_CHANGED, another currency as CURRENCY_MISMATCH.' })
  expectedDueNow?: MoneyInput | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'The preview\'s pricedAt, at most 15 minutes old.' })
  pricedAt?: Date | null;

  @Field(() => String, { description: key })
  idempotencyKey!: string;
}

@InputType({ description: 'Either tierId, or an amount of one\'s own, its interval or both; of those, what is left out stays. Each of the two leaves the tier, whose price or interval stays as the own one. The preview\'s figures bind the price.' })
export class ChangeSubscriptionInput {
  @Field(() => ID, { description: 'The micro-subscription.' })
  subscriptionId!: string;

  @Field(() => ID, { nullable: true, description: 'The tier to change to; the tier that it has accepts that tier\'s new price.' })
  tierId?: string | null;

  @Field(() => MoneyInput, { nullable: true, description: 'The amount of one\'s own: 0.01 to 10,000 in the creator\'s currency. It leaves the tier, whose interval stays unless another is given.' })
  amount?: MoneyInput | null;

  @Field(() => Interval, { nullable: true, description: 'How often the amount of one\'s own is paid. It leaves the tier, whose price stays unless an amount is given.' })
  interval?: Interval | null;

  @Field(() => MoneyInput, { description: 'The preview\'s dueNow, zero included: another amount is refused as PRICE_CHANGED, another currency as CURRENCY_MISMATCH.' })
  expectedDueNow!: MoneyInput;

  @Field(() => DateTimeScalar, { description: 'The preview\'s pricedAt: at most 15 minutes old, in the running period, and not before the last change.' })
  pricedAt!: Date;

  @Field(() => String, { description: key })
  idempotencyKey!: string;
}

@InputType({ description: 'Which micro-subscription to pause, and for how long.' })
export class PauseSubscriptionInput {
  @Field(() => ID, { description: 'The micro-subscription.' })
  subscriptionId!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it goes on by itself, after the end of the paid period; absent: when it is resumed.' })
  until?: Date | null;
}

@InputType({ description: 'Which micro-subscription.' })
export class SubscriptionInput {
  @Field(() => ID, { description: 'The micro-subscription.' })
  subscriptionId!: string;
}

@ObjectType({ description: 'The micro-subscription as it is now, or why nothing was changed.' })
export class MicroSubscriptionPayload {
  @Field(() => MicroSubscriptionType, { nullable: true, description: 'The micro-subscription; null when there are errors.' })
  subscription!: Subscription | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  errors!: UserError[];
}
