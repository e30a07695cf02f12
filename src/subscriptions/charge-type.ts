import { Field, FieldResolver, ID, Int, ObjectType, Resolver, Root } from 'type-graphql';
import { connectionType, DateTimeScalar, encodeId, MoneyType, NodeInterface, PaymentStatus } from '../api/room.ts';
import { money, type Money } from '../money/room.ts';
import type { ShownCharge } from './charge-lists.ts';

/** The prefix of a charge's id. */
export const CHARGE_PREFIX = 'chg';

@ObjectType('BillingPeriod', { description: 'A period of a micro-subscription, from its start to just before its end.' })
export class BillingPeriodType {
  @Field(() => Int, { description: '1, 2, 3 … over the whole life of the micro-subscription, paused and skipped periods included.' })
  index!: number;

  @Field(() => DateTimeScalar, { description: 'When it begins.' })
  start!: Date;

  @Field(() => DateTimeScalar, { description: 'When it is over and the next one begins.' })
  end!: Date;
}

@ObjectType('Charge', { implements: NodeInterface, description: 'What was taken for a period of a micro-subscription, or could not be taken.' })
export class ChargeType {
  @Field(() => PaymentStatus, { description: 'Where the payment stands. A FAILED one may still succeed while the micro-subscription is PAST_DUE.' })
  status!: PaymentStatus;

  @Field(() => BillingPeriodType, { description: 'The period that it is for.' })
  period!: BillingPeriodType;

  @Field(() => DateTimeScalar, { description: 'When it was first tried.' })
  createdAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the money was taken; null while it was not.' })
  chargedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Why nothing was taken: INSUFFICIENT_FUNDS, CAP_EXCEEDED or ACCOUNT_FROZEN.' })
  failureReason!: string | null;
}

export const ChargeConnection = connectionType('Charge', () => ChargeType);

@Resolver(() => ChargeType)
export class ChargeFields {
  @FieldResolver(() => ID, { description: 'Opaque: chg_ and a UUIDv7.' })
  id(@Root() charge: ShownCharge): string {
    return encodeId(CHARGE_PREFIX, charge.id);
  }

  @FieldResolver(() => MoneyType, { description: 'How much.' })
  amount(@Root() charge: ShownCharge): Money {
    return money(charge.amountMicros, charge.currency);
  }
}
