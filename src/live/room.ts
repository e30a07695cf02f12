import type { EntitySchema } from '@mikro-orm/core';
import type { ApiFace } from '../api/room.ts';
import { liveEntities } from './entities.ts';
import { LiveSubscriptions } from './live-resolver.ts';

export { AllowSubscribe } from './allow-subscribe.ts';
export { liveExecutionService, type EventOperation, type LiveExecution, type Variables } from './execution.ts';
export { LiveHub, liveHubService, type LiveRequest, type LiveStatus } from './live-hub.ts';
export type { LiveSocket } from './live-socket.ts';

export const liveRoom: ApiFace = {
  name: 'live',
  entities: liveEntities as unknown as EntitySchema[],
  resolvers: [LiveSubscriptions],
};
