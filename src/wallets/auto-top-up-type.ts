import { Field, FieldResolver, ID, InputType, ObjectType, Resolver, Root } from 'type-graphql';
import { DateTimeScalar, MoneyInput, MoneyType } from '../api/room.ts';
import { money, type Money } from '../money/room.ts';
import type { AutoTopUp } from './auto-top-up.ts';
import { PaymentMethodType } from './payment-method-type.ts';
import type { SavedMethod } from './payment-method.ts';

/** An automatic top-up with the method that it charges. */
export interface ShownAutoTopUp extends AutoTopUp {
  readonly paymentMethod: SavedMethod;
}

@ObjectType('AutoTopUp', { description: 'A wallet that fills itself when it runs low.' })
export class AutoTopUpType {
  @Field(() => PaymentMethodType, { description: 'What is charged.' })
  paymentMethod!: object;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Since when it stands still because a card was declined: set it again to go on. Null while it runs.' })
  stoppedAt!: Date | null;

  @Field(() => String, { nullable: true, description: 'Why it stands still, for people.' })
  stopReason!: string | null;
}

@Resolver(() => AutoTopUpType)
export class AutoTopUpFields {
  @FieldResolver(() => MoneyType, { description: 'The wallet is topped up when it holds less than this.' })
  below(@Root() auto: ShownAutoTopUp): Money {
    return money(auto.belowMicros, auto.currency);
  }

  @FieldResolver(() => MoneyType, { description: 'What the wallet gets each time.' })
  amount(@Root() auto: ShownAutoTopUp): Money {
    return money(auto.amountMicros, auto.currency);
  }
}

@InputType({ description: 'When and by how much the wallet is to fill itself.' })
export class SetAutoTopUpInput {
  @Field(() => MoneyInput, { nullable: true, description: 'The wallet is topped up when it holds less than this. Null turns it off.' })
  below?: MoneyInput | null;

  @Field(() => MoneyInput, { nullable: true, description: 'What the wallet gets each time, in the same currency.' })
  amount?: MoneyInput | null;

  @Field(() => ID, { nullable: true, description: 'A saved payment method. Absent: the default one as it is now.' })
  paymentMethodId?: string | null;
}
