import { Ctx, FieldResolver, ObjectType, Resolver, Root } from 'type-graphql';
import { Period, type RequestContext } from '../../api/room.ts';
import { goalsOf, GoalType, loadKnownCreator, SupporterType, topTippers, type Goal } from '../../creators/room.ts';
import { money } from '../../money/room.ts';
import { QueueState } from '../queue/alert-enums.ts';
import { loadQueue } from '../queue/alert-lists.ts';
import { AlertSettingsType } from '../queue/settings-type.ts';
import { loadAlertSettings } from '../queue/settings.ts';
import { overlayBuildService } from './build.ts';

/** The object of `OverlayState`: what is asked of it is read when it is asked. */
export interface OverlayStateOf {
  readonly creatorId: string;
}

const tippersShown = 10;

@ObjectType('OverlayState', { description: 'All that an overlay needs to know before events come.' })
export class OverlayStateType {}

@Resolver(() => OverlayStateType)
export class OverlayStateFields {
  @FieldResolver(() => String, { description: 'The build of the overlay page that the server has. A page whose own is another reloads itself between two alerts.' })
  buildId(@Ctx() context: RequestContext): string {
    return context.services.get(overlayBuildService);
  }

  @FieldResolver(() => QueueState, { description: 'Whether alerts are shown at all.' })
  async queueState(@Root() state: OverlayStateOf, @Ctx() context: RequestContext): Promise<string> {
    return (await loadQueue(context, state.creatorId)).state;
  }

  @FieldResolver(() => AlertSettingsType, { description: 'How the creator wants alerts to be.' })
  settings(@Root() state: OverlayStateOf, @Ctx() context: RequestContext): Promise<object> {
    return loadAlertSettings(context, state.creatorId);
  }

  @FieldResolver(() => [GoalType], { description: 'Goals that are not archived, oldest first.' })
  goals(@Root() state: OverlayStateOf, @Ctx() context: RequestContext): Promise<Goal[]> {
    return goalsOf(context, state.creatorId);
  }

  @FieldResolver(() => [SupporterType], { description: `The ${tippersShown} who tipped most of all time; anonymous tips count for nobody.` })
  async topTippers(@Root() state: OverlayStateOf, @Ctx() context: RequestContext): Promise<object[]> {
    const [creator, top] = await Promise.all([loadKnownCreator(context, state.creatorId), topTippers(context, state.creatorId, Period.ALL_TIME, tippersShown)]);
    return top.map(({ displayName, totalMicros }) => ({ displayName, total: money(totalMicros, creator.currency) }));
  }
}
