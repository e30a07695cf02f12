import { expect, test } from '@jest/globals';
import { createGoal } from '../../../src/creators/room.ts';
import { advanceQueue } from '../../../src/live/queue/show.ts';
import { AlertKind } from '../../../src/live/queue/alert-enums.ts';
import { databaseService } from '../../../src/database/room.ts';
import { renew } from '../../../src/billing/room.ts';
import { eachTestDatabase } from '../../support/database.ts';
import { servicesOn } from '../../support/world.ts';
import { alertsOf, change, expectCleanQueue, join, openStage, tip, told } from './support.ts';

const database = eachTestDatabase({ endsWith: expectCleanQueue });

test('a creator whose queue nobody has looked at costs a tip nothing, and loses none', async () => {
  const stage = await openStage(database.current);
  for (const dollars of [1, 2]) await tip(stage, dollars);
  expect(await stage.db.query('SELECT creator_id FROM alert_queue UNION ALL SELECT creator_id FROM alert')).toEqual([]);
  await advanceQueue(stage.services, stage.creator.id);
  expect((await alertsOf(stage.db, stage.creator.id)).map(({ sequence, amountMicros }) => [sequence, amountMicros])).toEqual([[1n, 1_000_000n], [2n, 2_000_000n]]);
});

test('every tip becomes one alert where processes race, and one of them is cut off before its commit', async () => {
  const stage = await openStage(database.current);
  const { db, creator } = stage;
  const others = await Promise.all([1, 2].map(async () => servicesOn(database.current, { db: await database.current.connect() })));
  const cut = others[1]!.get(databaseService);
  let cuts = 0;
  cut.failpoint = async (name) => {
    if (name !== 'before-commit' || cuts++ % 2 !== 0) return;
    throw Object.assign(new Error('cut off'), { code: '57P01' });
  };
  for (let n = 0; n < 30; n++) {
    await tip(stage, 1);
    await Promise.all([stage.services, ...others].map((services) => advanceQueue(services, creator.id)));
  }
  expect(cuts).toBeGreaterThan(20);
  expect((await alertsOf(db, creator.id)).map(({ sequence }) => sequence)).toEqual(Array.from({ length: 30 }, (_, index) => BigInt(index + 1)));
  expect(await told(db, creator.id)).toEqual(Array.from({ length: 30 }, () => 'QUEUED'));
});

test('a commit whose answer was lost is found again, and projected no second time', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  await tip(stage, 1);
  let lost = 0;
  db.failpoint = async (name) => {
    if (name === 'after-commit' && lost++ === 0) throw Object.assign(new Error('the connection is gone'), { code: '08006' });
  };
  await advanceQueue(services, creator.id);
  db.failpoint = () => {};
  expect(lost).toBeGreaterThan(1);
  expect(await told(db, creator.id)).toEqual(['QUEUED']);
});

test('a page of more tips than one transaction takes is projected whole, in order', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  await Promise.all(Array.from({ length: 1_203 }, () => tip(stage, 0.01)));
  await advanceQueue(services, creator.id);
  const alerts = await alertsOf(db, creator.id);
  expect(alerts.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 1_203 }, (_, index) => BigInt(index + 1)));
});

test('the tip that brings a goal to its target makes an alert of its own, once', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const { goal } = await createGoal(services, creator.ownerId, { title: 'A camera', target: { amount: '5', currency: 'USD' } });
  for (const dollars of [4, 2, 1]) await tip(stage, dollars);
  await advanceQueue(services, creator.id);
  const alerts = await alertsOf(db, creator.id);
  expect(alerts.map(({ kind, sequence }) => `${kind} ${sequence}`)).toEqual(['TIP 1', 'TIP 2', 'GOAL_REACHED 2', 'TIP 3']);
  expect(alerts[2]).toMatchObject({ goalId: goal!.id, tipId: null, amountMicros: 5_000_000n });
});

test('memberships make alerts when they start and at each renewal, and nothing else of them does', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const subscription = await join(stage, 3);
  await renew(services, { asOf: new Date(Date.now() + 32 * 86_400_000), batch: 10 });
  await advanceQueue(services, creator.id);
  const about = { topic: 'members', subscriptionId: subscription.id, amountMicros: 3_000_000n, currency: 'USD', tipId: null };
  const alerts = await alertsOf(db, creator.id);
  expect(alerts).toMatchObject([{ ...about, kind: 'SUBSCRIPTION_STARTED', sequence: 1n }, { ...about, kind: 'SUBSCRIPTION_RENEWED', sequence: 2n }]);
});

test('what the settings leave out makes no alert, and each amount gets its own look', async () => {
  const stage = await openStage(database.current);
  const { db, services, creator } = stage;
  const usd = (amount: string) => ({ amount, currency: 'USD' });
  await change(stage, {
    kinds: [AlertKind.TIP],
    minimum: usd('1'),
    variants: [
      { name: 'big', from: usd('10'), headline: 'Wow, {name}!', durationMs: 9_000 },
      { name: 'small', from: usd('2'), headline: '{name}: {amount}', durationMs: 3_000 },
    ],
  });
  await createGoal(services, creator.ownerId, { title: 'A camera', target: { amount: '5', currency: 'USD' } });
  for (const dollars of [0.99, 1, 9.99, 10]) await tip(stage, dollars);
  await join(stage, 3);
  await advanceQueue(services, creator.id);
  expect((await alertsOf(db, creator.id)).map(({ kind, amountMicros, variant, durationMs }) => [kind, amountMicros, variant, durationMs])).toEqual([
    ['TIP', 1_000_000n, 'small', 3_000],
    ['TIP', 9_990_000n, 'small', 3_000],
    ['TIP', 10_000_000n, 'big', 9_000],
  ]);
});
