import { createUnionType, Field, ID, InputType, ObjectType } from 'type-graphql';
import { BigIntScalar, describeEnum, typeNameOf } from '../../api/room.ts';
import { GoalType } from '../../creators/room.ts';
import { AlertAction, AlertState } from '../queue/alert-enums.ts';
import { AlertType } from '../queue/alert-type.ts';
import { OverlayStateType } from './overlay-state.ts';

export enum OverlayWidget {
  ALERTS = 'ALERTS',
  GOAL = 'GOAL',
  TOP_TIPPERS = 'TOP_TIPPERS',
  EVENT_LIST = 'EVENT_LIST',
}
describeEnum(OverlayWidget, 'OverlayWidget', 'What an overlay shows.', {
  ALERTS: 'The alert box. Its events are alerts that start showing, commands about the one that shows, and the state when it changed.',
  GOAL: 'How far a goal is. Its events are the goal when the page has one that is open, and the state when it has several or none.',
  TOP_TIPPERS: 'Who tipped most. Its events are the state whenever a tip came; tips that come together are answered once.',
  EVENT_LIST: 'What happened last. Its events are alerts that came into the queue, and commands to take denied ones out.',
});

@ObjectType('AlertCommand', { description: 'What a page that shows an alert is to do with it.' })
export class AlertCommandType {
  @Field(() => ID, { nullable: true, description: 'Which alert; null for whatever is showing.' })
  alertId!: string | null;

  @Field(() => AlertAction, { description: 'SKIP or DENY: take it away at once, without a report.' })
  action!: AlertAction;
}

export const OverlayEventPayload = createUnionType({
  name: 'OverlayEventPayload',
  description: 'What an overlay is told.',
  types: () => [OverlayStateType, AlertType, AlertCommandType, GoalType] as const,
  resolveType: (value: object) => typeNameOf(value),
});

@ObjectType('OverlayEvent', { description: 'Something that an overlay is to show.' })
export class OverlayEventType {
  @Field(() => String, { description: 'The event\'s place in the stream: give the last one seen as `after` to go on from there.' })
  cursor!: string;

  @Field(() => BigIntScalar, { description: 'Rises from event to event; what the widget does not show leaves gaps.' })
  sequence!: bigint;

  @Field(() => OverlayEventPayload, { description: 'What to show.' })
  payload!: object;
}

@InputType({ description: 'What became of an alert that an overlay was told to show.' })
export class ReportAlertInput {
  @Field(() => ID, { description: 'The alert.' })
  alertId!: string;

  @Field(() => String, { description: 'The lease that the alert came with.' })
  lease!: string;

  @Field(() => AlertState, { description: 'SHOWN when it was shown to its end, or QUEUED to give it back.' })
  state!: AlertState;
}

@InputType({ description: 'Whether an overlay can be seen.' })
export class ReportOverlayInput {
  @Field(() => Boolean, { description: 'False while the source is hidden. It holds until the socket closes.' })
  visible!: boolean;
}
