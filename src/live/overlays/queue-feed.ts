import { ApiError, decodeIdOf, quoteText, type RequestContext } from '../../api/room.ts';
import { CREATOR_PREFIX, loadCreator } from '../../creators/room.ts';
import type { StateFeed } from '../feed.ts';
import { loadQueue } from '../queue/alert-lists.ts';
import { conductorService } from '../queue/conductor.ts';

/** Opens a creator's queue, for owner and moderators. Throws NOT_FOUND for no creator. */
export async function openQueueFeed(creatorId: string, context: RequestContext): Promise<StateFeed> {
  const uuid = decodeIdOf(CREATOR_PREFIX, creatorId);
  const creator = uuid === null ? null : await loadCreator(context, uuid);
  if (!creator) throw new ApiError('NOT_FOUND', `There is no creator ${quoteText(creatorId)}.`);
  return {
    kind: 'STATE',
    name: 'queue',
    stream: { creatorId: creator.id, topic: 'alerts' },
    subject: { id: creator.id, ownerId: creator.ownerId },
    joined: () => context.services.get(conductorService).watch(creator.id),
    read: (context) => loadQueue(context, creator.id),
  };
}
