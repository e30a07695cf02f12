import type { AlertStateName, QueueStateName } from '../entities.ts';
import type { AlertRow } from './alert.ts';

/** What an owner or a moderator may do with an alert. */
export type AlertActionName = 'APPROVE' | 'DENY' | 'SKIP' | 'REPLAY';

/** How much longer than its duration an alert's lease lasts: the way to the overlay and back. */
export const LEASE_SLACK_MS = 5_000;

/** How long after its end a process that has just started leaves a lease alone: overlays come back and report first. */
export const LEASE_GRACE_MS = 10_000;

/** What is to become of an alert that somebody acted on. */
export type Verdict =
  | { readonly kind: 'MOVE'; readonly to: AlertStateName }
  /** It is as wanted: the same answer again. */
  | { readonly kind: 'STAY' }
  | { readonly kind: 'REPLAY' }
  | { readonly kind: 'REFUSE'; readonly reason: string };

const move = (to: AlertStateName): Verdict => ({ kind: 'MOVE', to });
const stay: Verdict = { kind: 'STAY' };
const refuse = (reason: string): Verdict => ({ kind: 'REFUSE', reason });

const isOver: Record<AlertStateName, boolean> = { HELD: false, QUEUED: false, SHOWING: false, SHOWN: true, SKIPPED: true, DENIED: true };

/** Judges a moderator's wish. Denying works on whatever was not denied yet, skipping on whatever is not over; what is so already stays. */
export function judgeAction({ state }: Pick<AlertRow, 'state'>, action: AlertActionName): Verdict {
  switch (action) {
    case 'APPROVE':
      if (state === 'HELD') return move('QUEUED');
      return state === 'SKIPPED' || state === 'DENIED' ? refuse(`is ${state}: only what is HELD can be approved.`) : stay;
    case 'DENY':
      return state === 'DENIED' ? stay : move('DENIED');
    case 'SKIP':
      if (state === 'SKIPPED') return stay;
      return isOver[state] ? refuse(`is ${state}: it can no longer be skipped.`) : move('SKIPPED');
    case 'REPLAY':
      if (state === 'DENIED') return refuse('was denied, and that is for ever.');
      return isOver[state] ? { kind: 'REPLAY' } : refuse(`is ${state}: it can be replayed once it was shown or skipped.`);
  }
}

export interface Report {
  readonly lease: string;
  /** SHOWN, or QUEUED to give the alert back; overlays have nothing else to say. */
  readonly state: AlertStateName;
  /** Whether another overlay of the creator is there to go on showing it. */
  readonly othersWatch: boolean;
}

/** Judges an overlay's report: the first SHOWN under the lease is accepted, and another answers the same. */
export function judgeReport({ state, lease }: Pick<AlertRow, 'state' | 'lease'>, report: Report): Verdict {
  if (report.state !== 'SHOWN' && report.state !== 'QUEUED') return refuse(`cannot be reported ${report.state}: an overlay reports SHOWN or QUEUED.`);
  if (lease === null || lease !== report.lease) return refuse(`is ${state}, and that lease is over.`);
  if (state === 'SHOWN') return report.state === 'SHOWN' ? stay : refuse('was shown already: it cannot be given back.');
  if (report.state === 'SHOWN') return move('SHOWN');
  return report.othersWatch ? stay : move('QUEUED');
}

export interface QueueSight {
  readonly state: QueueStateName;
  readonly isShowing: boolean;
  /** Whether a visible overlay is connected. */
  readonly isWatched: boolean;
}

/** Whether the next alert may start. */
export function mayStart({ state, isShowing, isWatched }: QueueSight): boolean {
  return state === 'PLAYING' && !isShowing && isWatched;
}

/** Whether the overlays that showed it have failed to say so in time. */
export function leaseIsOver({ state, leaseUntil }: Pick<AlertRow, 'state' | 'leaseUntil'>, now: Date, graceMs: number): boolean {
  return state === 'SHOWING' && leaseUntil !== null && leaseUntil.getTime() + graceMs <= now.getTime();
}

/** The alert in its next state. A lease comes with SHOWING and is kept by SHOWN, so that a repeated report finds it. */
export function moved(alert: AlertRow, to: AlertStateName, { now, lease }: { readonly now: Date; readonly lease?: string }): AlertRow {
  const rest = { ...alert, state: to, leaseUntil: null, leaseRemainingMs: null };
  switch (to) {
    case 'SHOWING': {
      if (lease === undefined) throw new Error(`The alert ${alert.id} was to start showing without a lease.`);
      const leaseRemainingMs = alert.durationMs + LEASE_SLACK_MS;
      return { ...rest, lease, leaseRemainingMs, leaseUntil: new Date(now.getTime() + leaseRemainingMs) };
    }
    case 'SHOWN':
      return { ...rest, shownAt: now, endedAt: now };
    case 'SKIPPED':
    case 'DENIED':
      return { ...rest, lease: null, endedAt: alert.endedAt ?? now };
    case 'QUEUED':
      if (alert.state === 'HELD') return { ...rest, lease: null, waitingSince: now };
      return { ...rest, lease: null, attempt: alert.attempt + 1 };
    case 'HELD':
      throw new Error(`The alert ${alert.id} cannot go back to HELD.`);
  }
}
