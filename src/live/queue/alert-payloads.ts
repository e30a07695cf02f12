import { Field, ObjectType } from 'type-graphql';
import { UserError } from '../../api/room.ts';
import type { AlertQueue } from './alert-lists.ts';
import { AlertType } from './alert-type.ts';
import type { AlertRow } from './alert.ts';
import { AlertQueueType } from './queue-type.ts';
import { AlertSettingsType } from './settings-type.ts';
import type { AlertSettings } from './settings.ts';

const errors = 'Why nothing was changed; empty when it was.';

@ObjectType({ description: 'The settings as they are now, or why nothing was changed.' })
export class AlertSettingsPayload {
  @Field(() => AlertSettingsType, { nullable: true, description: 'The settings; null when there are errors.' })
  settings!: AlertSettings | null;

  @Field(() => [UserError], { description: errors })
  errors!: UserError[];
}

@ObjectType({ description: 'The queue as it is now, or why nothing was changed.' })
export class AlertQueuePayload {
  @Field(() => AlertQueueType, { nullable: true, description: 'The queue; null when there are errors, and for overlays, which may not read it.' })
  queue!: AlertQueue | null;

  @Field(() => [UserError], { description: errors })
  errors!: UserError[];
}

@ObjectType({ description: 'The alert as it is now, or why nothing was changed.' })
export class AlertPayload {
  @Field(() => AlertType, { nullable: true, description: 'The alert; null when there are errors.' })
  alert!: AlertRow | null;

  @Field(() => [UserError], { description: errors })
  errors!: UserError[];
}
