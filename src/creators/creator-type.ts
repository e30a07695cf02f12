import { Field, Int, ObjectType } from 'type-graphql';
import { connectionType, CurrencyCodeScalar, describeEnum, MoneyType, NodeInterface } from '../api/room.ts';

/** The prefix of a creator's id. */
export const CREATOR_PREFIX = 'cre';

/** `Creator` in the API; the fields that are read from elsewhere are in `creator-fields.ts` and in higher rooms. */
@ObjectType('Creator', { implements: NodeInterface, description: 'A creator\'s page: what fans see and pay.' })
export class CreatorType {
  @Field(() => String, { description: 'The page\'s name in links: 3 to 30 letters, digits and underscores, unique without regard to case.' })
  handle!: string;

  @Field(() => String, { description: 'The creator\'s name as people read it.' })
  displayName!: string;

  @Field(() => String, { nullable: true, description: 'What the creator says about the page; line breaks count.' })
  bio!: string | null;

  @Field(() => String, { nullable: true, description: 'Where a picture of the creator is, as an http or https URL.' })
  avatarUrl!: string | null;

  @Field(() => [String], { description: 'Other places of the creator, as http or https URLs.' })
  links!: string[];

  @Field(() => CurrencyCodeScalar, { description: 'The one currency in which this creator is paid.' })
  currency!: string;
}

export const CreatorConnection = connectionType('Creator', () => CreatorType);

@ObjectType({ description: 'What a tip to this creator may be.' })
export class TipSettings {
  @Field(() => [MoneyType], { description: 'Amounts that a page offers as buttons, in the creator\'s order.' })
  presets!: MoneyType[];

  @Field(() => MoneyType, { description: 'The least a tip may be.' })
  minimum!: MoneyType;

  @Field(() => MoneyType, { description: 'The most a tip may be.' })
  maximum!: MoneyType;

  @Field(() => Int, { description: 'The most characters (code points) a message may have.' })
  maxMessageLength!: number;

  @Field(() => Boolean, { description: 'Whether messages stay hidden until the creator or a moderator approves them.' })
  holdForApproval!: boolean;
}

export enum CreatorRole {
  NONE = 'NONE',
  MODERATOR = 'MODERATOR',
  OWNER = 'OWNER',
}
describeEnum(CreatorRole, 'CreatorRole', 'What an account is to a creator page.', {
  NONE: 'A visitor or fan.',
  MODERATOR: 'May moderate messages and alerts.',
  OWNER: 'Runs the page.',
});
