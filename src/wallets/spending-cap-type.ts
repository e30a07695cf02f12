import { Field, InputType, ObjectType } from 'type-graphql';
import { CurrencyCodeScalar, DateTimeScalar, DecimalScalar, MoneyType, Period } from '../api/room.ts';
import type { Money } from '../money/room.ts';

@ObjectType('SpendingCap', { description: 'A limit that an account sets on what it spends in a calendar period: tips and micro-subscriptions together.' })
export class SpendingCapType {
  @Field(() => Period, { description: 'The calendar period in UTC; weeks start on Monday.' })
  period!: Period;

  @Field(() => MoneyType, { description: 'What may be spent in each period.' })
  limit!: Money;

  @Field(() => MoneyType, { description: 'What was spent in the running period, before the cap was set too.' })
  used!: Money;

  @Field(() => DateTimeScalar, { description: 'When the next period begins.' })
  resetsAt!: Date;

  @Field(() => MoneyType, { nullable: true, description: 'The higher limit that waits. Null beside a pendingAt: the cap is to be lifted.' })
  pendingLimit!: Money | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When what waits takes effect; null when nothing waits.' })
  pendingAt!: Date | null;
}

@InputType({ description: 'A cap on the viewer\'s own spending; each period and currency has its own.' })
export class SetSpendingCapInput {
  @Field(() => Period, { description: 'DAY, WEEK, MONTH or YEAR.' })
  period!: Period;

  @Field(() => CurrencyCodeScalar, { description: 'The ISO 4217 code of what is capped.' })
  currency!: string;

  @Field(() => DecimalScalar, { nullable: true, description: 'What may be spent in a period, in major units; "0" stops all spending. Null, or left out, lifts the cap.' })
  limit?: string | null;
}
