import type { RoomFace } from '../database/room.ts';

export { hasTransientError, isTransient, PublicError, toPublicError, type PublicCode } from './error-map.ts';
export { JobRunner } from './jobs.ts';
export { createLog, type Log as ServerLog } from './log.ts';
export { overlayBuildId } from './pages.ts';
export { printed, schemaOf } from './schema.ts';
export { startServer, type RunningServer, type ServerGauge, type ServerParts } from './server.ts';
export type { SocketTimings } from './sockets.ts';
export type { SubscriptionExecutor, SubscriptionRequest } from './subscription.ts';

export const serverRoom: RoomFace = { name: 'server' };
