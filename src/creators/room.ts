import type { ApiFace } from '../api/room.ts';
import { creatorEntities } from './entities.ts';

export { CreatorEntity, GoalEntity, TierEntity, type Creator, type Goal, type Tier } from './entities.ts';
export { recordTips, type MovedGoal, type RecordedTip } from './record-tips.ts';
export { readTipTargets, type TipTarget } from './tip-targets.ts';

export const creatorsRoom: ApiFace = {
  name: 'creators',
  entities: creatorEntities,
};
