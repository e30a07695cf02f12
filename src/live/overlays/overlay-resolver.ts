import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Resolver, Root } from 'type-graphql';
import { Allow, DateTimeScalar, encodeId, type NodeType, type RequestContext } from '../../api/room.ts';
import { CreatorDashboard, requireOwnCreator, type Creator } from '../../creators/room.ts';
import { databaseService } from '../../database/room.ts';
import { owner, signedIn } from '../../identity/room.ts';
import { createOverlay, deleteOverlay, rotateOverlayToken } from './edit-overlay.ts';
import { overlaysOf, presenceOf, readOverlays } from './overlay-lists.ts';
import { CreateOverlayInput, OVERLAY_PREFIX, OverlayInput, OverlayPayload, OverlaySourceType, OverlayType, type Overlay, type OverlaySource } from './overlay-type.ts';

export const overlayNode: NodeType<Overlay> = {
  typeName: 'Overlay',
  prefix: OVERLAY_PREFIX,
  readableBy: owner,
  load: (context, ids) => readOverlays(context.services.get(databaseService), ids),
};

@Resolver(() => OverlayType)
export class OverlayFields {
  @FieldResolver(() => ID, { description: 'Opaque: ovl_ and a UUIDv7.' })
  id(@Root() overlay: Overlay): string {
    return encodeId(OVERLAY_PREFIX, overlay.id);
  }

  @FieldResolver(() => Int, { description: 'How many sockets are open with its token now. One that was cut off counts for some seconds more.' })
  async connections(@Root() overlay: Overlay, @Ctx() context: RequestContext): Promise<number> {
    return (await presenceOf(context, overlay.id)).sources.length;
  }

  @FieldResolver(() => [OverlaySourceType], { description: 'The pages that are open with its token now: what each shows, and whether it is visible. One that was cut off is among them for some seconds more.' })
  async sources(@Root() overlay: Overlay, @Ctx() context: RequestContext): Promise<readonly OverlaySource[]> {
    return (await presenceOf(context, overlay.id)).sources;
  }

  @FieldResolver(() => DateTimeScalar, { nullable: true, description: 'When it was last connected; null before the first time.' })
  async lastSeenAt(@Root() overlay: Overlay, @Ctx() context: RequestContext): Promise<Date | null> {
    return (await presenceOf(context, overlay.id)).seenAt ?? overlay.lastSeenAt;
  }
}

@Resolver(() => CreatorDashboard)
export class DashboardOverlays {
  @FieldResolver(() => [OverlayType], { description: 'The overlays that show the page\'s alerts, oldest first.' })
  overlays(@Root() creator: Creator, @Ctx() context: RequestContext): Promise<Overlay[]> {
    return overlaysOf(context, creator.id);
  }
}

/** Each acts on the page that the viewer runs. */
@Resolver()
export class OverlayMutations {
  @Allow(signedIn)
  @Mutation(() => OverlayPayload, { description: 'Makes an overlay of the viewer\'s own page, at most 20. Its URL is answered this once.' })
  createOverlay(@Arg('input', () => CreateOverlayInput, { description: 'The overlay.' }) input: CreateOverlayInput, @Ctx() context: RequestContext): Promise<OverlayPayload> {
    return onOwnPage(context, (creator) => createOverlay(context.services, creator, input));
  }

  @Allow(signedIn)
  @Mutation(() => OverlayPayload, { description: 'Replaces an overlay\'s token. The old one opens nothing from now on; sockets that it opened are closed within five seconds.' })
  rotateOverlayToken(@Arg('input', () => OverlayInput, { description: 'The overlay.' }) input: OverlayInput, @Ctx() context: RequestContext): Promise<OverlayPayload> {
    return onOwnPage(context, (creator) => rotateOverlayToken(context.services, creator, input.overlayId));
  }

  @Allow(signedIn)
  @Mutation(() => OverlayPayload, { description: 'Deletes an overlay and answers it as it was. Its sockets are closed within five seconds.' })
  deleteOverlay(@Arg('input', () => OverlayInput, { description: 'The overlay.' }) input: OverlayInput, @Ctx() context: RequestContext): Promise<OverlayPayload> {
    return onOwnPage(context, (creator) => deleteOverlay(context.services, creator, input.overlayId));
  }
}

async function onOwnPage(context: RequestContext, work: (creator: Creator) => Promise<OverlayPayload>): Promise<OverlayPayload> {
  const own = await requireOwnCreator(context);
  return own.ok ? work(own.creator) : { overlay: null, url: null, errors: [own.error] };
}
