import { insertAlerts, type AlertRow } from './alert.ts';
import { digestOf, readPast } from './digest.ts';
import {
  membershipAlerts, readMembers, readReachedGoals, readTips, type MemberFact, type ReachedGoal, type TipFact,
} from './facts.ts';
import type { LockedQueue } from './locked-queue.ts';
import { newAlert } from './new-alert.ts';
import { isWanted, type AlertSettings } from './settings.ts';

/** How many events of a stream become alerts in one transaction. */
const pageSize = 500;

/**
 * Makes alerts of what the creator's streams hold beyond what was projected, at most a page of each, in the streams' order. What a
 * queue finds that nobody has looked at before, and that is past its age, becomes one digest. Answers whether more is left.
 */
export async function project(queue: LockedQueue): Promise<boolean> {
  const { tx, creatorId } = queue;
  const settings = await queue.settings();
  if (queue.isNew) await projectPast(queue, settings);
  const tips = await readTips(tx, creatorId, queue.tipsProjected, pageSize);
  const members = await readMembers(tx, creatorId, queue.membersProjected, pageSize);
  const reached = Map.groupBy(await readReachedGoals(tx, tips.map(({ tipId }) => tipId)), ({ tipId }) => tipId);
  await enqueue(queue, [
    ...tips.flatMap((tip) => alertsOfTip(queue, settings, tip, reached.get(tip.tipId) ?? [])),
    ...members.flatMap((event) => alertsOfMember(queue, settings, event)),
  ]);
  queue.tipsProjected = tips.at(-1)?.sequence ?? queue.tipsProjected;
  queue.membersProjected = members.at(-1)?.sequence ?? queue.membersProjected;
  return tips.length === pageSize || members.length === pageSize;
}

/** Stores new alerts and tells of them; those that were projected already are left out. */
export async function enqueue(queue: LockedQueue, alerts: readonly AlertRow[]): Promise<void> {
  for (const alert of await insertAlerts(queue.tx, alerts)) queue.tell(alert.state === 'HELD' ? 'HELD' : 'QUEUED', alert);
}

/** What waits for an approval is never folded into the digest: it would wait for ever. */
async function projectPast(queue: LockedQueue, settings: AlertSettings): Promise<void> {
  const past = await readPast(queue, settings);
  if (!past) return;
  await enqueue(queue, [
    ...digestOf(queue, settings, { ...past, position: queue.nextPosition() }),
    ...past.held.flatMap((tip) => alertsOfTip(queue, settings, tip, [])),
  ]);
  queue.tipsProjected = past.bounds.tips;
  queue.membersProjected = past.bounds.members;
}

/** A held message needs an alert to be approved by, whether or not its tip is wanted on stream. */
function alertsOfTip(queue: LockedQueue, settings: AlertSettings, tip: TipFact, reached: readonly ReachedGoal[]): AlertRow[] {
  const { sequence, createdAt, tipId, currency, amountMicros, isHeld, isRefunded } = tip;
  const cause = { topic: 'tips', sequence, createdAt, currency } as const;
  const alerts: AlertRow[] = [];
  if (isHeld || (!isRefunded && isWanted(settings, 'TIP', amountMicros))) {
    alerts.push(newAlert(queue, settings, { ...cause, kind: 'TIP', tipId, amountMicros, state: isHeld ? 'HELD' : 'QUEUED' }));
  }
  if (!isWanted(settings, 'GOAL_REACHED', null)) return alerts;
  const goals = reached.map(({ goalId, targetMicros }) => newAlert(queue, settings, { ...cause, kind: 'GOAL_REACHED', goalId, amountMicros: targetMicros }));
  return [...alerts, ...goals];
}

function alertsOfMember(queue: LockedQueue, settings: AlertSettings, event: MemberFact): AlertRow[] {
  const { sequence, createdAt, subscriptionId, currency, amountMicros } = event;
  const kind = membershipAlerts[event.kind];
  if (!kind || !isWanted(settings, kind, amountMicros)) return [];
  return [newAlert(queue, settings, { topic: 'members', sequence, createdAt, kind, subscriptionId, currency, amountMicros })];
}
