import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { DateTimeScalar, NodeInterface, UserError } from '../../api/room.ts';
import type { OverlayWidgetName } from '../entities.ts';
import { OverlayWidget } from './overlay-event-type.ts';

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

/** A socket that is open with an overlay's token, as it last said of itself. */
export interface OverlaySource {
  readonly widget: OverlayWidgetName | null;
  readonly isVisible: boolean;
}

@ObjectType('OverlaySource', { description: 'A page that is open with an overlay\'s token, such as a browser source in OBS.' })
export class OverlaySourceType {
  @Field(() => OverlayWidget, { nullable: true, description: 'What it shows; null while it subscribes to nothing.' })
  widget!: OverlayWidgetName | null;

  @Field(() => Boolean, { description: 'Whether it can be seen. Alerts wait while no source that shows alerts is visible.' })
  isVisible!: boolean;
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
