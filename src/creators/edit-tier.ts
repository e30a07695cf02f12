import { decodeIdOf, ErrorCode, quoteText, ValidationError, type UserError } from '../api/room.ts';
import { moveCounters, newId, type Services } from '../database/room.ts';
import { MAX_MICROS, MICROS_PER_UNIT } from '../money/room.ts';
import { TierEntity, type Creator, type Tier } from './entities.ts';
import { InputCheck, type Given } from './input-check.ts';
import type { CreateTierInput, TierPayload, UpdateTierInput } from './inputs.ts';
import { TIERS } from './lists.ts';
import { noPage } from './load-creator.ts';
import { changeOwnPage, requireOwn, type OwnPage } from './own-page.ts';
import { TIER_PREFIX } from './tier-type.ts';

const nameRules = { minimum: 1, maximum: 80 };
const descriptionRules = { minimum: 0, maximum: 1_000, multiline: true };
const benefitRules = { mostItems: 20, each: { minimum: 1, maximum: 120 } };
const priceRange = { minimumMicros: MICROS_PER_UNIT / 100n, maximumMicros: MAX_MICROS };
const mostOpenTiers = 100;

/** Opens a tier on the page that a person runs. */
export function createTier(services: Services, personId: string, input: CreateTierInput): Promise<TierPayload> {
  const id = newId();
  return changeOwnPage(services, personId, async ({ tx, now, own }) => {
    if (!own) return refused(noPage());
    const made = await tx.em.findOne(TierEntity, { id });
    if (made) return { tier: made, errors: [] };
    const check = new InputCheck();
    const fields = checkFields(check, input, own, { name: '', description: null, priceMicros: 0n, benefits: [], capacity: null });
    if (!check.failed && (await tx.em.count(TierEntity, { creatorId: own.id, archivedAt: null })) >= mostOpenTiers) {
      check.refuse(ErrorCode.INVALID_STATE, `The page has ${mostOpenTiers} open tiers, which is the most: archive one first.`);
    }
    if (check.failed) return refused(...check.errors);
    const { id: creatorId, currency } = own;
    const tier = tx.em.create(TierEntity, { id, creatorId, currency, ...fields, interval: input.interval, taken: 0, archivedAt: null, createdAt: now });
    await tx.em.flush();
    await moveCounters(tx, [{ ownerId: creatorId, name: TIERS, by: 1 }]);
    return { tier, errors: [] };
  });
}

/** Changes an open tier of the page that a person runs: absent fields stay, null clears. Throws FORBIDDEN for somebody else's. */
export function updateTier(services: Services, personId: string, input: UpdateTierInput): Promise<TierPayload> {
  return changeOwnPage(services, personId, async (page) => {
    const tier = await lockOwnTier(page, input.tierId);
    if (!tier) return refused(notFound(input.tierId));
    const check = new InputCheck();
    if (tier.archivedAt) check.refuse(ErrorCode.INVALID_STATE, `The tier ${quoteText(tier.name)} is archived and cannot be changed.`, 'tierId');
    const changed = checkFields(check, input, page.own!, tier);
    if (check.failed) return refused(...check.errors);
    Object.assign(tier, changed);
    await page.tx.em.flush();
    return { tier, errors: [] };
  });
}

/** Closes a tier to new members; its members stay. Closing a closed one changes nothing. Throws FORBIDDEN for somebody else's. */
export function archiveTier(services: Services, personId: string, tierId: string): Promise<TierPayload> {
  return changeOwnPage(services, personId, async (page) => {
    const tier = await lockOwnTier(page, tierId);
    if (!tier) return refused(notFound(tierId));
    if (!tier.archivedAt) {
      tier.archivedAt = page.now;
      await page.tx.em.flush();
      await moveCounters(page.tx, [{ ownerId: tier.creatorId, name: TIERS, by: -1 }]);
    }
    return { tier, errors: [] };
  });
}

/** Null when there is no such tier. Nobody else's is locked: whose it is never changes, so it is read before the lock. */
async function lockOwnTier({ tx, own }: OwnPage, tierId: string): Promise<Tier | null> {
  const id = decodeIdOf(TIER_PREFIX, tierId);
  const [found] = id === null ? [] : await tx.query<{ creatorId: string }>('SELECT creator_id AS "creatorId" FROM tier WHERE id = $1', [id]);
  if (id === null || !found) return null;
  requireOwn(own, found, 'tier');
  await tx.query('SELECT id FROM tier WHERE id = $1 FOR NO KEY UPDATE', [id]);
  return tx.em.findOne(TierEntity, { id });
}

type TierFields = Pick<Tier, 'name' | 'description' | 'priceMicros' | 'benefits' | 'capacity'>;

function checkFields(check: InputCheck, input: Omit<UpdateTierInput, 'tierId'>, own: Creator, kept: TierFields & { taken?: number }): TierFields {
  return {
    name: check.text('name', input.name, nameRules, kept.name),
    description: check.optionalText('description', input.description, descriptionRules, kept.description),
    priceMicros: check.amount(['price'], input.price, own.currency, priceRange, kept.priceMicros),
    benefits: check.list('benefits', input.benefits, benefitRules, kept.benefits),
    capacity: checkCapacity(check, input.capacity, kept),
  };
}

function checkCapacity(check: InputCheck, capacity: Given<number>, kept: Pick<TierFields, 'capacity'> & { taken?: number }): number | null {
  if (capacity === undefined) return kept.capacity;
  const taken = kept.taken ?? 0;
  if (capacity !== null && capacity < 1) {
    check.refuse(ErrorCode.INVALID_INPUT, `${capacity} is not a capacity: at least 1 is needed, or null for any number.`, 'capacity');
  } else if (capacity !== null && capacity < taken) {
    check.refuse(ErrorCode.INVALID_INPUT, `${capacity} is less than the ${taken} members that the tier has now.`, 'capacity');
  }
  return capacity;
}

function notFound(tierId: string): UserError {
  return new ValidationError(ErrorCode.NOT_FOUND, `There is no tier ${quoteText(tierId)}.`, ['input', 'tierId']);
}

function refused(...errors: UserError[]): TierPayload {
  return { tier: null, errors };
}
