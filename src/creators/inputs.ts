import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { CurrencyCodeScalar, Interval, MoneyInput, UserError } from '../api/room.ts';
import { CreatorType } from './creator-type.ts';
import type { Creator, Goal, Tier } from './entities.ts';
import { GoalType } from './goal-type.ts';
import { TierType } from './tier-type.ts';

@InputType({ description: 'A new creator page.' })
export class CreateCreatorInput {
  @Field(() => String, { description: '3 to 30 letters, digits and underscores; unique without regard to case, and for ever.' })
  handle!: string;

  @Field(() => String, { description: '1 to 80 characters.' })
  displayName!: string;

  @Field(() => String, { nullable: true, description: 'At most 2,000 characters; line breaks may stand in it.' })
  bio?: string | null;

  @Field(() => CurrencyCodeScalar, { description: 'The one currency in which this creator is paid. It cannot be changed later.' })
  currency!: string;
}

@InputType({ description: 'Changes to the viewer\'s own page: an absent field leaves, null clears.' })
export class UpdateCreatorInput {
  @Field(() => String, { nullable: true, description: '1 to 80 characters. It cannot be cleared.' })
  displayName?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 2,000 characters; line breaks may stand in it.' })
  bio?: string | null;

  @Field(() => String, { nullable: true, description: 'An http or https URL of at most 1,000 characters.' })
  avatarUrl?: string | null;

  @Field(() => [String], { nullable: true, description: 'At most 10 http or https URLs of at most 300 characters each.' })
  links?: string[] | null;

  @Field(() => [MoneyInput], { nullable: true, description: 'At most 6 amounts from tipMinimum to tipMaximum. Null: no buttons.' })
  tipPresets?: MoneyInput[] | null;

  @Field(() => MoneyInput, { nullable: true, description: 'The least a tip may be: 0.000001 or more. Null: 0.000001.' })
  tipMinimum?: MoneyInput | null;

  @Field(() => MoneyInput, { nullable: true, description: 'The most a tip may be: at most 100,000,000. Null: 10,000.' })
  tipMaximum?: MoneyInput | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether messages stay hidden until they are approved. Null: they do not.' })
  holdTipsForApproval?: boolean | null;
}

@InputType({ description: 'A new membership on the viewer\'s own page.' })
export class CreateTierInput {
  @Field(() => String, { description: '1 to 80 characters.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'At most 1,000 characters; line breaks may stand in it.' })
  description?: string | null;

  @Field(() => MoneyInput, { description: 'What members pay each interval: 0.01 or more, in the creator\'s currency.' })
  price!: MoneyInput;

  @Field(() => Interval, { defaultValue: Interval.MONTH, description: 'How often the price is paid. It cannot be changed later.' })
  interval!: Interval;

  @Field(() => [String], { nullable: true, description: 'At most 20 texts of at most 120 characters each.' })
  benefits?: string[] | null;

  @Field(() => Int, { nullable: true, description: 'How many members it takes at once: 1 or more; absent or null for any number.' })
  capacity?: number | null;
}

@InputType({ description: 'Changes to one of the viewer\'s own tiers: an absent field leaves, null clears.' })
export class UpdateTierInput {
  @Field(() => ID, { description: 'The tier.' })
  tierId!: string;

  @Field(() => String, { nullable: true, description: '1 to 80 characters. It cannot be cleared.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'At most 1,000 characters; line breaks may stand in it.' })
  description?: string | null;

  @Field(() => MoneyInput, { nullable: true, description: 'For new members: 0.01 or more, in the creator\'s currency. It cannot be cleared.' })
  price?: MoneyInput | null;

  @Field(() => [String], { nullable: true, description: 'At most 20 texts of at most 120 characters each.' })
  benefits?: string[] | null;

  @Field(() => Int, { nullable: true, description: 'Not below the number of members it has now. Null: any number.' })
  capacity?: number | null;
}

@InputType({ description: 'Which tier to close.' })
export class ArchiveTierInput {
  @Field(() => ID, { description: 'The tier. Closing a closed one changes nothing.' })
  tierId!: string;
}

@InputType({ description: 'A new goal on the viewer\'s own page.' })
export class CreateGoalInput {
  @Field(() => String, { description: '1 to 80 characters.' })
  title!: string;

  @Field(() => MoneyInput, { description: 'How much is wanted, in the creator\'s currency.' })
  target!: MoneyInput;
}

@InputType({ description: 'Changes to one of the viewer\'s own goals: an absent field leaves.' })
export class UpdateGoalInput {
  @Field(() => ID, { description: 'The goal.' })
  goalId!: string;

  @Field(() => String, { nullable: true, description: '1 to 80 characters. It cannot be cleared.' })
  title?: string | null;

  @Field(() => MoneyInput, { nullable: true, description: 'In the creator\'s currency. Above what was raised, the goal is not reached yet. It cannot be cleared.' })
  target?: MoneyInput | null;
}

@InputType({ description: 'Which goal to close.' })
export class ArchiveGoalInput {
  @Field(() => ID, { description: 'The goal. Closing a closed one changes nothing.' })
  goalId!: string;
}

@InputType({ description: 'Who is to moderate the viewer\'s own page.' })
export class AddModeratorInput {
  @Field(() => String, { description: 'The e-mail address of an account here, in whatever case.' })
  email!: string;
}

@InputType({ description: 'Who is to moderate the viewer\'s own page no more.' })
export class RemoveModeratorInput {
  @Field(() => ID, { description: 'The account, as dashboard.moderators shows it. Removing one who moderates nothing here changes nothing.' })
  profileId!: string;
}

const errors = 'Why nothing was changed; empty when it was.';

@ObjectType({ description: 'The page as it is now, or why nothing was changed.' })
export class CreatorPayload {
  @Field(() => CreatorType, { nullable: true, description: 'The page; null when there are errors.' })
  creator!: Creator | null;

  @Field(() => [UserError], { description: errors })
  errors!: UserError[];
}

@ObjectType({ description: 'The tier as it is now, or why nothing was changed.' })
export class TierPayload {
  @Field(() => TierType, { nullable: true, description: 'The tier; null when there are errors.' })
  tier!: Tier | null;

  @Field(() => [UserError], { description: errors })
  errors!: UserError[];
}

@ObjectType({ description: 'The goal as it is now, or why nothing was changed.' })
export class GoalPayload {
  @Field(() => GoalType, { nullable: true, description: 'The goal; null when there are errors.' })
  goal!: Goal | null;

  @Field(() => [UserError], { description: errors })
  errors!: UserError[];
}
