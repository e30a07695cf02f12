import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { conductorJob, conductorService } from '../../../src/live/queue/conductor.ts';
import { ensureQueue } from '../../../src/live/queue/locked-queue.ts';
import { advanceQueue } from '../../../src/live/queue/show.ts';
import { logService } from '../../../src/database/room.ts';
import { eachTestDatabase } from '../../support/database.ts';
import { servicesOn } from '../../support/world.ts';
import { alertsOf, endLease, expectCleanQueue, openOverlay, openStage, showing, states, tip, type Stage } from './support.ts';

const database = eachTestDatabase({ endsWith: expectCleanQueue });

const run = ({ services }: Pick<Stage, 'services'>) => conductorJob.run(services, new AbortController().signal);

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await wait(10)) if (await isSo()) return;
  expect(await isSo()).toBe(true);
}

test('a queue that somebody watches here moves at once, also by what another process commits', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const other = { ...stage, services: servicesOn(database.current, { db: await database.current.connect() }) };
  await openOverlay(stage);
  const leave = services.get(conductorService).watch(creator.id);
  await until(async () => (await db.query('SELECT FROM alert_queue')).length === 1);
  await tip(stage, 1);
  await until(async () => (await showing(db, creator.id))?.amountMicros === 1_000_000n);
  await tip(other, 2);
  await until(async () => (await alertsOf(db, creator.id)).length === 2);
  leave();
  leave();
  await tip(stage, 3);
  await wait(300);
  expect(await alertsOf(db, creator.id)).toHaveLength(2);
});

test('a look at all queues brings on what lags, and leaves alone whom nobody has looked at', async () => {
  const [looked, alone] = [await openStage(database.current), await openStage(database.current)];
  await ensureQueue(looked.db, looked.creator.id);
  for (const stage of [looked, alone]) await tip(stage, 1);
  await run(looked);
  expect(await states(looked.db, looked.creator.id)).toEqual(['QUEUED']);
  expect(await states(alone.db, alone.creator.id)).toEqual([]);
  await openOverlay(looked);
  await run(looked);
  expect(await states(looked.db, looked.creator.id)).toEqual(['SHOWING']);
});

test('a look at all queues takes back what was not reported, later where this process has just started', async () => {
  const stage = await openStage(database.current);
  const { db, creator } = stage;
  await openOverlay(stage);
  await tip(stage, 1);
  await advanceQueue(stage.services, creator.id);
  const before = await showing(db, creator.id);
  await endLease(db, creator.id, 9);
  await run(stage);
  expect(await showing(db, creator.id)).toMatchObject({ lease: before?.lease, attempt: 1 });
  await endLease(db, creator.id, 11);
  await run(stage);
  expect(await showing(db, creator.id)).toMatchObject({ id: before?.id, attempt: 2 });
});

test('a queue that cannot be brought on is logged, and the others are brought on all the same', async () => {
  const broken = await openStage(database.current);
  const { db } = broken;
  const warnings: unknown[] = [];
  broken.services.provide(logService, { warn: (fields: object) => warnings.push(fields), info: () => {}, error: () => {} } as never);
  const sound = await openStage(database.current);
  for (const stage of [broken, sound]) {
    await ensureQueue(db, stage.creator.id);
    await tip(stage, 1);
  }
  await db.query(`INSERT INTO alert_settings (creator_id, kinds, variants, blocked_words, hide_amounts_from_moderators, max_age_seconds, speech)
    VALUES ($1, '{TIP}', '[{"fromMicros": "no number"}]', '{}', false, 60, false)`, [broken.creator.id]);
  await run(broken);
  expect(warnings).toMatchObject([{ creatorId: broken.creator.id }]);
  expect(await states(db, sound.creator.id)).toEqual(['QUEUED']);
});
