import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Allow, type Connection, type RequestContext, type Viewer } from '../api/room.ts';
import { signedIn, ViewerType } from '../identity/room.ts';
import { creatorPages } from './creator-pages.ts';
import { CreatorConnection, CreatorType } from './creator-type.ts';
import { createCreator, updateCreator } from './edit-creator.ts';
import { archiveGoal, createGoal, updateGoal } from './edit-goal.ts';
import { archiveTier, createTier, updateTier } from './edit-tier.ts';
import type { Creator } from './entities.ts';
import {
  AddModeratorInput, ArchiveGoalInput, ArchiveTierInput, CreateCreatorInput, CreateGoalInput, CreateTierInput, CreatorPayload, GoalPayload,
  RemoveModeratorInput, TierPayload, UpdateCreatorInput, UpdateGoalInput, UpdateTierInput,
} from './inputs.ts';
import { forgetLists } from './lists.ts';
import { addModerator, removeModerator } from './edit-moderators.ts';
import { loadCreatorByHandle, loadCreatorOf, rememberCreators } from './load-creator.ts';
import { loadModerated } from './moderator-lists.ts';

@Resolver()
export class CreatorQueries {
  @Query(() => CreatorType, { nullable: true, description: 'The page of a handle; null when there is none.' })
  creator(
    @Arg('handle', () => String, { description: 'The handle, in whatever case.' }) handle: string,
    @Ctx() context: RequestContext,
  ): Promise<Creator | null> {
    // Nothing else is a handle, and PostgreSQL refuses some texts that GraphQL lets through.
    return /^\w{3,30}$/.test(handle) ? loadCreatorByHandle(context, handle) : Promise.resolve(null);
  }

  @Query(() => CreatorConnection, { description: 'Creator pages, newest first; or those a search finds, the nearest handles first.' })
  creators(
    @Ctx() context: RequestContext,
    @Arg('search', () => String, {
      nullable: true,
      description: 'Words that handle and name must hold, or begin with; case and accents do not matter. A blank one is none.',
    }) search?: string | null,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20, description: 'How many: 1 to 100.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after?: string | null,
  ): Promise<Connection<Creator>> {
    return creatorPages(context, search, { first, after });
  }
}

@Resolver(() => ViewerType)
export class ViewerCreator {
  @FieldResolver(() => CreatorType, { nullable: true, description: 'The creator page this account runs, if it runs one.' })
  creator(@Root() viewer: ViewerType, @Ctx() context: RequestContext): Promise<Creator | null> {
    return loadCreatorOf(context, viewer.personId);
  }

  @FieldResolver(() => [CreatorType], { description: 'Creator pages that this account moderates, in the order in which it was added to them: the first 100.' })
  moderates(@Root() viewer: ViewerType, @Ctx() context: RequestContext): Promise<Creator[]> {
    return loadModerated(context, viewer.personId);
  }
}

const input = { description: 'The change.' };

/** Each acts on the page that the viewer runs. */
@Resolver()
export class CreatorMutations {
  @Allow(signedIn)
  @Mutation(() => CreatorPayload, { description: 'Makes the viewer\'s creator page; an account has one at most.' })
  async createCreator(@Arg('input', () => CreateCreatorInput, input) given: CreateCreatorInput, @Ctx() context: RequestContext): Promise<CreatorPayload> {
    return show(context, await createCreator(context.services, personIdOf(context), given));
  }

  @Allow(signedIn)
  @Mutation(() => CreatorPayload, { description: 'Changes the viewer\'s own page: an absent field leaves, null clears.' })
  async updateCreator(@Arg('input', () => UpdateCreatorInput, input) given: UpdateCreatorInput, @Ctx() context: RequestContext): Promise<CreatorPayload> {
    return show(context, await updateCreator(context.services, personIdOf(context), given));
  }

  @Allow(signedIn)
  @Mutation(() => TierPayload, { description: 'Opens a tier on the viewer\'s own page, at most 100 at a time.' })
  async createTier(@Arg('input', () => CreateTierInput, input) given: CreateTierInput, @Ctx() context: RequestContext): Promise<TierPayload> {
    return show(context, await createTier(context.services, personIdOf(context), given));
  }

  @Allow(signedIn)
  @Mutation(() => TierPayload, {
    description: 'A new price is for new members; existing ones keep theirs until they change to the same tier.',
  })
  async updateTier(@Arg('input', () => UpdateTierInput, input) given: UpdateTierInput, @Ctx() context: RequestContext): Promise<TierPayload> {
    return show(context, await updateTier(context.services, personIdOf(context), given));
  }

  @Allow(signedIn)
  @Mutation(() => TierPayload, { description: 'Closes a tier to new members; those it has stay.' })
  async archiveTier(@Arg('input', () => ArchiveTierInput, input) given: ArchiveTierInput, @Ctx() context: RequestContext): Promise<TierPayload> {
    return show(context, await archiveTier(context.services, personIdOf(context), given.tierId));
  }

  @Allow(signedIn)
  @Mutation(() => GoalPayload, { description: 'Opens a goal on the viewer\'s own page, at most 20 at a time. Tips count for it from now on.' })
  async createGoal(@Arg('input', () => CreateGoalInput, input) given: CreateGoalInput, @Ctx() context: RequestContext): Promise<GoalPayload> {
    return show(context, await createGoal(context.services, personIdOf(context), given));
  }

  @Allow(signedIn)
  @Mutation(() => GoalPayload, { description: 'Changes one of the viewer\'s own goals: an absent field leaves.' })
  async updateGoal(@Arg('input', () => UpdateGoalInput, input) given: UpdateGoalInput, @Ctx() context: RequestContext): Promise<GoalPayload> {
    return show(context, await updateGoal(context.services, personIdOf(context), given));
  }

  @Allow(signedIn)
  @Mutation(() => GoalPayload, { description: 'Closes a goal: later tips do not count for it.' })
  async archiveGoal(@Arg('input', () => ArchiveGoalInput, input) given: ArchiveGoalInput, @Ctx() context: RequestContext): Promise<GoalPayload> {
    return show(context, await archiveGoal(context.services, personIdOf(context), given.goalId));
  }

  @Allow(signedIn)
  @Mutation(() => CreatorPayload, { description: 'Lets an account moderate the viewer\'s own page; 50 accounts may. Adding one again changes nothing.' })
  async addModerator(@Arg('input', () => AddModeratorInput, input) given: AddModeratorInput, @Ctx() context: RequestContext): Promise<CreatorPayload> {
    return show(context, await addModerator(context.services, personIdOf(context), given.email));
  }

  @Allow(signedIn)
  @Mutation(() => CreatorPayload, { description: 'Lets an account moderate the viewer\'s own page no more, from now on.' })
  async removeModerator(@Arg('input', () => RemoveModeratorInput, input) given: RemoveModeratorInput, @Ctx() context: RequestContext): Promise<CreatorPayload> {
    return show(context, await removeModerator(context.services, personIdOf(context), given.profileId));
  }
}

function personIdOf(context: RequestContext): string {
  return (context.viewer as Viewer).personId;
}

/** Lets the rest of the request see the change instead of what it read before. */
function show<Payload extends CreatorPayload | TierPayload | GoalPayload>(context: RequestContext, payload: Payload): Payload {
  forgetLists(context);
  if ('creator' in payload && payload.creator) rememberCreators(context, [payload.creator]);
  return payload;
}
