import { Field, FieldResolver, ID, InputType, ObjectType, Resolver, Root } from 'type-graphql';
import {
  connectionType, DateTimeScalar, DecimalScalar, encodeId, MoneyInput, MoneyType, NodeInterface, PaymentProviderCode, PaymentStatus, UserError,
  type NodeType, type RequestContext,
} from '../api/room.ts';
import { databaseService } from '../database/room.ts';
import { self } from '../identity/room.ts';
import { money, type Money } from '../money/room.ts';
import { readPayouts } from './payout-rows.ts';
import { destinationPrefix, payoutPrefix, type Payout } from './payout.ts';
import type { Destination } from './destination.ts';

@ObjectType('Payout', { implements: NodeInterface, description: 'Earnings on their way to a creator\'s bank, or arrived there, or returned.' })
export class PayoutType {
  @Field(() => PaymentStatus, { description: 'PENDING on its way, SUCCEEDED when the provider paid it, FAILED when it came back: what was taken for it is then among the earnings again.' })
  status!: PaymentStatus;

  @Field(() => DateTimeScalar, { description: 'When it was asked for.' })
  createdAt!: Date;

  @Field(() => String, { nullable: true, description: 'Why it failed, for people; null unless it did.' })
  failureReason!: string | null;
}

@Resolver(() => PayoutType)
export class PayoutFields {
  @FieldResolver(() => ID, { description: 'Opaque: pay_ and a UUIDv7.' })
  id(@Root() payout: Payout): string {
    return encodeId(payoutPrefix, payout.id);
  }

  @FieldResolver(() => MoneyType, { description: 'What was taken of the earnings, and arrives at the bank.' })
  amount(@Root() payout: Payout): Money {
    return money(payout.amountMicros, payout.currency);
  }
}

export const PayoutConnection = connectionType('Payout', () => PayoutType);

/** The creator's own alone: others find nothing. */
export const payoutNode: NodeType<Payout> = {
  typeName: 'Payout',
  prefix: payoutPrefix,
  postingKinds: ['PAYOUT', 'PAYOUT_RETURN'],
  readableBy: self,
  load: (context: RequestContext, ids) => readPayouts(context.services.get(databaseService), ids),
};

@ObjectType('PayoutDestination', { description: 'Where a creator is paid to.' })
export class PayoutDestinationType {
  @Field(() => String, { description: 'What people know it by, such as "Bank ending in 6789".' })
  label!: string;
}

@Resolver(() => PayoutDestinationType)
export class PayoutDestinationFields {
  @FieldResolver(() => ID, { description: 'Opaque: dst_ and a UUIDv7.' })
  id(@Root() destination: Destination): string {
    return encodeId(destinationPrefix, destination.id);
  }

  @FieldResolver(() => Boolean, { description: 'Whether it was proven to be the creator\'s: payouts go to no other.' })
  isVerified(@Root() destination: Destination): boolean {
    return destination.verifiedAt !== null;
  }
}

@InputType({ description: 'A place to be paid to.' })
export class AddPayoutDestinationInput {
  @Field(() => PaymentProviderCode, { description: 'Who pays out to it.' })
  provider!: PaymentProviderCode;

  @Field(() => String, { description: 'The provider\'s token for it, as its form or script made it: 1 to 255 characters.' })
  token!: string;
}

@InputType({ description: 'The proof that a destination is the creator\'s own.' })
export class VerifyPayoutDestinationInput {
  @Field(() => ID, { description: 'The destination.' })
  destinationId!: string;

  @Field(() => [DecimalScalar], { description: 'The two small deposits that arrived there, in either order, such as ["0.12", "0.34"].' })
  amounts!: string[];
}

@InputType({ description: 'Earnings to send to the payout destination.' })
export class RequestPayoutInput {
  @Field(() => MoneyInput, { description: 'How much: at most dashboard.balance.payable, in whole steps of the rail, such as cents.' })
  amount!: MoneyInput;

  @Field(() => String, {
    description: '1 to 255 characters, such as a fresh UUID: the same key with the same input is the same payout, however often it is sent.',
  })
  idempotencyKey!: string;
}

@ObjectType({ description: 'What came of adding or verifying a payout destination.' })
export class PayoutDestinationPayload {
  @Field(() => PayoutDestinationType, { nullable: true, description: 'The destination; null when there are errors.' })
  destination!: Destination | null;

  @Field(() => [UserError], { description: 'Why it was not added, or not verified; empty when it was.' })
  errors!: UserError[];
}

@ObjectType({ description: 'What came of asking for a payout.' })
export class PayoutPayload {
  @Field(() => PayoutType, { nullable: true, description: 'The payout, a failed one too; null when nothing was stored.' })
  payout!: Payout | null;

  @Field(() => [UserError], { description: 'Why nothing was stored; empty when something was.' })
  errors!: UserError[];
}
