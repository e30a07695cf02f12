import type { Goal } from './operations.ts';

/** The goal that a bar shows: the one that is named, or else the newest that is not reached. Ids rise with time, so the last is the newest. */
export function chosenGoal(goals: readonly Goal[], goalId: string | null): Goal | undefined {
  if (goalId !== null) return goals.find(({ id }) => id === goalId);
  const open = goals.filter(({ archivedAt }) => archivedAt === null).sort((a, b) => (a.id < b.id ? -1 : 1));
  return open.filter(({ reachedAt }) => reachedAt === null).at(-1) ?? open.at(-1);
}

/** The same in whole per cent, rounded down, and as far beyond 100 as it went. */
export function percentOf(goal: Pick<Goal, 'raised' | 'target'>): bigint {
  const target = BigInt(goal.target.micros);
  return target <= 0n ? 100n : (BigInt(goal.raised.micros) * 100n) / target;
}

/** How far it has come, 0 to 1. */
export function shareOf(goal: Pick<Goal, 'raised' | 'target'>): number {
  const target = BigInt(goal.target.micros);
  return target <= 0n ? 1 : Math.min(1, Number((BigInt(goal.raised.micros) * 10_000n) / target) / 10_000);
}
