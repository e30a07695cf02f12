import { ApiError, decodeIdOf, quoteText, type RequestContext } from '../api/room.ts';
import { GOAL_PREFIX, loadGoal, type Goal } from '../creators/room.ts';
import type { StateFeed } from './feed.ts';

/** Opens a goal's progress: it moves with its creator's tips. Throws NOT_FOUND for no goal. */
export async function openGoalFeed(goalId: string, context: RequestContext): Promise<StateFeed> {
  const uuid = decodeIdOf(GOAL_PREFIX, goalId);
  const goal = uuid === null ? null : await loadGoal(context, uuid);
  if (!goal) throw new ApiError('NOT_FOUND', `There is no goal ${quoteText(goalId)}.`);
  const { id, creatorId } = goal;
  return {
    kind: 'STATE',
    name: id,
    stream: { creatorId, topic: 'tips' },
    subject: { id, creatorId },
    read: (context) => readGoal(id, context),
  };
}

async function readGoal(id: string, context: RequestContext): Promise<Goal> {
  const goal = await loadGoal(context, id);
  if (!goal) throw new Error(`The goal ${id} is no longer there.`);
  return goal;
}
