import { newId, type Services } from '../../database/room.ts';
import { lockMessage, setMessageState, type MessageState } from '../../tips/room.ts';
import type { QueueStateName } from '../entities.ts';
import { alertColumns, queueOrder, readAlerts, type AlertRow } from './alert.ts';
import { readRefunded } from './facts.ts';
import { changeQueue, type LockedQueue } from './locked-queue.ts';
import { newAlert } from './new-alert.ts';
import { enqueue, project } from './project.ts';
import { judgeAction, type AlertActionName } from './queue-rules.ts';
import { isWanted } from './settings.ts';
import { oldestTest, startNext } from './show.ts';

/** What became of a moderator's wish; DONE also for what was so already. */
export type Moderated = { readonly kind: 'DONE' } | { readonly kind: 'REFUSED'; readonly reason: string };

/**
 * Does what an owner or moderator wants with an alert. Approving and denying decide over the tip's message as well, everywhere it is
 * shown, and so over every alert of that tip. What was approved is skipped if its tip would not have been shown anyway.
 */
export function moderateAlert(services: Services, { id, creatorId, tipId }: AlertRow, action: AlertActionName): Promise<Moderated> {
  // Made here, so that a second run after a lost COMMIT finds what the first one wrote.
  const replayId = newId();
  return changeQueue<Moderated, MessageState | null>(
    services,
    creatorId,
    async (queue, message) => {
      const [alert] = await readAlerts(queue.tx, [id]);
      if (!alert) throw new Error(`The alert ${id} is no longer there.`);
      // A message that was denied through another alert of its tip is denied here too.
      const verdict = judgeAction({ state: message === 'DENIED' ? 'DENIED' : alert.state }, action);
      if (verdict.kind === 'REFUSE') return { kind: 'REFUSED', reason: verdict.reason };
      if (verdict.kind === 'STAY') return { kind: 'DONE' };
      if (verdict.kind === 'REPLAY') {
        const problem = await replayProblem(queue, alert, replayId);
        if (problem !== null) return { kind: 'REFUSED', reason: problem };
        await replay(queue, alert, replayId, message);
      } else if (action === 'APPROVE') await approve(queue, alert);
      else if (action === 'DENY') await deny(queue, alert);
      else await queue.move(alert, verdict.to);
      await startNext(queue);
      return { kind: 'DONE' };
    },
    async (tx) => (tipId === null ? null : lockMessage(tx, tipId)),
  );
}

/** Lets a message be seen; its tip's alerts that waited for that wait for their turn now. */
async function approve(queue: LockedQueue, alert: AlertRow): Promise<void> {
  if (alert.tipId !== null) await setMessageState(queue.tx, alert.tipId, 'VISIBLE');
  const wanted = isWanted(await queue.settings(), alert.kind, alert.amountMicros);
  for (const held of await alertsOfSameTip(queue, alert)) if (held.state === 'HELD') await queue.move(held, wanted ? 'QUEUED' : 'SKIPPED');
}

/** Takes a message from everybody, and every alert of its tip from the stream and the lists, whether it waits, is showing or was shown. */
async function deny(queue: LockedQueue, alert: AlertRow): Promise<void> {
  if (alert.tipId !== null) await setMessageState(queue.tx, alert.tipId, 'DENIED');
  for (const one of await alertsOfSameTip(queue, alert)) if (one.state !== 'DENIED') await queue.move(one, 'DENIED');
}

/** An alert with the others of its tip: the first one and its replays. */
async function alertsOfSameTip({ tx }: LockedQueue, alert: AlertRow): Promise<AlertRow[]> {
  if (alert.tipId === null) return [alert];
  return tx.query<AlertRow>(`SELECT ${alertColumns} FROM alert WHERE alert.tip_id = $1 ORDER BY ${queueOrder}`, [alert.tipId]);
}

/** Why an alert that is over cannot be shown again; null when it can. */
async function replayProblem(queue: LockedQueue, { tipId, isTest }: AlertRow, replayId: string): Promise<string | null> {
  if (isTest && (await testsWaiting(queue, replayId)) >= MOST_TESTS_WAITING) return `is a test, and ${MOST_TESTS_WAITING} tests wait already.`;
  if (tipId !== null && (await readRefunded(queue.tx, [tipId])).has(tipId)) return 'tells of a tip that was refunded.';
  return null;
}

/** A new alert of the same, at the end. Skipped before it was approved, it still has to be. */
async function replay(queue: LockedQueue, alert: AlertRow, id: string, message: MessageState | null): Promise<void> {
  const { kind, goalId, tipId, subscriptionId, isTest, message: text, digestCount, currency, amountMicros } = alert;
  const same = { kind, goalId, tipId, subscriptionId, isTest, message: text, digestCount, currency, amountMicros };
  await enqueue(queue, [newAlert(queue, await queue.settings(), { ...same, id, replayOf: alert.id, state: message === 'HELD' ? 'HELD' : 'QUEUED' })]);
}

/** Lets a queue play, or pauses it: what is showing then ends as it would have. */
export function setQueueState(services: Services, creatorId: string, state: QueueStateName): Promise<void> {
  return changeQueue(services, creatorId, async (queue) => {
    if (queue.state === state) return;
    queue.state = state;
    queue.tellOfQueue('QUEUE_STATE');
    await startNext(queue);
  });
}

/** What a test alert says was tipped, and with which words. */
export interface TestAlert {
  readonly amountMicros: bigint;
  readonly currency: string;
  readonly message: string;
}

/** How many tests may wait: they go before all others, so that many of them would keep those from the stream. */
export const MOST_TESTS_WAITING = 20;

/** Puts a test before everything that waits, whatever kinds and amounts are wanted. FULL when enough tests wait already. */
export function sendTestAlert(services: Services, creatorId: string, { amountMicros, currency, message }: TestAlert): Promise<'QUEUED' | 'FULL'> {
  const id = newId();
  return changeQueue(services, creatorId, async (queue) => {
    // At somebody's first look, what was paid before takes its place ahead of what this look makes.
    if (queue.isNew) await project(queue);
    if ((await testsWaiting(queue, id)) >= MOST_TESTS_WAITING) return 'FULL';
    await enqueue(queue, [newAlert(queue, await queue.settings(), { id, kind: 'TIP', isTest: true, message, amountMicros, currency })]);
    await startNext(queue);
    return 'QUEUED';
  });
}

/** How many tests wait that will still be shown, the one with this id left out. */
async function testsWaiting(queue: LockedQueue, exceptId: string): Promise<number> {
  const [tests] = await queue.tx.query<{ waiting: number }>(
    `SELECT count(*)::integer AS waiting FROM alert WHERE creator_id = $1 AND state = 'QUEUED' AND is_test AND id <> $2 AND created_at >= $3`,
    [queue.creatorId, exceptId, oldestTest(queue)],
  );
  return tests?.waiting ?? 0;
}
