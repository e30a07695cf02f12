import { decodeIdOf, ErrorCode, quoteText, ValidationError, type UserError } from '../api/room.ts';
import type { Services } from '../database/room.ts';
import { findPersonByEmail, personPrefix } from '../identity/room.ts';
import { ModeratorEntity } from './entities.ts';
import type { CreatorPayload } from './inputs.ts';
import { noPage } from './load-creator.ts';
import { changeOwnPage } from './own-page.ts';

/** Each of them hears of every held message, so there cannot be very many. */
const mostModerators = 50;

/** Lets the account of an e-mail address moderate the page that a person runs. Adding one again changes nothing. */
export function addModerator(services: Services, ownerId: string, email: string): Promise<CreatorPayload> {
  return changeOwnPage(services, ownerId, async ({ tx, now, own }) => {
    if (!own) return refused(noPage());
    // PostgreSQL refuses some texts that GraphQL lets through, and no address is so long.
    const personId = /^[^\0]{1,254}$/.test(email.trim()) ? await findPersonByEmail(tx, email) : null;
    if (personId === null) return refused(wrong(ErrorCode.NOT_FOUND, `No account here has the e-mail address ${quoteText(email)}.`, 'email'));
    if (personId === ownerId) return refused(wrong(ErrorCode.INVALID_INPUT, `${quoteText(email)} is the page's own account, which may do everything anyway.`, 'email'));
    const key = { creatorId: own.id, personId };
    if (await tx.em.findOne(ModeratorEntity, key)) return { creator: own, errors: [] };
    if ((await tx.em.count(ModeratorEntity, { creatorId: own.id })) >= mostModerators) {
      return refused(wrong(ErrorCode.INVALID_STATE, `The page has ${mostModerators} moderators, which is the most: remove one first.`, 'email'));
    }
    tx.em.create(ModeratorEntity, { ...key, createdAt: now });
    await tx.em.flush();
    return { creator: own, errors: [] };
  });
}

/** Lets an account moderate the page that a person runs no more. One that does not moderate it stays as it is. */
export function removeModerator(services: Services, ownerId: string, profileId: string): Promise<CreatorPayload> {
  return changeOwnPage(services, ownerId, async ({ tx, own }) => {
    if (!own) return refused(noPage());
    const personId = decodeIdOf(personPrefix, profileId);
    if (personId === null) return refused(wrong(ErrorCode.NOT_FOUND, `There is no account ${quoteText(profileId)}.`, 'profileId'));
    await tx.em.nativeDelete(ModeratorEntity, { creatorId: own.id, personId });
    return { creator: own, errors: [] };
  });
}

function wrong(code: ErrorCode, message: string, field: string): UserError {
  return new ValidationError(code, message, ['input', field]);
}

function refused(...errors: UserError[]): CreatorPayload {
  return { creator: null, errors };
}
