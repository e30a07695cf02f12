import { afterEach, describe, expect, test } from '@jest/globals';
import { encodeId } from '../../src/api/room.ts';
import { createGoal, GOAL_PREFIX, updateGoal } from '../../src/creators/room.ts';
import { eventHubService } from '../../src/events/room.ts';
import { liveHubService } from '../../src/live/room.ts';
import { tipSenderService } from '../../src/tips/room.ts';
import { eachTestServer } from '../support/server.ts';
import { makeCreator, makeFan } from '../support/world.ts';
import { expectCleanTips } from '../tips/support.ts';
import { connect, countTo, disconnectAll, tip, until, watch } from './support.ts';

afterEach(disconnectAll);
const server = eachTestServer();

const goalProgress = 'subscription ($goalId: ID!) { goalProgress(goalId: $goalId) { title raised { amount } target { amount } reachedAt } }';

interface SeenGoal {
  readonly title: string;
  readonly raised: { readonly amount: string };
  readonly reachedAt: string | null;
}

async function scene() {
  const { db, services } = server.current;
  const creator = await makeCreator(db);
  const senderId = await makeFan(db, 1_000_000_000n);
  const made = await createGoal(services, creator.ownerId, { title: 'A new microphone', target: { amount: '1', currency: 'USD' } });
  if (!made.goal) throw new Error(`No goal was made: ${JSON.stringify(made.errors)}`);
  const goalId = encodeId(GOAL_PREFIX, made.goal.id);
  const send = (amountMicros: bigint, sender = services.get(tipSenderService)) => tip(sender, { senderId, creatorId: creator.id, amountMicros });
  const watchGoal = () => watch<SeenGoal>(connect(server.current), goalProgress, { goalId });
  return { db, services, creator, goalId, send, watchGoal };
}

describe('goalProgress', () => {
  test('shows the goal as it is, then each change until it is reached and past that', async () => {
    const { db, send, watchGoal } = await scene();
    await send(250_000n);
    const watched = watchGoal();
    await until(() => watched.seen.length === 1);
    expect(watched.seen[0]).toEqual({ title: 'A new microphone', raised: { amount: '0.25' }, target: { amount: '1.00' }, reachedAt: null });
    await send(500_000n);
    await until(() => watched.seen.length === 2);
    await send(500_000n);
    await until(() => watched.seen.length === 3);
    expect(watched.seen.map(({ raised, reachedAt }) => [raised.amount, reachedAt !== null])).toEqual([['0.25', false], ['0.75', false], ['1.25', true]]);
    await expectCleanTips(db);
  });

  test('shows many tips at once as few changes, and ends at their sum for everybody who watches', async () => {
    const { db, services, send, watchGoal } = await scene();
    const watched = countTo(20).map(watchGoal);
    await until(() => watched.every((one) => one.seen.length === 1));
    const before = services.get(liveHubService).status.executions;
    await Promise.all(countTo(500).map(() => send(1_000n)));
    await until(() => watched.every((one) => one.seen.at(-1)?.raised.amount === '0.50'));
    const executions = services.get(liveHubService).status.executions - before;
    expect(executions).toBeLessThan(50);
    for (const one of watched) {
      const amounts = one.seen.map(({ raised }) => Number(raised.amount));
      expect(amounts).toEqual([...new Set(amounts)].sort((a, b) => a - b));
    }
    await expectCleanTips(db);
  });

  test('hears of tips through another process', async () => {
    const { db, send, watchGoal } = await scene();
    const other = await server.another();
    const watched = watchGoal();
    await until(() => watched.seen.length === 1);
    await send(10_000n, other.services.get(tipSenderService));
    await until(() => watched.seen.length === 2);
    expect(watched.seen[1]?.raised.amount).toBe('0.01');
    await expectCleanTips(db);
  });

  test('shows within seconds what changes a goal without a tip, and nothing while nothing changes', async () => {
    const { db, services, creator, goalId, watchGoal } = await scene();
    const watched = watchGoal();
    await until(() => watched.seen.length === 1);
    const updated = await updateGoal(services, creator.ownerId, { goalId, title: 'A better microphone' });
    expect(updated.errors).toEqual([]);
    await until(() => watched.seen.length === 2);
    expect(watched.seen.map(({ title }) => title)).toEqual(['A new microphone', 'A better microphone']);
    await expectCleanTips(db);
  });

  test('refuses a goal that is not there, and frees everything when the last one leaves', async () => {
    const { db, services, goalId, watchGoal } = await scene();
    const refused = watch(connect(server.current), goalProgress, { goalId: goalId.replace('goa_', 'tip_') });
    await until(() => refused.failure !== undefined);
    expect(refused.failure).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    const watched = [watchGoal(), watchGoal()];
    await until(() => watched.every((one) => one.seen.length === 1));
    expect(services.get(liveHubService).status).toMatchObject({ operations: 2, groups: 1 });
    expect(services.get(eventHubService).status.watchers).toBe(1);
    for (const one of watched) one.stop();
    await until(() => services.get(liveHubService).status.operations === 0);
    expect(services.get(liveHubService).status).toMatchObject({ operations: 0, groups: 0 });
    await until(() => services.get(eventHubService).status.watchers === 0);
    await expectCleanTips(db);
  });
});
