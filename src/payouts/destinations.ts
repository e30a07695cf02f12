import { createHash } from 'node:crypto';
import { quoteText } from '../api/room.ts';
import { clockService, databaseService, logService, newId, transaction, type Services, type Sql } from '../database/room.ts';
import { lockPeople } from '../identity/room.ts';
import { paymentProvidersService, type AddDestinationOutcome } from '../payments/room.ts';
import {
  countAttempt, countTry, forgiveAttempt, insertDestination, makeCurrent, markVerified, readDestination, readKeyedDestination,
  type DestinationTry,
} from './destination-rows.ts';
import { mostAttempts, mostDestinationsADay, type Destination } from './destination.ts';

export interface AddDestination {
  readonly personId: string;
  readonly provider: string;
  /** The provider's token for it. */
  readonly token: string;
}

export type AddDestinationResult =
  | { readonly kind: 'ADDED'; readonly destination: Destination }
  | { readonly kind: 'NO_PAGE' }
  | { readonly kind: 'PROVIDER_UNAVAILABLE'; readonly provider: string }
  | { readonly kind: 'TOO_MANY_DESTINATIONS' }
  | { readonly kind: 'REFUSED'; readonly message: string };

const dayMs = 86_400_000;

/**
 * Makes a provider's token the place that a page is paid to. The same token again is the same destination: the provider is asked under
 * a key that follows from it, so a call that was cut off may be sent again.
 */
export async function addDestination(services: Services, { personId, provider, token }: AddDestination): Promise<AddDestinationResult> {
  const db = services.get(databaseService);
  const creatorId = await pageOf(db, personId);
  if (creatorId === null) return { kind: 'NO_PAGE' };
  const adapter = services.get(paymentProvidersService).get(provider);
  if (!adapter) return { kind: 'PROVIDER_UNAVAILABLE', provider };
  const providerKey = keyOf(creatorId, token);
  const known = await readKeyedDestination(db, provider, providerKey);
  if (!known && !(await mayTry(services, { personId, creatorId, provider, providerKey }))) return { kind: 'TOO_MANY_DESTINATIONS' };
  let added: AddDestinationOutcome | null = null;
  if (!known) {
    try {
      added = await adapter.addDestination({ key: providerKey, token, owner: creatorId });
    } catch (error) {
      services.get(logService).warn({ err: error, provider }, 'A payout destination could not be added.');
      return { kind: 'PROVIDER_UNAVAILABLE', provider };
    }
    if (added.status === 'DECLINED') return { kind: 'REFUSED', message: added.message };
  }
  await db.failpoint('destination-added');
  return transaction(db, async (tx) => {
    const now = services.get(clockService).now();
    await lockPeople(tx, [personId]);
    const stored = await readKeyedDestination(tx, provider, providerKey);
    if (stored) {
      await makeCurrent(tx, creatorId, stored.id);
      return { kind: 'ADDED' as const, destination: { ...stored, isCurrent: true } };
    }
    if (added?.status !== 'ADDED') throw new Error(`The destination ${providerKey} was there, and is gone.`);
    const destination = {
      id: newId(), creatorId, provider, destinationToken: added.destinationToken, label: added.label,
      verifiedAt: added.isVerified ? now : null, attempts: 0, createdAt: now,
    };
    if (!(await insertDestination(tx, destination, providerKey))) {
      return { kind: 'REFUSED' as const, message: `${quoteText(token)} is the destination of another page already. One is paid to one page alone.` };
    }
    await makeCurrent(tx, creatorId, destination.id);
    return { kind: 'ADDED' as const, destination: { ...destination, isCurrent: true } };
  }, { rerunLostCommit: true });
}

/** Whether one more may be asked for today. It counts before the provider is asked, so that many at one time are no more than one by one. */
async function mayTry(services: Services, { personId, ...wanted }: Pick<DestinationTry, 'creatorId' | 'provider' | 'providerKey'> & { readonly personId: string }): Promise<boolean> {
  const now = services.get(clockService).now();
  return transaction(services.get(databaseService), async (tx) => {
    await lockPeople(tx, [personId]);
    return countTry(tx, { ...wanted, now, since: new Date(now.getTime() - dayMs), most: mostDestinationsADay });
  }, { rerunLostCommit: true });
}

export interface VerifyDestination {
  readonly personId: string;
  readonly destinationId: string;
  readonly amountsMicros: readonly bigint[];
}

export type VerifyDestinationResult =
  | { readonly kind: 'VERIFIED'; readonly destination: Destination }
  | { readonly kind: 'NOT_FOUND' }
  | { readonly kind: 'PROVIDER_UNAVAILABLE'; readonly provider: string }
  | { readonly kind: 'WRONG'; readonly attemptsLeft: number }
  | { readonly kind: 'EXHAUSTED' }
  | { readonly kind: 'NOT_YET'; readonly message: string };

/**
 * Proves a destination by the two small deposits that arrived there. An attempt counts before the provider is asked, so that guesses
 * sent at one time are no more than those sent one after another; after five wrong ones the destination stays unproven. One that the
 * provider did not judge is forgiven.
 */
export async function verifyDestination(services: Services, { personId, destinationId, amountsMicros }: VerifyDestination): Promise<VerifyDestinationResult> {
  const db = services.get(databaseService);
  const creatorId = await pageOf(db, personId);
  if (creatorId === null) return { kind: 'NOT_FOUND' };
  const begun = await transaction(db, async (tx) => {
    await lockPeople(tx, [personId]);
    const found = await readDestination(tx, creatorId, destinationId);
    if (found && !found.verifiedAt && found.attempts < mostAttempts) await countAttempt(tx, found.id);
    return found;
  });
  if (!begun) return { kind: 'NOT_FOUND' };
  if (begun.verifiedAt) return { kind: 'VERIFIED', destination: begun };
  if (begun.attempts >= mostAttempts) return { kind: 'EXHAUSTED' };
  const attemptsLeft = mostAttempts - begun.attempts - 1;
  const { provider, destinationToken } = begun;
  try {
    const adapter = services.get(paymentProvidersService).get(provider);
    if (!adapter) throw new Error(`The provider ${provider} is not set up here.`);
    const outcome = await adapter.verifyDestination(destinationToken, amountsMicros);
    if (outcome.status === 'WRONG') return attemptsLeft > 0 ? { kind: 'WRONG', attemptsLeft: Math.min(attemptsLeft, outcome.attemptsLeft) } : { kind: 'EXHAUSTED' };
    if (outcome.status === 'EXHAUSTED') return { kind: 'EXHAUSTED' };
    if (outcome.status === 'NOT_YET') {
      await forgiveAttempt(db, begun.id);
      return { kind: 'NOT_YET', message: outcome.message };
    }
  } catch (error) {
    services.get(logService).warn({ err: error, provider, destination: begun.id }, 'A payout destination could not be verified.');
    await forgiveAttempt(db, begun.id);
    return { kind: 'PROVIDER_UNAVAILABLE', provider };
  }
  const now = services.get(clockService).now();
  await markVerified(db, begun.id, now);
  return { kind: 'VERIFIED', destination: { ...begun, verifiedAt: now } };
}

async function pageOf(sql: Sql, personId: string): Promise<string | null> {
  const [page] = await sql.query<{ id: string }>('SELECT id FROM creator WHERE owner_id = $1', [personId]);
  return page?.id ?? null;
}

/** Ours, for the provider: tells nothing of the token. */
function keyOf(creatorId: string, token: string): string {
  return `dst_${createHash('sha256').update(`${creatorId} ${token}`).digest('hex')}`;
}
