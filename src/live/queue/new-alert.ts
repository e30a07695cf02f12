import { newId } from '../../database/room.ts';
import type { AlertKindName } from '../entities.ts';
import type { AlertRow } from './alert.ts';
import type { LockedQueue } from './locked-queue.ts';
import { variantOf, type AlertSettings } from './settings.ts';

/** What tells a new alert from others. */
export interface NewAlert extends Partial<Omit<AlertRow, 'creatorId'>> {
  readonly kind: AlertKindName;
}

/** An alert that waits at the end of the queue, dressed as the settings say, unless `given` says otherwise. */
export function newAlert(queue: LockedQueue, settings: AlertSettings, given: NewAlert): AlertRow {
  const { name, durationMs } = variantOf(settings, given.amountMicros ?? null);
  const createdAt = given.createdAt ?? queue.now;
  return {
    id: newId(),
    creatorId: queue.creatorId,
    topic: null,
    sequence: null,
    goalId: null,
    tipId: null,
    subscriptionId: null,
    replayOf: null,
    isTest: false,
    message: null,
    digestCount: null,
    state: 'QUEUED',
    variant: name,
    durationMs,
    currency: null,
    amountMicros: null,
    attempt: 1,
    lease: null,
    leaseUntil: null,
    leaseRemainingMs: null,
    createdAt,
    waitingSince: createdAt,
    shownAt: null,
    endedAt: null,
    ...given,
    position: given.position ?? queue.nextPosition(),
  };
}
