import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { Funding, MoneyInput, PaymentProviderCode, UserError } from '../api/room.ts';
import type { Tip } from './tip.ts';
import { TipType } from './tip-type.ts';

@InputType({ description: 'A tip to a creator.' })
export class SendTipInput {
  @Field(() => ID, { description: 'The creator.' })
  creatorId!: string;

  @Field(() => MoneyInput, { description: 'How much, in the creator\'s currency and within their tipSettings.' })
  amount!: MoneyInput;

  @Field(() => String, { nullable: true, description: 'Shown beside the tip: at most tipSettings.maxMessageLength characters.' })
  message?: string | null;

  @Field(() => String, { nullable: true, description: 'The name shown beside the tip: 1 to 80 characters. Absent: the account\'s own, or "Guest".' })
  displayName?: string | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, description: 'Shows "Anonymous" to everybody else and counts for no supporter.' })
  isAnonymous?: boolean | null;

  @Field(() => Funding, { defaultValue: Funding.WALLET, description: 'Where the money comes from.' })
  funding!: Funding;

  @Field(() => PaymentProviderCode, { nullable: true, description: 'For a card tip: who charges it. Absent: that of the payment method, or the first that is set up.' })
  provider?: PaymentProviderCode | null;

  @Field(() => ID, { nullable: true, description: 'For a card tip: a saved payment method\'s id, or a provider\'s token such as pm_sandbox_ok. Absent: the default method, else a card that the provider asks for through action.' })
  paymentMethodId?: string | null;

  @Field(() => String, { nullable: true, description: 'For a card tip: where the receipt goes.' })
  receiptEmail?: string | null;

  @Field(() => String, {
    description: '1 to 255 characters, such as a fresh UUID: the same key with the same input is the same tip, however often it is sent.',
  })
  idempotencyKey!: string;
}

@ObjectType({ description: 'What came of sending a tip.' })
export class TipPayload {
  @Field(() => TipType, { nullable: true, description: 'The tip, a failed one by card too; null when nothing was stored.' })
  tip!: Tip | null;

  @Field(() => [UserError], { description: 'Why nothing was stored, or why the card was not charged, or not yet; empty when none is so.' })
  errors!: UserError[];
}
