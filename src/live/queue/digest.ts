import { alertColumns, type AlertRow } from './alert.ts';
import { boundsBefore, readHeldTips, sumUpTo, type Bounds, type Sum, type TipFact } from './facts.ts';
import type { LockedQueue } from './locked-queue.ts';
import { newAlert } from './new-alert.ts';
import { isWanted, type AlertSettings } from './settings.ts';

/** One alert that is too old is still shown; as many as this become a digest. */
export const FEWEST_FOR_A_DIGEST = 2;

/** The moment before which waiting alerts are too old to be shown one by one. */
function cutoff({ now }: LockedQueue, { maxAgeSeconds }: AlertSettings): Date {
  return new Date(now.getTime() - maxAgeSeconds * 1_000);
}

/** The digest of so many alerts; none where the creator wants none, or nothing is left to tell of. */
export function digestOf(queue: LockedQueue, settings: AlertSettings, sum: Sum & { readonly position: bigint }): AlertRow[] {
  if (sum.count === 0 || !isWanted(settings, 'DIGEST', null)) return [];
  const money = sum.amountMicros > 0n ? { amountMicros: sum.amountMicros, currency: settings.currency } : {};
  return [newAlert(queue, settings, { kind: 'DIGEST', digestCount: sum.count, position: sum.position, ...money })];
}

/** What a queue finds that nobody has looked at before: how far it is past its age, what that comes to, and what waits for an approval in it. */
export interface Past extends Sum {
  readonly bounds: Bounds;
  readonly held: readonly TipFact[];
}

/** Sums a creator's past up without a row an alert; null when what is past its age is not worth a digest. */
export async function readPast(queue: LockedQueue, settings: AlertSettings): Promise<Past | null> {
  const { tx, creatorId } = queue;
  const bounds = await boundsBefore(tx, creatorId, cutoff(queue, settings));
  if (bounds.tips + bounds.members === 0n) return null;
  const sum = await sumUpTo(tx, settings, bounds);
  if (sum.count > 0 && sum.count < FEWEST_FOR_A_DIGEST) return null;
  return { ...sum, bounds, held: await readHeldTips(tx, creatorId, bounds.tips) };
}

const waitsTooLong = `alert.creator_id = $1 AND alert.state = 'QUEUED' AND NOT alert.is_test AND alert.waiting_since < $2`;

/** A replay tells of what was told already, and of a refunded tip there is nothing to tell. */
const counts = `alert.replay_of IS NULL AND NOT EXISTS (SELECT FROM tip WHERE tip.id = alert.tip_id AND tip.status = 'REFUNDED')`;

/**
 * Before something is shown again: waiting alerts past their age are skipped, and one digest takes the place of the first of them.
 * An older digest is counted with what it stands for; replays and refunded tips are not counted. Answers the digest, stored by the
 * caller; empty when there is none.
 */
export async function foldStale(queue: LockedQueue, settings: AlertSettings): Promise<AlertRow[]> {
  const { tx, creatorId, now } = queue;
  const values = [creatorId, cutoff(queue, settings)];
  const stale = await tx.query(`SELECT id FROM alert WHERE ${waitsTooLong} LIMIT ${FEWEST_FOR_A_DIGEST}`, values);
  if (stale.length < FEWEST_FOR_A_DIGEST) return [];
  const told = await tx.query(`SELECT id FROM alert WHERE ${waitsTooLong} AND ${counts} LIMIT ${FEWEST_FOR_A_DIGEST}`, values);
  const skipped = await tx.query<AlertRow & { readonly counts: boolean }>(
    `UPDATE alert SET state = 'SKIPPED', ended_at = $3 WHERE ${waitsTooLong} AND ($4 OR NOT (${counts})) RETURNING ${alertColumns}, ${counts} AS counts`,
    [...values, now, told.length >= FEWEST_FOR_A_DIGEST],
  );
  for (const { counts: _, ...alert } of skipped) queue.tell('SKIPPED', alert, { from: 'QUEUED' });
  const counted = skipped.filter(({ counts }) => counts);
  return digestOf(queue, settings, {
    count: counted.reduce((sum, { digestCount }) => sum + (digestCount ?? 1), 0),
    // What a goal was raised by is in the tips already.
    amountMicros: counted.reduce((sum, { kind, amountMicros }) => sum + (kind === 'GOAL_REACHED' ? 0n : (amountMicros ?? 0n)), 0n),
    position: counted.reduce((least, { position }) => (position < least ? position : least), counted[0]?.position ?? 0n),
  });
}
