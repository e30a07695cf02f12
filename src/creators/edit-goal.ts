import { decodeIdOf, ErrorCode, quoteText, ValidationError, type UserError } from '../api/room.ts';
import { newId, type Services } from '../database/room.ts';
import { MAX_MICROS } from '../money/room.ts';
import { GoalEntity, type Creator, type Goal } from './entities.ts';
import { GOAL_PREFIX } from './goal-type.ts';
import { InputCheck } from './input-check.ts';
import type { CreateGoalInput, GoalPayload, UpdateGoalInput } from './inputs.ts';
import { noPage } from './load-creator.ts';
import { changeOwnPage, requireOwn, type OwnPage } from './own-page.ts';

const titleRules = { minimum: 1, maximum: 80 };
const targetRange = { minimumMicros: 1n, maximumMicros: MAX_MICROS };
/** Each tip moves every open goal of its creator, so there cannot be very many. */
const mostOpenGoals = 20;

/** Opens a goal on the page that a person runs: tips count for it from now on. */
export function createGoal(services: Services, personId: string, input: CreateGoalInput): Promise<GoalPayload> {
  const id = newId();
  return changeOwnPage(services, personId, async ({ tx, now, own }) => {
    if (!own) return refused(noPage());
    const made = await tx.em.findOne(GoalEntity, { id });
    if (made) return { goal: made, errors: [] };
    const check = new InputCheck();
    const fields = checkFields(check, input, own, { title: '', targetMicros: 0n });
    if (!check.failed && (await tx.em.count(GoalEntity, { creatorId: own.id, archivedAt: null })) >= mostOpenGoals) {
      check.refuse(ErrorCode.INVALID_STATE, `The page has ${mostOpenGoals} open goals, which is the most: archive one first.`);
    }
    if (check.failed) return refused(...check.errors);
    const { id: creatorId, currency } = own;
    const goal = tx.em.create(GoalEntity, { id, creatorId, currency, ...fields, raisedMicros: 0n, reachedAt: null, reachedBy: null, archivedAt: null, createdAt: now });
    await tx.em.flush();
    return { goal, errors: [] };
  });
}

/** Changes an open goal of the page that a person runs: absent fields stay. Throws FORBIDDEN for somebody else's. */
export function updateGoal(services: Services, personId: string, input: UpdateGoalInput): Promise<GoalPayload> {
  return changeOwnPage(services, personId, async (page) => {
    const goal = await lockOwnGoal(page, input.goalId);
    if (!goal) return refused(notFound(input.goalId));
    const check = new InputCheck();
    if (goal.archivedAt) check.refuse(ErrorCode.INVALID_STATE, `The goal ${quoteText(goal.title)} is archived and cannot be changed.`, 'goalId');
    const changed = checkFields(check, input, page.own!, goal);
    if (check.failed) return refused(...check.errors);
    const reached = reachedAt(goal, changed.targetMicros, page.now);
    // What a change of the target reached, no tip did.
    const reachedBy = reached === goal.reachedAt ? goal.reachedBy : null;
    Object.assign(goal, changed, { reachedAt: reached, reachedBy });
    await page.tx.em.flush();
    return { goal, errors: [] };
  });
}

/** Closes a goal: later tips do not count for it. Closing a closed one changes nothing. Throws FORBIDDEN for somebody else's. */
export function archiveGoal(services: Services, personId: string, goalId: string): Promise<GoalPayload> {
  return changeOwnPage(services, personId, async (page) => {
    const goal = await lockOwnGoal(page, goalId);
    if (!goal) return refused(notFound(goalId));
    goal.archivedAt ??= page.now;
    await page.tx.em.flush();
    return { goal, errors: [] };
  });
}

/** A target at or below what was raised is reached now; one above it, raised anew, is not reached any more. */
function reachedAt(goal: Goal, targetMicros: bigint, now: Date): Date | null {
  if (targetMicros === goal.targetMicros) return goal.reachedAt;
  return goal.raisedMicros >= targetMicros ? (goal.reachedAt ?? now) : null;
}

/** Null when there is no such goal. Nobody else's is locked: whose it is never changes, so it is read before the lock. */
async function lockOwnGoal({ tx, own }: OwnPage, goalId: string): Promise<Goal | null> {
  const id = decodeIdOf(GOAL_PREFIX, goalId);
  const [found] = id === null ? [] : await tx.query<{ creatorId: string }>('SELECT creator_id AS "creatorId" FROM goal WHERE id = $1', [id]);
  if (id === null || !found) return null;
  requireOwn(own, found, 'goal');
  await tx.query('SELECT id FROM goal WHERE id = $1 FOR NO KEY UPDATE', [id]);
  return tx.em.findOne(GoalEntity, { id });
}

function checkFields(
  check: InputCheck,
  input: Omit<UpdateGoalInput, 'goalId'>,
  own: Creator,
  kept: Pick<Goal, 'title' | 'targetMicros'>,
): Pick<Goal, 'title' | 'targetMicros'> {
  return {
    title: check.text('title', input.title, titleRules, kept.title),
    targetMicros: check.amount(['target'], input.target, own.currency, targetRange, kept.targetMicros),
  };
}

function notFound(goalId: string): UserError {
  return new ValidationError(ErrorCode.NOT_FOUND, `There is no goal ${quoteText(goalId)}.`, ['input', 'goalId']);
}

function refused(...errors: UserError[]): GoalPayload {
  return { goal: null, errors };
}
