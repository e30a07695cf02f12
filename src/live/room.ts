import type { EntitySchema } from '@mikro-orm/core';
import type { ApiFace } from '../api/room.ts';
import { liveEntities } from './entities.ts';
import { LiveSubscriptions } from './live-resolver.ts';
import { forgetDeadConnections } from './overlays/connection-rows.ts';
import { OverlayReports, OverlaySubscriptions } from './overlays/overlay-live-resolver.ts';
import { DashboardOverlays, OverlayFields, OverlayMutations, overlayNode } from './overlays/overlay-resolver.ts';
import { OverlayStateFields } from './overlays/overlay-state.ts';
import { AlertFields, alertNode, AlertType } from './queue/alert-type.ts';
import { conductorJob } from './queue/conductor.ts';
import { alertInvariants } from './queue/invariants.ts';
import { QueueMutations } from './queue/queue-resolver.ts';
import { AlertQueueFields, CreatorAlertQueue } from './queue/queue-type.ts';
import { AlertSettingsFields, DashboardAlertSettings } from './queue/settings-type.ts';

export { AllowSubscribe } from './allow-subscribe.ts';
export { liveExecutionService, type EventOperation, type LiveExecution, type Variables } from './execution.ts';
export { LiveHub, liveHubService, type LiveRequest, type LiveStatus } from './live-hub.ts';
export type { LiveSocket } from './live-socket.ts';
export { overlayBuildService } from './overlays/build.ts';
export { overlayConnectionsService } from './overlays/connections.ts';

export const liveRoom: ApiFace = {
  name: 'live',
  entities: liveEntities as unknown as EntitySchema[],
  resolvers: [
    LiveSubscriptions, OverlaySubscriptions, OverlayReports, OverlayMutations, OverlayFields, OverlayStateFields, DashboardOverlays,
    AlertFields, AlertQueueFields, AlertSettingsFields, CreatorAlertQueue, DashboardAlertSettings, QueueMutations,
  ],
  orphanedTypes: [AlertType],
  nodes: [alertNode, overlayNode],
  jobs: [conductorJob, forgetDeadConnections],
  invariants: alertInvariants,
};
