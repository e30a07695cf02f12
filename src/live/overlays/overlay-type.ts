import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { DateTimeScalar, NodeInterface, UserError } from '../../api/room.ts';

/** The prefix of an overlay's id. */
export const OVERLAY_PREFIX = 'ovl';

/** An overlay as it is read: never with its token's hash. */
export interface Overlay {
  readonly id: string;
  readonly creatorId: string;
  /** The person who runs the page, and alone may read it. */
  readonly ownerId: string;
  readonly name: string;
  readonly createdAt: Date;
  /** When its last socket closed; null before. */
  readonly lastSeenAt: Date | null;
}

@ObjectType('Overlay', { implements: NodeInterface, description: 'A place where a creator\'s alerts are shown, with a token of its own.' })
export class OverlayType {
  @Field(() => String, { description: 'The name that tells it from others.' })
  name!: string;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt!: Date;
}

@InputType({ description: 'A new overlay of the viewer\'s own page.' })
export class CreateOverlayInput {
  @Field(() => String, { description: '1 to 80 characters.' })
  name!: string;
}

@InputType({ description: 'Which overlay.' })
export class OverlayInput {
  @Field(() => ID, { description: 'An overlay of the viewer\'s own page.' })
  overlayId!: string;
}

@ObjectType({ description: 'The overlay as it is now, or why nothing was changed.' })
export class OverlayPayload {
  @Field(() => OverlayType, { nullable: true, description: 'The overlay; null when there are errors.' })
  overlay!: Overlay | null;

  @Field(() => String, {
    nullable: true,
    description: 'Where the overlay shows alerts. Shown once: the secret is in the fragment, so no server log ever holds it. Null where no new token was made.',
  })
  url!: string | null;

  @Field(() => [UserError], { description: 'Why nothing was changed; empty when it was.' })
  errors!: UserError[];
}
