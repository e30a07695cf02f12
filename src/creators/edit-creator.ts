import { ErrorCode, quoteText, ValidationError, type UserError } from '../api/room.ts';
import { moveCounters, newId, type Services } from '../database/room.ts';
import { openStreams } from '../events/room.ts';
import { openAccounts, PLATFORM_OWNER_ID } from '../ledger/room.ts';
import { isCurrencyCode } from '../money/room.ts';
import { CREATORS } from './creator-pages.ts';
import type { Creator } from './entities.ts';
import { InputCheck, urlProblem } from './input-check.ts';
import type { CreateCreatorInput, CreatorPayload, UpdateCreatorInput } from './inputs.ts';
import { noPage } from './load-creator.ts';
import { changeOwnPage, type OwnPage } from './own-page.ts';
import { isReservedHandle } from './reserved-handles.ts';
import { searchWords } from './search.ts';
import { checkTipSettings, defaultTipSettings } from './tip-settings.ts';

const nameRules = { minimum: 1, maximum: 80 };
const bioRules = { minimum: 0, maximum: 2_000, multiline: true };
const avatarRules = { minimum: 1, maximum: 1_000 };
const linkRules = { mostItems: 10, each: { minimum: 1, maximum: 300 }, problem: urlProblem };

/** Makes the page of a person, with all it needs to be paid: its accounts, its streams and its place in the count. */
export async function createCreator(services: Services, personId: string, input: CreateCreatorInput): Promise<CreatorPayload> {
  const check = new InputCheck();
  checkHandle(check, input.handle);
  const displayName = check.text('displayName', input.displayName, nameRules, '');
  const bio = check.optionalText('bio', input.bio, bioRules, null);
  if (!isCurrencyCode(input.currency)) {
    check.refuse(ErrorCode.INVALID_INPUT, `${quoteText(input.currency)} is not an active ISO 4217 currency code such as "USD".`, 'currency');
  }
  if (check.failed) return refused(...check.errors);
  const id = newId();
  return changeOwnPage(services, personId, async (page) => {
    if (page.own?.id === id) return { creator: page.own, errors: [] };
    if (page.own) return refused(new ValidationError(ErrorCode.CONFLICT, `This account runs the page "${page.own.handle}" already; an account has one.`));
    const creator = newCreator(id, personId, { handle: input.handle, displayName, bio, currency: input.currency }, page.now);
    return (await insertCreator(page, creator)) ? { creator, errors: [] } : refused(handleTaken(input.handle));
  });
}

function checkHandle(check: InputCheck, handle: string): void {
  if (!/^[A-Za-z0-9_]{3,30}$/.test(handle)) {
    check.refuse(ErrorCode.INVALID_INPUT, `${quoteText(handle)} is not a handle: 3 to 30 letters a-z, digits and underscores.`, 'handle');
  } else if (isReservedHandle(handle)) {
    check.refuse(ErrorCode.HANDLE_TAKEN, `"${handle}" is reserved.`, 'handle');
  }
}

function handleTaken(handle: string): UserError {
  return new ValidationError(ErrorCode.HANDLE_TAKEN, `"${handle}" is taken; handles that differ only in case are the same.`, ['input', 'handle']);
}

function newCreator(id: string, ownerId: string, given: Pick<Creator, 'handle' | 'displayName' | 'bio' | 'currency'>, now: Date): Creator {
  return {
    id,
    ownerId,
    ...given,
    avatarUrl: null,
    links: [],
    ...defaultTipSettings(given.currency),
    searchWords: searchWords(given.handle, given.displayName),
    createdAt: now,
  };
}

/** False when somebody else has the handle: a race for it waits for the one who came first, and then sees it. */
async function insertCreator({ tx, now }: OwnPage, creator: Creator): Promise<boolean> {
  const rows = await tx.query(
    `INSERT INTO creator (id, owner_id, handle, display_name, bio, avatar_url, links, currency, tip_preset_micros, tip_minimum_micros,
       tip_maximum_micros, max_message_length, hold_tips_for_approval, search_words, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
     ON CONFLICT (lower(handle)) DO NOTHING RETURNING id`,
    [
      creator.id, creator.ownerId, creator.handle, creator.displayName, creator.bio, creator.avatarUrl, creator.links, creator.currency,
      creator.tipPresetMicros, creator.tipMinimumMicros, creator.tipMaximumMicros, creator.maxMessageLength, creator.holdTipsForApproval,
      creator.searchWords, creator.createdAt,
    ],
  );
  if (rows.length === 0) return false;
  const { id: ownerId, currency } = creator;
  await openAccounts(tx, [{ ownerId, kind: 'earnings', currency }, { ownerId, kind: 'debt', currency }], now);
  await moveCounters(tx, [{ ownerId: PLATFORM_OWNER_ID, name: CREATORS, by: 1 }]);
  await openStreams(tx, creator.id);
  return true;
}

/** Changes the page that a person runs: absent fields stay, null clears. */
export function updateCreator(services: Services, personId: string, input: UpdateCreatorInput): Promise<CreatorPayload> {
  return changeOwnPage(services, personId, async ({ tx, own }) => {
    if (!own) return refused(noPage());
    const check = new InputCheck();
    const displayName = check.text('displayName', input.displayName, nameRules, own.displayName);
    const changed = {
      displayName,
      searchWords: searchWords(own.handle, displayName),
      bio: check.optionalText('bio', input.bio, bioRules, own.bio),
      avatarUrl: check.optionalText('avatarUrl', input.avatarUrl, avatarRules, own.avatarUrl, urlProblem),
      links: check.list('links', input.links, linkRules, own.links),
      ...checkTipSettings(check, input, own),
    };
    if (check.failed) return refused(...check.errors);
    Object.assign(own, changed);
    await tx.em.flush();
    return { creator: own, errors: [] };
  });
}

function refused(...errors: UserError[]): CreatorPayload {
  return { creator: null, errors };
}
