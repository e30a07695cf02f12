import { Field, FieldResolver, ID, InputType, ObjectType, Resolver, Root } from 'type-graphql';
import {
  connectionType, DateTimeScalar, encodeId, MoneyInput, MoneyType, NodeInterface, PaymentActionType, PaymentProviderCode, PaymentStatus, UserError,
  type NodeType, type PaymentAction,
} from '../api/room.ts';
import { databaseService } from '../database/room.ts';
import { self } from '../identity/room.ts';
import { money, type Money } from '../money/room.ts';
import { readTopUps } from './top-up-rows.ts';
import { topUpPrefix, type TopUp } from './top-up.ts';
import { WalletType } from './wallet-type.ts';

@ObjectType('TopUp', {
  implements: NodeInterface,
  description: 'Money brought into a wallet. charged is what the card pays; amount is what the wallet gets; processorFee is the difference.',
})
export class TopUpType {
  @Field(() => PaymentStatus, { description: 'Where the payment stands.' })
  status!: PaymentStatus;

  @Field(() => PaymentActionType, { nullable: true, description: 'What the fan still has to do, while ACTION_REQUIRED.' })
  action!: PaymentAction | null;

  @Field(() => PaymentProviderCode, { description: 'Who charges the card.' })
  provider!: PaymentProviderCode;

  @Field(() => DateTimeScalar, { description: 'When it was asked for.' })
  createdAt!: Date;
}

@Resolver(() => TopUpType)
export class TopUpFields {
  @FieldResolver(() => ID, { description: 'Opaque: top_ and a UUIDv7.' })
  id(@Root() topUp: TopUp): string {
    return encodeId(topUpPrefix, topUp.id);
  }

  @FieldResolver(() => MoneyType, { description: 'What the wallet gets.' })
  amount(@Root() topUp: TopUp): Money {
    return money(topUp.amountMicros, topUp.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'What the card pays.' })
  charged(@Root() topUp: TopUp): Money {
    return money(topUp.chargedMicros, topUp.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'What the fan pays for the card\'s processor: zero where the platform bears it.' })
  processorFee(@Root() topUp: TopUp): Money {
    return money(topUp.processorFeeMicros, topUp.currency);
  }

  @FieldResolver(() => String, { nullable: true, description: 'Why it failed, for people; null unless it did.' })
  failureReason(@Root() topUp: TopUp): string | null {
    return topUp.failure?.reason ?? null;
  }
}

export const TopUpConnection = connectionType('TopUp', () => TopUpType);

export const topUpNode: NodeType<TopUp> = {
  typeName: 'TopUp',
  prefix: topUpPrefix,
  postingKinds: ['TOP_UP'],
  readableBy: self,
  load: (context, ids) => readTopUps(context.services.get(databaseService), ids),
};

@InputType({ description: 'Money to bring into the wallet of its currency.' })
export class TopUpWalletInput {
  @Field(() => MoneyInput, { description: 'What the wallet is to get: a whole number of the steps that the provider charges in, such as cents.' })
  amount!: MoneyInput;

  @Field(() => PaymentProviderCode, { nullable: true, description: 'Who charges the card. Absent: that of the payment method, or the first that is set up.' })
  provider?: PaymentProviderCode | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'A saved method\'s id, or the provider\'s token for a card: in the sandbox pm_sandbox_ok succeeds at once, pm_sandbox_declined declines, and pm_sandbox_action asks for a confirmation. Absent: the default method, else a card that the provider asks for through action.',
  })
  paymentMethodId?: string | null;

  @Field(() => String, {
    description: '1 to 255 characters, such as a fresh UUID: the same key with the same input is the same top-up, however often it is sent.',
  })
  idempotencyKey!: string;
}

@ObjectType({ description: 'What came of a top-up.' })
export class TopUpPayload {
  @Field(() => TopUpType, { nullable: true, description: 'The top-up, a failed one too; null when nothing was stored.' })
  topUp!: TopUp | null;

  @Field(() => WalletType, { nullable: true, description: 'The wallet as it is now; null when nothing was stored.' })
  wallet!: object | null;

  @Field(() => [UserError], { description: 'Why nothing was stored, or why the card was not charged, or not yet; empty when none is so.' })
  errors!: UserError[];
}

@ObjectType('TopUpPreview', { description: 'What a top-up would cost now.' })
export class TopUpPreviewType {
  @Field(() => MoneyType, { description: 'What the wallet would get.' })
  amount!: Money;

  @Field(() => MoneyType, { description: 'What the card would pay.' })
  charged!: Money;

  @Field(() => MoneyType, { description: 'The difference.' })
  processorFee!: Money;
}

@ObjectType({ description: 'What a top-up would cost, or why there can be none.' })
export class TopUpPreviewPayload {
  @Field(() => TopUpPreviewType, { nullable: true, description: 'The cost; null when there are errors.' })
  preview!: TopUpPreviewType | null;

  @Field(() => [UserError], { description: 'Why there can be no such top-up; empty when there can.' })
  errors!: UserError[];
}
