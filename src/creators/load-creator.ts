import DataLoader from 'dataloader';
import { cached, ErrorCode, ValidationError, type RequestContext, type UserError } from '../api/room.ts';
import { databaseService } from '../database/room.ts';
import { CreatorEntity, type Creator } from './entities.ts';

/** Reads a creator by id, many in one statement; null when there is none. */
export function loadCreator(context: RequestContext, id: string): Promise<Creator | null> {
  return byId(context).load(id);
}

/** Reads the creator that a row of ours names. Throws when it is not there, which foreign keys rule out. */
export async function loadKnownCreator(context: RequestContext, id: string): Promise<Creator> {
  const creator = await loadCreator(context, id);
  if (!creator) throw new Error(`A row names the creator ${id}, who is not there.`);
  return creator;
}

/** Reads a creator by handle, in whatever case; null when nobody has it. */
export function loadCreatorByHandle(context: RequestContext, handle: string): Promise<Creator | null> {
  const text = 'SELECT * FROM creator WHERE lower(handle) = ANY ($1::text[])';
  return loaderBy(context, 'handle', text, (creator) => creator.handle.toLowerCase()).load(handle.toLowerCase());
}

/** Reads the page that a person runs; null when they run none. */
export function loadCreatorOf(context: RequestContext, personId: string): Promise<Creator | null> {
  return loaderBy(context, 'owner', 'SELECT * FROM creator WHERE owner_id = ANY ($1::uuid[])', (creator) => creator.ownerId).load(personId);
}

export type OwnCreator = { readonly ok: true; readonly creator: Creator } | { readonly ok: false; readonly error: UserError };

/** The page that the viewer runs, or the NOT_FOUND that tells how to get one. For fields and mutations that state `signedIn`. */
export async function requireOwnCreator(context: RequestContext): Promise<OwnCreator> {
  const creator = context.viewer && (await loadCreatorOf(context, context.viewer.personId));
  return creator ? { ok: true, creator } : { ok: false, error: noPage() };
}

export function noPage(): UserError {
  return new ValidationError(ErrorCode.NOT_FOUND, 'This account runs no creator page yet: call createCreator first.');
}

/** Makes what was just read or written the answer to whoever asks for it in this request. */
export function rememberCreators(context: RequestContext, creators: readonly Creator[]): void {
  for (const creator of creators) byId(context).clear(creator.id).prime(creator.id, creator);
}

/** Makes entities of rows that were read as `creator.*`. */
export function creatorsFromRows(context: RequestContext, rows: readonly object[]): Creator[] {
  const creators = rows.map((row) => context.em.map(CreatorEntity, row));
  rememberCreators(context, creators);
  return creators;
}

function byId(context: RequestContext): DataLoader<string, Creator | null> {
  return cached(context, 'creators.byId', () =>
    new DataLoader<string, Creator | null>(async (ids) => {
      const rows = await context.services.get(databaseService).query<object>('SELECT * FROM creator WHERE id = ANY ($1::uuid[])', [ids]);
      const found = new Map(rows.map((row) => context.em.map(CreatorEntity, row)).map((creator) => [creator.id, creator]));
      return ids.map((id) => found.get(id) ?? null);
    }),
  );
}

function loaderBy(context: RequestContext, name: string, text: string, keyOf: (creator: Creator) => string): DataLoader<string, Creator | null> {
  return cached(context, `creators.by.${name}`, () =>
    new DataLoader<string, Creator | null>(async (keys) => {
      const rows = await context.services.get(databaseService).query<object>(text, [keys]);
      const found = new Map(creatorsFromRows(context, rows).map((creator) => [keyOf(creator), creator]));
      return keys.map((key) => found.get(key) ?? null);
    }),
  );
}
