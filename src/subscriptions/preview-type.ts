import { Field, ObjectType } from 'type-graphql';
import { DateTimeScalar, ErrorCode, MoneyType, UserError, type ErrorPath } from '../api/room.ts';
import { money, type Money } from '../money/room.ts';
import type { Price } from './pricing.ts';
import { ScheduledChargeType } from './subscription-type.ts';

@ObjectType({ description: 'One part of what is due: above zero what is bought, below it what is credited.' })
export class ChargeLine {
  @Field(() => String, { description: 'What it is for, in English.' })
  label!: string;

  @Field(() => MoneyType, { description: 'How much.' })
  amount!: Money;
}

@ObjectType({ description: 'A price. pricedAt goes back with the mutation; dueNow is then charged exactly, or nothing is.' })
export class ChargePreview {
  @Field(() => MoneyType, { description: 'What is charged at once. The lines sum to it.' })
  dueNow!: Money;

  @Field(() => ScheduledChargeType, { description: 'What is charged next, and when.' })
  nextCharge!: ScheduledChargeType;

  @Field(() => DateTimeScalar, { description: 'When it takes effect: at once, or at the end of the paid period.' })
  effectiveAt!: Date;

  @Field(() => [ChargeLine], { description: 'What dueNow consists of; empty when nothing is due.' })
  lines!: ChargeLine[];

  @Field(() => DateTimeScalar, { description: 'The moment that it was computed for.' })
  pricedAt!: Date;

  @Field(() => DateTimeScalar, { description: 'Before this moment exactly this can be charged.' })
  validUntil!: Date;
}

@ObjectType({ description: 'What a new micro-subscription, or a change of one, would cost.' })
export class SubscriptionPreviewPayload {
  @Field(() => ChargePreview, { nullable: true, description: 'The price; null when there are errors.' })
  preview!: ChargePreview | null;

  @Field(() => [UserError], { description: 'Why there is no price; empty when there is one.' })
  errors!: UserError[];
}

@ObjectType({ implements: UserError, description: 'The price is no longer the one that was shown. Nothing was charged.' })
export class PriceChanged extends UserError {
  @Field(() => ChargePreview, { description: 'The price of now.' })
  preview: ChargePreview;

  constructor(message: string, path: ErrorPath | null, preview: ChargePreview) {
    super(ErrorCode.PRICE_CHANGED, message, path);
    this.preview = preview;
  }
}

export function previewOf({ dueNowMicros, nextCharge, effectiveAt, lines, pricedAt, validUntil }: Price, currency: string): ChargePreview {
  return {
    dueNow: money(dueNowMicros, currency),
    nextCharge: { amount: money(nextCharge.amountMicros, currency), at: nextCharge.at },
    effectiveAt,
    lines: lines.map(({ label, amountMicros }) => ({ label, amount: money(amountMicros, currency) })),
    pricedAt,
    validUntil,
  };
}
