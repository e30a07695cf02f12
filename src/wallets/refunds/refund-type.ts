import { Field, FieldResolver, ID, InputType, ObjectType, Resolver, Root } from 'type-graphql';
import { DateTimeScalar, encodeId, MoneyType, NodeInterface, PaymentStatus, UserError, type NodeType } from '../../api/room.ts';
import { databaseService } from '../../database/room.ts';
import { payerOrOwner } from '../../identity/room.ts';
import { money, type Money } from '../../money/room.ts';
import { TopUpType } from '../top-up-type.ts';
import type { TopUp } from '../top-up.ts';
import { readRefunds } from './refund-rows.ts';
import { refundPrefix, type Refund } from './refund.ts';

@ObjectType('Refund', { implements: NodeInterface, description: 'Money that goes back to who paid it. To a wallet it is there at once; to a card it is PENDING until the provider has sent it.' })
export class RefundType {
  @Field(() => PaymentStatus, { description: 'PENDING, SUCCEEDED, or FAILED: then whoever gave the money has it again.' })
  status!: PaymentStatus;

  @Field(() => DateTimeScalar, { description: 'When it was asked for.' })
  createdAt!: Date;

  @Field(() => String, { nullable: true, description: 'What the creator said to it.' })
  reason!: string | null;
}

@Resolver(() => RefundType)
export class RefundFields {
  @FieldResolver(() => ID, { description: 'Opaque: rfd_ and a UUIDv7.' })
  id(@Root() refund: Refund): string {
    return encodeId(refundPrefix, refund.id);
  }

  @FieldResolver(() => MoneyType, { description: 'What goes back.' })
  amount(@Root() refund: Refund): Money {
    return money(refund.amountMicros, refund.currency);
  }
}

export const refundNode: NodeType<ReadableRefund> = {
  typeName: 'Refund',
  prefix: refundPrefix,
  postingKinds: ['TIP_REFUND', 'TIP_REFUND_RETURN', 'TOP_UP_REFUND', 'TOP_UP_REFUND_RETURN'],
  readableBy: payerOrOwner,
  load: async (context, ids) => (await readRefunds(context.services.get(databaseService), ids)).map((refund) => refund && readable(refund)),
};

/** A refund as the rule of its node reads it: for who gets the money, and for who gave it. */
type ReadableRefund = Refund & { readonly ownerId: string };

function readable(refund: Refund): ReadableRefund {
  return { ...refund, ownerId: refund.askedBy };
}

@InputType({ description: 'A top-up whose rest is to go back to where it came from.' })
export class RefundTopUpInput {
  @Field(() => ID, { description: 'The top-up.' })
  topUpId!: string;

  @Field(() => String, {
    description: '1 to 255 characters, such as a fresh UUID: the same key with the same input is the same refund, however often it is sent.',
  })
  idempotencyKey!: string;
}

/** Its root value also carries the id of the tip, for the room above. */
@ObjectType({ description: 'What came of a refund.' })
export class RefundPayload {
  @Field(() => RefundType, { nullable: true, description: 'The refund, a failed one too; null when nothing was stored.' })
  refund!: Refund | null;

  @Field(() => TopUpType, { nullable: true, description: 'The top-up as it is now, when the refund is of one.' })
  topUp!: TopUp | null;

  @Field(() => [UserError], { description: 'Why nothing was stored, or why the money did not go back; empty when neither is so.' })
  errors!: UserError[];
}
