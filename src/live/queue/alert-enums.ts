import { describeEnum } from '../../api/room.ts';

export enum AlertKind {
  TIP = 'TIP',
  SUBSCRIPTION_STARTED = 'SUBSCRIPTION_STARTED',
  SUBSCRIPTION_RENEWED = 'SUBSCRIPTION_RENEWED',
  GOAL_REACHED = 'GOAL_REACHED',
  DIGEST = 'DIGEST',
}
describeEnum(AlertKind, 'AlertKind', 'What an alert tells of.', {
  TIP: 'A tip.',
  SUBSCRIPTION_STARTED: 'A fan\'s new micro-subscription.',
  SUBSCRIPTION_RENEWED: 'A micro-subscription paid for another period.',
  GOAL_REACHED: 'A tip brought a goal to its target.',
  DIGEST: 'Several alerts that grew too old while nothing was showing, as one.',
});

export enum AlertState {
  HELD = 'HELD',
  QUEUED = 'QUEUED',
  SHOWING = 'SHOWING',
  SHOWN = 'SHOWN',
  SKIPPED = 'SKIPPED',
  DENIED = 'DENIED',
}
describeEnum(AlertState, 'AlertState', 'Where an alert stands.', {
  HELD: 'Its message waits for the owner or a moderator.',
  QUEUED: 'It waits for its turn.',
  SHOWING: 'It is on stream now, under a lease.',
  SHOWN: 'An overlay said that it was shown.',
  SKIPPED: 'It was passed over; it can be replayed.',
  DENIED: 'It was denied, and its message with it, for ever.',
});

export enum AlertAction {
  APPROVE = 'APPROVE',
  DENY = 'DENY',
  SKIP = 'SKIP',
  REPLAY = 'REPLAY',
}
describeEnum(AlertAction, 'AlertAction', 'What owner and moderators may do with an alert.', {
  APPROVE: 'Lets a held one through, and its message with it.',
  DENY: 'Keeps it off the stream, and its message from everybody, for ever.',
  SKIP: 'Passes it over, also while it is showing.',
  REPLAY: 'Puts it at the end of the queue once more, as a new alert.',
});

export enum QueueState {
  PLAYING = 'PLAYING',
  PAUSED = 'PAUSED',
}
describeEnum(QueueState, 'QueueState', 'Whether alerts are shown.', {
  PLAYING: 'One after the other, while an overlay is visible.',
  PAUSED: 'What is showing ends; nothing else starts.',
});
