import { encodeId, withTypeName, type RequestContext } from '../../api/room.ts';
import { goalsOf } from '../../creators/room.ts';
import type { StreamEvent, Topic } from '../../events/room.ts';
import type { OverlayWidgetName } from '../entities.ts';
import { loadAlert } from '../queue/alert-lists.ts';
import { ALERT_PREFIX, type AlertRow } from '../queue/alert.ts';
import type { OverlayStateOf } from './overlay-state.ts';

/** An object that knows which member of `OverlayEventPayload` it is. */
export type Payload = object;

interface Widget {
  /** The stream that it follows. */
  readonly topic: Topic;
  /** What it shows for each event, in their order; null for nothing. */
  payloads(events: readonly StreamEvent[], context: RequestContext): Promise<(Payload | null)[]>;
  /** SQL that answers `after`, where one begins that has no cursor: $1 is the creator, $2 the topic. */
  readonly beginning: string;
}

export function stateOf(creatorId: string): Payload {
  const state: OverlayStateOf = { creatorId };
  return withTypeName(state, 'OverlayState');
}

const head = 'SELECT head AS after FROM stream WHERE creator_id = $1 AND topic = $2';

/** Just before what is showing began to, so that it comes next. */
const beforeShowing = `
  SELECT coalesce((
    SELECT event.sequence - 1
    FROM alert JOIN stream_event event ON event.creator_id = alert.creator_id AND event.subject_id = alert.id
    WHERE alert.creator_id = $1 AND alert.state = 'SHOWING' AND event.topic = $2 AND event.kind = 'SHOWING'
    ORDER BY event.sequence DESC LIMIT 1
  ), head) AS after FROM stream WHERE creator_id = $1 AND topic = $2`;

const listed = 20;

const beforeLatest = `
  SELECT coalesce((
    SELECT min(latest.sequence) - 1
    FROM (
      SELECT sequence FROM stream_event WHERE creator_id = $1 AND topic = $2 AND kind = 'QUEUED' ORDER BY sequence DESC LIMIT ${listed}
    ) latest
  ), head) AS after FROM stream WHERE creator_id = $1 AND topic = $2`;

/** How each widget reads its stream. */
export const widgets: Readonly<Record<OverlayWidgetName, Widget>> = {
  ALERTS: { topic: 'alerts', payloads: (events, context) => Promise.all(events.map((event) => alertBox(event, context))), beginning: beforeShowing },
  EVENT_LIST: { topic: 'alerts', payloads: (events, context) => Promise.all(events.map((event) => eventList(event, context))), beginning: beforeLatest },
  GOAL: { topic: 'tips', payloads: (events, context) => onlyLast(events, (event) => goalOf(event, context)), beginning: head },
  TOP_TIPPERS: { topic: 'tips', payloads: (events) => onlyLast(events, async (event) => stateOf(event.creatorId)), beginning: head },
};

async function alertBox(event: StreamEvent, context: RequestContext): Promise<Payload | null> {
  switch (event.kind) {
    case 'SHOWING': {
      const alert = await alertOf(event, context);
      // One that was shown or given back since is not to be shown on this event's account.
      return alert.state === 'SHOWING' && alert.attempt === event.data.attempt ? withTypeName(alert, 'Alert') : null;
    }
    case 'SKIPPED':
      return event.data.from === 'SHOWING' ? command(event.subjectId, 'SKIP') : null;
    case 'DENIED':
      // One that is over may still be read aloud.
      return command(event.subjectId, 'DENY');
    case 'QUEUE_STATE':
    case 'SETTINGS':
      return stateOf(event.creatorId);
    default:
      return null;
  }
}

async function eventList(event: StreamEvent, context: RequestContext): Promise<Payload | null> {
  if (event.kind === 'DENIED') return command(event.subjectId, 'DENY');
  if (event.kind !== 'QUEUED') return null;
  const alert = await alertOf(event, context);
  // A replay repeats what the list has, a digest sums up what it has, and a test is no event.
  const isNews = alert.replayOf === null && !alert.isTest && alert.kind !== 'DIGEST' && alert.state !== 'HELD' && alert.state !== 'DENIED';
  return isNews ? withTypeName(alert, 'Alert') : null;
}

async function goalOf(event: StreamEvent, context: RequestContext): Promise<Payload> {
  const [goal, another] = await goalsOf(context, event.creatorId);
  return goal && !another ? withTypeName(goal, 'Goal') : stateOf(event.creatorId);
}

/** What shows the present needs to show it once, however many tips came together. */
async function onlyLast(events: readonly StreamEvent[], payload: (event: StreamEvent) => Promise<Payload>): Promise<(Payload | null)[]> {
  const last = await payload(events.at(-1)!);
  return events.map((_, index) => (index === events.length - 1 ? last : null));
}

async function alertOf(event: StreamEvent, context: RequestContext): Promise<AlertRow> {
  const alert = (event.payload as AlertRow | undefined) ?? (await loadAlert(context, event.subjectId));
  if (!alert) throw new Error(`The event ${event.sequence} of the creator ${event.creatorId} names an alert ${event.subjectId} that is not there.`);
  return alert;
}

function command(alertId: string, action: 'SKIP' | 'DENY'): Payload {
  return withTypeName({ alertId: encodeId(ALERT_PREFIX, alertId), action }, 'AlertCommand');
}
