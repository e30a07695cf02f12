import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { OverlayCredential } from '../../../src/api/room.ts';
import { transaction, type Services } from '../../../src/database/room.ts';
import type { AlertRow } from '../../../src/live/queue/alert.ts';
import { moderateAlert, sendTestAlert, setQueueState } from '../../../src/live/queue/moderate.ts';
import type { AlertActionName } from '../../../src/live/queue/queue-rules.ts';
import { advanceQueue } from '../../../src/live/queue/show.ts';
import { eachTestDatabase } from '../../support/database.ts';
import { servicesOn } from '../../support/world.ts';
import { alertsOf, endLease, expectCleanQueue, openOverlay, openStage, report, setVisible, tip, told, type Stage } from './support.ts';

const database = eachTestDatabase({ endsWith: expectCleanQueue });

/** Numbers pick an alert or an overlay from what is there by then. */
type Command =
  | { readonly kind: 'TIP'; readonly held: boolean }
  | { readonly kind: 'TEST' }
  | { readonly kind: 'ADVANCE' }
  | { readonly kind: 'REPORT'; readonly by: number; readonly which: number; readonly state: 'SHOWN' | 'QUEUED'; readonly stale: boolean }
  | { readonly kind: 'MODERATE'; readonly which: number; readonly action: AlertActionName }
  | { readonly kind: 'STATE'; readonly state: 'PLAYING' | 'PAUSED' }
  | { readonly kind: 'VISIBLE'; readonly by: number; readonly isVisible: boolean }
  | { readonly kind: 'LEASE_ENDS' };

const number = fc.nat(50);
const commands: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('TIP' as const), held: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('TEST' as const) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('ADVANCE' as const) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('REPORT' as const), by: number, which: number, stale: fc.boolean(),
      state: fc.oneof({ weight: 4, arbitrary: fc.constant('SHOWN' as const) }, { weight: 1, arbitrary: fc.constant('QUEUED' as const) }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('MODERATE' as const), which: number, action: fc.constantFrom<AlertActionName[]>('APPROVE', 'DENY', 'SKIP', 'REPLAY') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('STATE' as const), state: fc.constantFrom<('PLAYING' | 'PAUSED')[]>('PLAYING', 'PAUSED') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('VISIBLE' as const), by: number, isVisible: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('LEASE_ENDS' as const) }) },
);

/** Two processes with an overlay each, on one creator. */
interface World {
  readonly stage: Stage;
  readonly processes: readonly Services[];
  readonly overlays: readonly OverlayCredential[];
  /** Leases that were given out once. */
  readonly leases: Map<string, string>;
  tips: number;
}

async function twoProcesses(): Promise<Services[]> {
  return [servicesOn(database.current), servicesOn(database.current, { db: await database.current.connect() })];
}

async function openWorld(processes: readonly Services[]): Promise<World> {
  const stage = await openStage(database.current, processes[0]);
  return { stage, processes, overlays: [await openOverlay(stage), await openOverlay(stage)], leases: new Map(), tips: 0 };
}

function of<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T;
}

async function run(world: World, command: Command, turn: number): Promise<void> {
  const { stage, overlays } = world;
  const { db, creator } = stage;
  const services = of(world.processes, turn);
  const alerts = await alertsOf(db, creator.id);
  for (const alert of alerts) if (alert.lease) world.leases.set(alert.lease, alert.id);
  switch (command.kind) {
    case 'TIP':
      await db.query('UPDATE creator SET hold_tips_for_approval = $2 WHERE id = $1', [creator.id, command.held]);
      await tip(stage, ++world.tips, { message: 'a text' });
      return;
    case 'TEST':
      await sendTestAlert(services, creator.id, { amountMicros: 1n, currency: 'USD', message: '' });
      return;
    case 'ADVANCE':
      return advanceQueue(services, creator.id);
    case 'REPORT': {
      const current = alerts.find(({ state }) => state === 'SHOWING');
      const [lease, id] = of([...world.leases], command.which) ?? [null, null];
      const about = command.stale || !current ? lease && { id: id as string, lease } : current;
      if (about) await expectReport(world, services, of(overlays, command.by), about, command.state);
      return;
    }
    case 'MODERATE':
      if (alerts.length > 0) await moderateAlert(services, of(alerts, command.which), command.action);
      return;
    case 'STATE':
      return setQueueState(services, creator.id, command.state);
    case 'VISIBLE':
      return setVisible(db, of(overlays, command.by), command.isVisible);
    case 'LEASE_ENDS':
      return endLease(db, creator.id, 11);
  }
}

/** What a report says it did must be what the alert then is. */
async function expectReport({ stage: { db, creator } }: World, services: Services, overlay: OverlayCredential, about: Pick<AlertRow, 'id' | 'lease'>, state: 'SHOWN' | 'QUEUED') {
  const { alert, errors } = await report(services, overlay, about, state);
  const now = (await alertsOf(db, creator.id)).find(({ id }) => id === about.id);
  if (errors.length > 0) expect(errors).toMatchObject([{ code: 'INVALID_STATE' }]);
  else if (state === 'SHOWN') expect([alert?.state, now?.state, now?.lease]).toEqual(['SHOWN', 'SHOWN', about.lease]);
}

/** What must hold after every command, whatever came before. */
async function expectSound({ stage: { db, creator } }: World, before: readonly AlertRow[]): Promise<AlertRow[]> {
  const alerts = await alertsOf(db, creator.id);
  expect(alerts.filter(({ state }) => state === 'SHOWING').length).toBeLessThanOrEqual(1);
  const now = new Map(alerts.map((alert) => [alert.id, alert]));
  for (const was of before) {
    const is = now.get(was.id)!;
    expect([is.position, is.sequence]).toEqual([was.position, was.sequence]);
    expect(is.attempt - was.attempt).toBe(was.state === 'SHOWING' && is.lease !== was.lease && (is.state === 'QUEUED' || is.state === 'SHOWING') ? 1 : 0);
    // Over is over: it can only be denied afterwards, and when it was shown never changes.
    if (was.state === 'SHOWN' || was.state === 'SKIPPED') expect([was.state, 'DENIED']).toContain(is.state);
    if (was.state === 'DENIED') expect(is.state).toBe('DENIED');
    if (was.shownAt) expect(is.shownAt).toEqual(was.shownAt);
  }
  // Whatever started showing was first in the order of the queue.
  const started = alerts.find(({ id, state, lease }) => state === 'SHOWING' && before.find((was) => was.id === id)?.lease !== lease);
  const passed = started && alerts.slice(0, alerts.indexOf(started)).filter(({ state }) => state === 'QUEUED');
  expect(passed ?? []).toEqual([]);
  return alerts;
}

test('whatever tips, overlays, moderators and two processes do: one alert at a time, in order, none lost and none accepted twice', async () => {
  const processes = await twoProcesses();
  await fc.assert(
    fc.asyncProperty(fc.array(commands, { minLength: 20, maxLength: 60 }), async (sequence) => {
      const world = await openWorld(processes);
      const { db, creator, services } = world.stage;
      let alerts: AlertRow[] = [];
      for (const [turn, command] of sequence.entries()) {
        await run(world, command, turn);
        alerts = await expectSound(world, alerts);
      }
      await setQueueState(services, creator.id, 'PLAYING');
      await setVisible(db, world.overlays[0]!, true);
      await endLease(db, creator.id, 11);
      await finish(world);
      await expectAllTold(world);
    }),
    { numRuns: 12 },
  );
});

/** Approves what is held and shows what is left. */
async function finish({ stage: { db, creator, services }, overlays }: World): Promise<void> {
  await advanceQueue(services, creator.id);
  for (const alert of await alertsOf(db, creator.id)) if (alert.state === 'HELD') await moderateAlert(services, alert, 'APPROVE');
  for (let left = 200; left > 0; left--) {
    const showing = (await alertsOf(db, creator.id)).find(({ state }) => state === 'SHOWING');
    if (!showing) return;
    expect((await report(services, overlays[0]!, showing)).errors).toEqual([]);
  }
  throw new Error('The queue does not come to an end.');
}

async function expectAllTold({ stage: { db, creator }, tips }: World): Promise<void> {
  const alerts = await alertsOf(db, creator.id);
  expect(alerts.flatMap(({ sequence }) => sequence ?? []).map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: tips }, (_, index) => index + 1));
  expect(alerts.filter(({ endedAt }) => endedAt === null)).toEqual([]);
  const shown = (await told(db, creator.id)).filter((kind) => kind === 'SHOWN');
  expect(shown).toHaveLength(alerts.filter(({ shownAt }) => shownAt !== null).length);
}

test('where two processes and two overlays race, every tip is shown once and in order', async () => {
  const world = await openWorld(await twoProcesses());
  const { db, creator } = world.stage;
  const tips = 40;
  const overlay = async (index: number) => {
    const services = of(world.processes, index);
    for (let idle = 0; idle < 200; ) {
      const showing = (await alertsOf(db, creator.id)).find(({ state }) => state === 'SHOWING');
      if (showing) await report(services, of(world.overlays, index), showing);
      else {
        await advanceQueue(services, creator.id);
        idle++;
      }
      if ((await alertsOf(db, creator.id)).filter(({ state }) => state === 'SHOWN').length === tips) return;
    }
  };
  const sending = (async () => {
    for (let n = 1; n <= tips; n++) await tip(world.stage, n);
  })();
  await Promise.all([sending, overlay(0), overlay(1)]);
  const rows = await db.query<{ subject: string; sequence: bigint }>(
    `SELECT event.subject_id AS subject, alert.sequence FROM stream_event event JOIN alert ON alert.id = event.subject_id
     WHERE event.creator_id = $1 AND event.topic = 'alerts' AND event.kind = 'SHOWN' ORDER BY event.sequence`, [creator.id]);
  expect(rows.map(({ sequence }) => Number(sequence))).toEqual(Array.from({ length: tips }, (_, index) => index + 1));
});

test('the database itself refuses a second alert on stream and a second projection', async () => {
  const { stage } = await openWorld(await twoProcesses());
  const { db, creator, services } = stage;
  for (const dollars of [1, 2]) await tip(stage, dollars);
  await advanceQueue(services, creator.id);
  const [, second] = await alertsOf(db, creator.id);
  const force = (text: string) => transaction(db, (tx) => tx.query(text, [second!.id]), { attempts: 1 });
  await expect(force(`UPDATE alert SET state = 'SHOWING', lease = id, lease_until = now() WHERE id = $1`)).rejects.toThrow('alert_one_showing');
  await expect(force('UPDATE alert SET sequence = 1 WHERE id = $1')).rejects.toThrow('alert_projected_once');
  await expect(force('DELETE FROM alert WHERE id = $1')).rejects.toThrow('permission denied');
});
