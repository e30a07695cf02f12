import { Field, ID, InputType } from 'type-graphql';
import { MoneyInput } from '../../api/room.ts';

@InputType({ description: 'A tip, or a part of one, that is to go back to its sender.' })
export class RefundTipInput {
  @Field(() => ID, { description: 'The tip.' })
  tipId!: string;

  @Field(() => MoneyInput, { nullable: true, description: 'How much; absent, all that has not gone back. To a card: a whole number of its rail\'s steps, such as cents.' })
  amount?: MoneyInput | null;

  @Field(() => String, { nullable: true, description: 'Why, for the sender to read: at most 500 characters.' })
  reason?: string | null;

  @Field(() => String, {
    description: '1 to 255 characters, such as a fresh UUID: the same key with the same input is the same refund, however often it is sent.',
  })
  idempotencyKey!: string;
}
