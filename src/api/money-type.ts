import { Arg, Field, FieldResolver, InputType, ObjectType, Resolver, Root } from 'type-graphql';
import { formatMoney, type Money } from '../money/room.ts';
import { BigIntScalar, CurrencyCodeScalar, DecimalScalar } from './scalars.ts';

@ObjectType('Money', {
  description: 'Exact money. The ledger counts in micros: millionths of the currency\'s major unit. There is no currency conversion.',
})
export class MoneyType {
  @Field(() => BigIntScalar, { description: 'The amount in millionths of the major unit.' })
  micros!: bigint;

  @Field(() => CurrencyCodeScalar, { description: 'The ISO 4217 code.' })
  currency!: string;
}

@Resolver(() => MoneyType)
export class MoneyResolver {
  @FieldResolver(() => DecimalScalar, { description: 'The amount in major units, such as "0.05".' })
  amount(@Root() money: Money): Money {
    return money;
  }

  @FieldResolver(() => String, { description: 'The amount as people of a locale write it, every digit kept; an unknown locale counts as "en".' })
  formatted(
    @Root() money: Money,
    @Arg('locale', () => String, { nullable: true, defaultValue: 'en', description: 'A BCP 47 language tag.' }) locale: string | null,
  ): string {
    return formatMoney(money, locale ?? 'en');
  }
}

@InputType({ description: 'An amount with its currency.' })
export class MoneyInput {
  @Field(() => DecimalScalar, { description: 'The amount in major units, at most 6 fraction digits.' })
  amount!: string;

  @Field(() => CurrencyCodeScalar, { description: 'The ISO 4217 code.' })
  currency!: string;
}
