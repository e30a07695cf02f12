import { databaseService, service, type RoomFace } from '../database/room.ts';
import { EventHub } from './hub.ts';
import { eventInvariants } from './invariants.ts';
import { StreamEventSchema } from './stream-event.ts';
import { StreamSchema } from './stream.ts';

export { decodeCursor, encodeCursor } from './cursor.ts';
export type { EventReader } from './event-reader.ts';
export { EventHub, type EventBus, type EventHubOptions, type HubStatus, type Subscribed, type SubscribeOptions } from './hub.ts';
export { SlowReader, StreamInterrupted, type InterruptionReason } from './interruption.ts';
export type { Fault, Notifier } from './notifier.ts';
export { pageBackwards, readEvents, readHeads, type PageOptions } from './read.ts';
export type { EventData, NewEvent, StreamEvent } from './stream-event.ts';
export { dropPaymentStreams, havePaymentStream, openPaymentStream, openStreams } from './stream.ts';
export { creatorTopics, isTopic, streamName, topics, type StreamHead, type StreamKey, type Topic } from './topic.ts';

/** The hub of this process, made on first use; it connects when the first event is appended or subscribed to. */
export const eventHubService = service(
  'events.hub',
  (services) => new EventHub({ db: services.get(databaseService) }),
  (hub) => hub.close(),
);

export const eventsRoom: RoomFace = {
  name: 'events',
  entities: [StreamSchema, StreamEventSchema],
  invariants: eventInvariants,
};
