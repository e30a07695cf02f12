/** What the overlay asks of the API, and the shapes of the answers. */

export type AlertKind = 'TIP' | 'SUBSCRIPTION_STARTED' | 'SUBSCRIPTION_RENEWED' | 'GOAL_REACHED' | 'DIGEST';

export interface Alert {
  readonly __typename: 'Alert';
  readonly id: string;
  readonly kind: AlertKind;
  readonly state: string;
  readonly headline: string;
  readonly message: string | null;
  readonly amount: { readonly formatted: string } | null;
  readonly variant: string;
  readonly durationMs: number;
  readonly isTest: boolean;
  /** Of this showing; null while it is not shown. */
  readonly lease: string | null;
  /** What is left of the lease at the time of the answer; null without one. */
  readonly leaseRemainingMs: number | null;
}

export interface AlertCommand {
  readonly __typename: 'AlertCommand';
  /** Null: whatever is showing. */
  readonly alertId: string | null;
  readonly action: string;
}

export interface Sum {
  readonly micros: string;
  readonly currency: string;
  readonly formatted: string;
}

export interface Goal {
  readonly __typename: 'Goal';
  readonly id: string;
  readonly title: string;
  readonly target: Sum;
  readonly raised: Sum;
  readonly reachedAt: string | null;
  readonly archivedAt: string | null;
}

export interface Supporter {
  readonly displayName: string;
  readonly total: Sum;
}

export interface OverlayState {
  readonly __typename: 'OverlayState';
  readonly queueState: string;
  readonly buildId: string;
  readonly settings: { readonly speech: boolean };
  readonly goals: readonly Goal[];
  readonly topTippers: readonly Supporter[];
}

export type OverlayPayload = OverlayState | Alert | AlertCommand | Goal;

/** `sequence` is not asked for: showings are told apart by their lease, all else may come twice. */
export interface OverlayEvents {
  readonly overlayEvents: { readonly cursor: string; readonly payload: OverlayPayload };
}

export const overlayEvents = `
subscription OverlayEvents($after: String, $widget: OverlayWidget!, $locale: String!) {
  overlayEvents(after: $after, widget: $widget) {
    cursor
    payload {
      __typename
      ... on OverlayState {
        queueState
        buildId
        settings { speech }
        goals { ...goal }
        topTippers { displayName total { ...sum } }
      }
      ... on Alert { ...alert }
      ... on AlertCommand { alertId action }
      ... on Goal { ...goal }
    }
  }
}
fragment alert on Alert {
  __typename id kind state headline message amount { formatted(locale: $locale) } variant durationMs isTest lease leaseRemainingMs
}
fragment goal on Goal {
  __typename id title target { ...sum } raised { ...sum } reachedAt archivedAt
}
fragment sum on Money { micros currency formatted(locale: $locale) }`;

export const reportAlert = `
mutation ReportAlert($input: ReportAlertInput!) {
  reportAlert(input: $input) { alert { id state } errors { code message } }
}`;

export const reportOverlay = `
mutation ReportOverlay($input: ReportOverlayInput!) {
  reportOverlay(input: $input) { errors { code message } }
}`;
