import { Field, ID, InputType, Int } from 'type-graphql';
import { MoneyInput } from '../../api/room.ts';
import { AlertAction, AlertKind, QueueState } from './alert-enums.ts';

@InputType({ description: 'A look of alerts.' })
export class AlertVariantInput {
  @Field(() => String, { description: '1 to 40 characters, unlike the others\' whatever their case.' })
  name!: string;

  @Field(() => MoneyInput, { description: 'The least amount it is for, unlike the others\', in the creator\'s currency.' })
  from!: MoneyInput;

  @Field(() => String, { description: '1 to 120 characters; {name}, {amount} and {tier} stand for what they say. With {tier} it is for memberships, else for tips.' })
  headline!: string;

  @Field(() => Int, { description: 'How long such alerts are shown, in milliseconds: 1,000 to 30,000.' })
  durationMs!: number;
}

@InputType({ description: 'Changes to the alerts of the viewer\'s own page: an absent field leaves, null clears.' })
export class UpdateAlertSettingsInput {
  @Field(() => [AlertKind], { nullable: true, description: 'What is to be shown. Null: everything.' })
  kinds?: AlertKind[] | null;

  @Field(() => MoneyInput, { nullable: true, description: 'The least tip or membership that is shown. Null: the page\'s tip minimum.' })
  minimum?: MoneyInput | null;

  @Field(() => [AlertVariantInput], { nullable: true, description: '1 to 20 looks, each for amounts from its own least amount to the next. Null: one of ours.' })
  variants?: AlertVariantInput[] | null;

  @Field(() => [String], { nullable: true, description: 'At most 200 words or phrases of at most 40 characters each, masked beside common profanity.' })
  blockedWords?: string[] | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether moderators see alerts without their amounts. Null: they see them.' })
  hideAmountsFromModerators?: boolean | null;

  @Field(() => Int, { nullable: true, description: 'After so many seconds waiting alerts become one digest: 1 to 604,800. Null: 3,600.' })
  maxAgeSeconds?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether overlays read messages aloud. Null: they do not.' })
  speech?: boolean | null;
}

@InputType({ description: 'An alert to try the overlay with.' })
export class SendTestAlertInput {
  @Field(() => ID, { nullable: true, description: 'The page; absent, the viewer\'s own.' })
  creatorId?: string | null;

  @Field(() => MoneyInput, { nullable: true, description: 'How much it says was tipped, in the creator\'s currency; absent, the page\'s first preset.' })
  amount?: MoneyInput | null;

  @Field(() => String, { nullable: true, description: 'What the made-up fan says: at most 1,000 characters; absent, a sentence of ours.' })
  message?: string | null;
}

@InputType({ description: 'What is to be done with an alert.' })
export class ModerateAlertInput {
  @Field(() => ID, { description: 'The alert.' })
  alertId!: string;

  @Field(() => AlertAction, { description: 'What to do with it.' })
  action!: AlertAction;
}

@InputType({ description: 'Whether a page\'s alerts are shown.' })
export class SetAlertQueueStateInput {
  @Field(() => ID, { nullable: true, description: 'The page; absent, the viewer\'s own.' })
  creatorId?: string | null;

  @Field(() => QueueState, { description: 'PLAYING shows them, PAUSED keeps them waiting.' })
  state!: QueueState;
}
