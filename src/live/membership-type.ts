import { Field, ObjectType } from 'type-graphql';
import { BigIntScalar, DateTimeScalar, describeEnum } from '../api/room.ts';
import { MicroSubscriptionType } from '../subscriptions/room.ts';

export enum MembershipEventKind {
  STARTED = 'STARTED',
  RENEWED = 'RENEWED',
  CHANGED = 'CHANGED',
  PAST_DUE = 'PAST_DUE',
  PAUSED = 'PAUSED',
  RESUMED = 'RESUMED',
  CANCELED = 'CANCELED',
  ENDED = 'ENDED',
}
describeEnum(MembershipEventKind, 'MembershipEventKind', 'What became of a micro-subscription.', {
  STARTED: 'Somebody subscribed and paid the first period.',
  RENEWED: 'The next period was paid.',
  CHANGED: 'The tier, the amount or the interval became another.',
  PAST_DUE: 'A renewal could not be paid.',
  PAUSED: 'A pause began.',
  RESUMED: 'A pause ended, or a cancellation was taken back.',
  CANCELED: 'It was canceled, and lasts to the end of the paid period.',
  ENDED: 'It is over for good.',
});

@ObjectType('MembershipEvent', { description: 'What became of one micro-subscription, in its creator\'s stream.' })
export class MembershipEventType {
  @Field(() => String, { description: 'The event\'s place in the stream: give the last one seen as `after` to go on from there.' })
  cursor!: string;

  @Field(() => BigIntScalar, { description: 'Counts 1, 2, 3 … per creator, without a gap.' })
  sequence!: bigint;

  @Field(() => MembershipEventKind, { description: 'What happened.' })
  kind!: MembershipEventKind;

  @Field(() => MicroSubscriptionType, { description: 'The micro-subscription: as it was stored with the event when live, as it is now when replayed.' })
  subscription!: MicroSubscriptionType;

  @Field(() => DateTimeScalar, { description: 'When it took effect.' })
  at!: Date;
}
