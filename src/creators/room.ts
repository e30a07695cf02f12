import type { EntitySchema } from '@mikro-orm/core';
import type { ApiFace, NodeType, RequestContext } from '../api/room.ts';
import { anyone } from '../identity/room.ts';
import { CreatorFields } from './creator-fields.ts';
import { CreatorMutations, CreatorQueries, ViewerCreator } from './creator-resolver.ts';
import { CREATOR_PREFIX } from './creator-type.ts';
import { DashboardFields } from './dashboard.ts';
import { creatorEntities, type Creator, type Goal, type Tier } from './entities.ts';
import { GOAL_PREFIX, GoalFields } from './goal-type.ts';
import { creatorInvariants } from './invariants.ts';
import { readGoals, readTiers } from './lists.ts';
import { loadCreator } from './load-creator.ts';
import { TIER_PREFIX, TierFields } from './tier-type.ts';

export { CREATOR_PREFIX, CreatorConnection, CreatorRole, CreatorType } from './creator-type.ts';
export { CreatorDashboard, CreatorStats, type StatsOf } from './dashboard.ts';
export { createCreator, updateCreator } from './edit-creator.ts';
export { addModerator, removeModerator } from './edit-moderators.ts';
export { archiveGoal, createGoal, updateGoal } from './edit-goal.ts';
export { archiveTier, createTier, updateTier } from './edit-tier.ts';
export { CreatorEntity, GoalEntity, ModeratorEntity, TierEntity, type Creator, type Goal, type Tier } from './entities.ts';
export { GOAL_PREFIX, GoalType } from './goal-type.ts';
export { InputCheck } from './input-check.ts';
export { CreatorPayload, GoalPayload, TierPayload } from './inputs.ts';
export { goalsOf, loadGoal, loadTier, MEMBERS } from './lists.ts';
export { afterLiveHead, liveHeads } from './live-heads.ts';
export { loadCreator, loadCreatorOf, loadKnownCreator, requireOwnCreator, type OwnCreator } from './load-creator.ts';
export { isModerator, loadModeratorIds, ownerOrModerator } from './moderator-lists.ts';
export { recordTips, type MovedGoal, type RecordedTip } from './record-tips.ts';
export { SupporterType, topTippers, type Supporter } from './supporters.ts';
export { TIER_PREFIX, TierType } from './tier-type.ts';
export { readTipTargets, type TipTarget } from './tip-targets.ts';

const creatorNode: NodeType<Creator> = {
  typeName: 'Creator',
  prefix: CREATOR_PREFIX,
  readableBy: anyone,
  load: (context: RequestContext, ids) => Promise.all(ids.map((id) => loadCreator(context, id))),
};
const tierNode: NodeType<Tier> = { typeName: 'Tier', prefix: TIER_PREFIX, readableBy: anyone, load: readTiers };
const goalNode: NodeType<Goal> = { typeName: 'Goal', prefix: GOAL_PREFIX, readableBy: anyone, load: readGoals };

export const creatorsRoom: ApiFace = {
  name: 'creators',
  entities: creatorEntities as unknown as EntitySchema[],
  resolvers: [CreatorFields, CreatorQueries, CreatorMutations, DashboardFields, GoalFields, TierFields, ViewerCreator],
  nodes: [creatorNode, tierNode, goalNode],
  invariants: creatorInvariants,
};
