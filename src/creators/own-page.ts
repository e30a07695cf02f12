import { ApiError } from '../api/room.ts';
import { clockService, databaseService, transaction, type Services, type Tx } from '../database/room.ts';
import { lockPeople } from '../identity/room.ts';
import { CreatorEntity, type Creator } from './entities.ts';

/** What a change to somebody's own page sees. */
export interface OwnPage {
  readonly tx: Tx;
  readonly now: Date;
  /** The page of the person who acts; null when they run none. */
  readonly own: Creator | null;
}

/**
 * Runs a change to a person's own page in a transaction, under the person's lock: one after another, so limits hold. It may run more
 * than once, after a lost COMMIT too, so it writes absolute values, or rows whose ids were made before.
 */
export function changeOwnPage<T>(services: Services, personId: string, change: (page: OwnPage) => Promise<T>): Promise<T> {
  const now = services.get(clockService).now();
  return transaction(
    services.get(databaseService),
    async (tx) => {
      await lockPeople(tx, [personId]);
      const own = await tx.em.findOne(CreatorEntity, { ownerId: personId });
      return change({ tx, now, own });
    },
    { rerunLostCommit: true },
  );
}

/** Throws the top-level FORBIDDEN unless the row is of the page that acts. */
export function requireOwn(own: Creator | null, row: { readonly creatorId: string }, what: string): asserts own is Creator {
  if (own?.id !== row.creatorId) throw new ApiError('FORBIDDEN', `The ${what} belongs to another creator's page, which only its owner may change.`);
}
