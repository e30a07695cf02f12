import { decodeIdOf, ErrorCode, quoteText, textProblem, ValidationError, type UserError } from '../../api/room.ts';
import { configService } from '../../config.ts';
import type { Creator } from '../../creators/room.ts';
import { clockService, databaseService, newId, transaction, type Services, type Tx } from '../../database/room.ts';
import { lockPeople } from '../../identity/room.ts';
import { ensureQueue } from '../queue/locked-queue.ts';
import { overlayConnectionsService } from './connections.ts';
import { readOverlays } from './overlay-lists.ts';
import { OVERLAY_PREFIX, type CreateOverlayInput, type Overlay, type OverlayPayload } from './overlay-type.ts';
import { hashToken, newToken } from './token.ts';

const mostOverlays = 20;

/** Makes an overlay of a page, at most 20, and the queue that it will show. */
export async function createOverlay(services: Services, creator: Creator, input: CreateOverlayInput): Promise<OverlayPayload> {
  const problem = textProblem(input.name, { minimum: 1, maximum: 80 }, ['input', 'name']);
  if (problem) return refused(problem);
  const id = newId();
  const token = newToken();
  const createdAt = services.get(clockService).now();
  return transaction(
    services.get(databaseService),
    async (tx) => {
      // One after another, so that the limit holds.
      await lockPeople(tx, [creator.ownerId]);
      const [count] = await tx.query<{ others: bigint }>('SELECT count(*) AS others FROM overlay WHERE creator_id = $1 AND id <> $2', [creator.id, id]);
      if (count!.others >= BigInt(mostOverlays)) {
        return refused(new ValidationError(ErrorCode.INVALID_STATE, `The page has ${mostOverlays} overlays, which is the most: delete one first.`));
      }
      await ensureQueue(tx, creator.id);
      await tx.query(
        'INSERT INTO overlay (id, creator_id, name, token_hash, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING',
        [id, creator.id, input.name, hashToken(token), createdAt],
      );
      const [overlay] = await readOverlays(tx, [id]);
      return { overlay: overlay as Overlay, url: urlOf(services, token), errors: [] };
    },
    { rerunLostCommit: true },
  );
}

/** Gives an overlay a new token; the old one opens nothing from now on, and sockets that it opened are closed within five seconds. */
export async function rotateOverlayToken(services: Services, creator: Creator, overlayId: string): Promise<OverlayPayload> {
  const token = newToken();
  return change(services, creator, overlayId, async (tx, overlay) => {
    await tx.query('UPDATE overlay SET token_hash = $2 WHERE id = $1', [overlay.id, hashToken(token)]);
    await dropConnections(tx, overlay.id);
    return { overlay, url: urlOf(services, token), errors: [] };
  });
}

/** Deletes an overlay; its sockets are closed within five seconds. */
export async function deleteOverlay(services: Services, creator: Creator, overlayId: string): Promise<OverlayPayload> {
  return change(services, creator, overlayId, async (tx, overlay) => {
    await dropConnections(tx, overlay.id);
    await tx.query('DELETE FROM overlay WHERE id = $1', [overlay.id]);
    return { overlay, url: null, errors: [] };
  });
}

async function change(
  services: Services,
  creator: Creator,
  overlayId: string,
  work: (tx: Tx, overlay: Overlay) => Promise<OverlayPayload>,
): Promise<OverlayPayload> {
  const db = services.get(databaseService);
  const id = decodeIdOf(OVERLAY_PREFIX, overlayId);
  // Read before the transaction: a deletion whose COMMIT was lost must find in a second run what it deleted in the first.
  const [overlay] = id === null ? [] : await readOverlays(db, [id]);
  // Whose overlay an id is, if anybody's, is nobody else's to know.
  if (overlay?.creatorId !== creator.id) {
    return refused(new ValidationError(ErrorCode.NOT_FOUND, `There is no overlay ${quoteText(overlayId)} of this page.`, ['input', 'overlayId']));
  }
  const payload = await transaction(
    db,
    async (tx) => {
      await tx.query('SELECT id FROM overlay WHERE id = $1 FOR UPDATE', [overlay.id]);
      return work(tx, overlay);
    },
    { rerunLostCommit: true },
  );
  services.get(overlayConnectionsService).revoke(overlay.id);
  return payload;
}

/** Other processes find with their next beat that they may not put the rows back, and close the sockets. */
async function dropConnections(tx: Tx, overlayId: string): Promise<void> {
  await tx.query(
    'DELETE FROM overlay_connection WHERE id IN (SELECT id FROM overlay_connection WHERE overlay_id = $1 ORDER BY id FOR UPDATE)',
    [overlayId],
  );
}

function urlOf(services: Services, token: string): string {
  return `${services.get(configService).publicUrl}/overlay#t=${token}&w=alerts`;
}

function refused(...errors: UserError[]): OverlayPayload {
  return { overlay: null, url: null, errors };
}
