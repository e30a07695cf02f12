/** What the page shows of an alert, as the API answers it. */
export interface Alert {
  readonly id: string;
  readonly kind: 'TIP' | 'SUBSCRIPTION_STARTED' | 'SUBSCRIPTION_RENEWED' | 'GOAL_REACHED' | 'DIGEST';
  readonly state: 'HELD' | 'QUEUED' | 'SHOWING' | 'SHOWN' | 'SKIPPED' | 'DENIED';
  readonly headline: string;
  readonly message: string | null;
  readonly amount: { readonly formatted: string } | null;
  readonly isTest: boolean;
  readonly attempt: number;
  readonly replayOf: string | null;
  readonly createdAt: string;
}

export interface Queue {
  readonly state: 'PLAYING' | 'PAUSED';
  readonly showing: Alert | null;
  /** The first hundred. */
  readonly pending: readonly Alert[];
  readonly pendingCount: number;
  readonly recent: readonly Alert[];
}

export type Action = 'APPROVE' | 'DENY' | 'SKIP' | 'REPLAY';

export type Page = { readonly id: string; readonly displayName: string; readonly handle: string };

export type ListName = 'showing' | 'held' | 'waiting' | 'recent';

export const viewerQuery = `{
  viewer { displayName creator { id displayName handle } moderates { id displayName handle } }
}`;

export const overlaysQuery = '{ viewer { creator { dashboard { overlays { sources { widget isVisible } } } } } }';

export const queueSubscription = `
  subscription Queue($creatorId: ID!, $locale: String!) {
    alertQueueChanged(creatorId: $creatorId) {
      state
      showing { ...Shown }
      pending { ...Shown }
      pendingCount
      recent(first: 20) { ...Shown }
    }
  }
  fragment Shown on Alert {
    id kind state headline message amount { formatted(locale: $locale) } isTest attempt replayOf createdAt
  }`;

export const moderateMutation = 'mutation Moderate($input: ModerateAlertInput!) { moderateAlert(input: $input) { errors { code message } } }';
export const stateMutation = 'mutation State($input: SetAlertQueueStateInput!) { setAlertQueueState(input: $input) { errors { code message } } }';
export const testMutation = 'mutation Test($input: SendTestAlertInput!) { sendTestAlert(input: $input) { errors { code message } } }';

/** The alerts of each list, in the order in which they are shown. */
export function listsOf({ showing, pending, recent }: Queue): Record<ListName, readonly Alert[]> {
  return {
    showing: showing ? [showing] : [],
    held: pending.filter(({ state }) => state === 'HELD'),
    waiting: pending.filter(({ state }) => state === 'QUEUED'),
    recent,
  };
}

/** What may be done with an alert now, the likeliest first. */
export function actionsFor({ state, message, isTest }: Alert): readonly Action[] {
  if (state === 'HELD') return ['APPROVE', 'DENY'];
  if (state === 'DENIED') return [];
  const first: Action = state === 'SHOWN' || state === 'SKIPPED' ? 'REPLAY' : 'SKIP';
  // A fan's words can be taken away even after they were shown: lists show them on.
  return message !== null && !isTest ? [first, 'DENY'] : [first];
}

export const actionNames: Record<Action, string> = { APPROVE: 'Approve', DENY: 'Deny', SKIP: 'Skip', REPLAY: 'Replay' };
export const doneNames: Record<Action, string> = { APPROVE: 'Approved', DENY: 'Denied', SKIP: 'Skipped', REPLAY: 'Queued again' };

const kindNames: Record<Alert['kind'], string | null> = {
  TIP: null, SUBSCRIPTION_STARTED: 'New member', SUBSCRIPTION_RENEWED: 'Renewal', GOAL_REACHED: 'Goal', DIGEST: 'Summary',
};
const stateNames: Partial<Record<Alert['state'], string>> = { SKIPPED: 'Skipped', DENIED: 'Denied' };

/** The short words beside an alert's headline. */
export function marksOf({ kind, state, isTest, attempt, replayOf }: Alert): string[] {
  const again = attempt > 1 ? `Attempt ${attempt}` : null;
  return [isTest ? 'Test' : kindNames[kind], replayOf === null ? null : 'Replay', again, stateNames[state] ?? null].filter((mark) => mark !== null);
}

/** Which alert the focus goes to when one has left its list: the one in its place, else the last; null in an empty list. */
export function successorOf(ids: readonly string[], index: number): string | null {
  return ids[Math.min(index, ids.length - 1)] ?? null;
}
