import DataLoader from 'dataloader';
import { cached, type RequestContext, type Rule } from '../api/room.ts';
import { databaseService } from '../database/room.ts';
import { CreatorRole } from './creator-type.ts';
import type { Creator } from './entities.ts';
import { creatorsFromRows } from './load-creator.ts';

/** How many of the pages that an account moderates are listed: anybody may be added to any number. */
const mostListed = 100;

/** Whether the viewer moderates a page. Many pages are one statement, and none where nobody in particular looks. */
export async function isModerator(context: RequestContext, creatorId: string): Promise<boolean> {
  if (context.isShared || !context.viewer) return false;
  const { personId } = context.viewer;
  return cached(context, 'creators.moderated', () =>
    new DataLoader<string, boolean>(async (creatorIds) => {
      const rows = await context.services.get(databaseService).query<{ creator_id: string }>(
        'SELECT creator_id FROM moderator WHERE person_id = $1 AND creator_id = ANY ($2::uuid[])', [personId, creatorIds]);
      const found = new Set(rows.map((row) => row.creator_id));
      return creatorIds.map((id) => found.has(id));
    }),
  ).load(creatorId);
}

/** What the viewer is to a page. */
export async function roleOf(context: RequestContext, creator: Creator): Promise<CreatorRole> {
  if (context.viewer?.personId === creator.ownerId) return CreatorRole.OWNER;
  return (await isModerator(context, creator.id)) ? CreatorRole.MODERATOR : CreatorRole.NONE;
}

/** The people who moderate a page, first added first. Many pages are one statement. */
export function loadModeratorIds(context: RequestContext, creatorId: string): Promise<readonly string[]> {
  return cached(context, 'creators.moderatorIds', () =>
    new DataLoader<string, readonly string[]>(async (creatorIds) => {
      const rows = await context.services.get(databaseService).query<{ creator_id: string; person_id: string }>(
        'SELECT creator_id, person_id FROM moderator WHERE creator_id = ANY ($1::uuid[]) ORDER BY created_at, person_id', [creatorIds]);
      const byCreator = Map.groupBy(rows, (row) => row.creator_id);
      return creatorIds.map((id) => (byCreator.get(id) ?? []).map((row) => row.person_id));
    }),
  ).load(creatorId);
}

/** The pages that a person moderates, the first 100 by when the person was added. */
export async function loadModerated(context: RequestContext, personId: string): Promise<Creator[]> {
  const rows = await context.services.get(databaseService).query<object>(
    `SELECT creator.* FROM moderator JOIN creator ON creator.id = moderator.creator_id
     WHERE moderator.person_id = $1 ORDER BY moderator.created_at, creator.id LIMIT $2`,
    [personId, mostListed],
  );
  return creatorsFromRows(context, rows);
}

interface Page {
  readonly id: string;
  readonly ownerId: string;
}

/** The account that runs the creator page that is the subject, and those that moderate it: everybody else gets null and a top-level FORBIDDEN. */
export const ownerOrModerator: Rule = {
  name: 'OWNER_OR_MODERATOR',
  whose: 'the account that runs the page and those that moderate it',
  dependsOnViewer: true,
  async decide(context, subject) {
    const { id, ownerId } = subject as Page;
    if (context.viewer?.personId === ownerId) return 'ALLOWED';
    return (await isModerator(context, id)) ? 'ALLOWED' : 'FORBIDDEN';
  },
};
