import { describe, expect, test } from '@jest/globals';
import { encodeId, enforce } from '../../src/api/room.ts';
import { isModerator, ownerOrModerator } from '../../src/creators/room.ts';
import { newId, type Database } from '../../src/database/room.ts';
import { eachTestDatabase } from '../support/database.ts';
import { Api, expectClean, statementsOf } from './support.ts';

const database = eachTestDatabase();

const moderators = 'creator { id dashboard { moderators { id displayName } } }';

/** An account with an address, as signing up makes it; the person comes with it. */
async function account(db: Database, name: string, email: string): Promise<{ personId: string; profileId: string; email: string }> {
  const id = newId();
  await db.query(`INSERT INTO auth."user" (id, name, email, "emailVerified") VALUES ($1, $2, $3, false)`, [id, name, email]);
  return { personId: id, profileId: encodeId('per', id), email };
}

async function scene() {
  const { db } = database.current;
  const api = new Api(db);
  const page = await api.page('linus');
  return { db, api, page, moss: await account(db, 'Moss', 'moss@example.com') };
}

const namesOf = (payload: any) => payload.creator.dashboard.moderators.map(({ displayName }: any) => displayName);
const codesOf = (payload: any) => payload.errors.map(({ code, path }: any) => [code, path?.join('.')]);

describe('moderators', () => {
  test('are added by e-mail in whatever case, listed in order, and removed, each as often as one likes', async () => {
    const { db, api, page, moss } = await scene();
    const jen = await account(db, 'Jen', 'jen@example.com');
    const added = await api.mutate(page.personId, 'addModerator', { email: ' MOSS@example.com ' }, moderators);
    expect(added).toEqual({ creator: { id: page.id, dashboard: { moderators: [{ id: moss.profileId, displayName: 'Moss' }] } }, errors: [] });
    expect(await api.mutate(page.personId, 'addModerator', { email: moss.email }, moderators)).toEqual(added);
    expect(namesOf(await api.mutate(page.personId, 'addModerator', { email: jen.email }, moderators))).toEqual(['Moss', 'Jen']);
    expect(namesOf(await api.mutate(page.personId, 'removeModerator', { profileId: moss.profileId }, moderators))).toEqual(['Jen']);
    expect(namesOf(await api.mutate(page.personId, 'removeModerator', { profileId: moss.profileId }, moderators))).toEqual(['Jen']);
    await expectClean(db);
  });

  test.each([
    ['an address without an account', 'nobody@example.com', 'NOT_FOUND'],
    ['no address at all', ' ', 'NOT_FOUND'],
    ['a text that the database cannot hold', 'a\0b', 'NOT_FOUND'],
    ['the owner', 'owner@example.com', 'INVALID_INPUT'],
  ])('cannot be %s', async (_, email, code) => {
    const { db, api, page } = await scene();
    const owner = await account(db, 'Owner', 'owner@example.com');
    await db.query('UPDATE creator SET owner_id = $1 WHERE id = $2', [owner.personId, page.uuid]);
    const payload = await api.mutate(owner.personId, 'addModerator', { email }, moderators);
    expect([payload.creator, codesOf(payload)]).toEqual([null, [[code, 'input.email']]]);
    expect(await db.query('SELECT FROM moderator')).toEqual([]);
  });

  test('are 50 at most', async () => {
    const { db, api, page, moss } = await scene();
    for (let count = 0; count < 50; count++) {
      const { personId } = await account(db, 'Many', `many${count}@example.com`);
      await db.query('INSERT INTO moderator (creator_id, person_id, created_at) VALUES ($1, $2, now())', [page.uuid, personId]);
    }
    expect(codesOf(await api.mutate(page.personId, 'addModerator', { email: moss.email }, moderators))).toEqual([['INVALID_STATE', 'input.email']]);
    const again = await api.mutate(page.personId, 'addModerator', { email: 'many7@example.com' }, 'creator { id }');
    expect(again).toEqual({ creator: { id: page.id }, errors: [] });
  });

  test('are chosen by those who run a page, for that page alone', async () => {
    const { db, api, page, moss } = await scene();
    const other = await api.page('torvald');
    await api.mutate(page.personId, 'addModerator', { email: moss.email }, moderators);
    expect(codesOf(await api.mutate(moss.personId, 'addModerator', { email: moss.email }, moderators))).toEqual([['NOT_FOUND', undefined]]);
    expect(namesOf(await api.mutate(other.personId, 'removeModerator', { profileId: moss.profileId }, moderators))).toEqual([]);
    expect(await db.query('SELECT FROM moderator')).toHaveLength(1);
    await expect(api.mutate(null, 'addModerator', { email: moss.email }, moderators)).rejects.toMatchObject({ extensions: { code: 'UNAUTHENTICATED' } });
    for (const profileId of ['per_x', page.id, '']) {
      expect(codesOf(await api.mutate(page.personId, 'removeModerator', { profileId }, moderators))).toEqual([['NOT_FOUND', 'input.profileId']]);
    }
  });

  test('see which pages they moderate and what they are to each; the dashboard stays the owner\'s', async () => {
    const { db, api, page, moss } = await scene();
    await api.page('torvald');
    await api.mutate(page.personId, 'addModerator', { email: moss.email }, moderators);
    const roles = '{ viewer { moderates { handle viewerRole } } a: creator(handle: "linus") { viewerRole } b: creator(handle: "torvald") { viewerRole } }';
    const seen = async (personId: string | null) => (await api.run(personId, roles)).data;
    expect(await seen(moss.personId)).toEqual({
      viewer: { moderates: [{ handle: 'linus', viewerRole: 'MODERATOR' }] }, a: { viewerRole: 'MODERATOR' }, b: { viewerRole: 'NONE' },
    });
    expect(await seen(page.personId)).toEqual({ viewer: { moderates: [] }, a: { viewerRole: 'OWNER' }, b: { viewerRole: 'NONE' } });
    expect(await seen(null)).toEqual({ viewer: null, a: { viewerRole: 'NONE' }, b: { viewerRole: 'NONE' } });
    const dashboard = await api.run(moss.personId, '{ creator(handle: "linus") { dashboard { moderators { id } } } }');
    expect([dashboard.data, dashboard.codes]).toEqual([{ creator: { dashboard: null } }, ['FORBIDDEN']]);
    await api.mutate(page.personId, 'removeModerator', { profileId: moss.profileId }, moderators);
    expect(await seen(moss.personId)).toEqual({ viewer: { moderates: [] }, a: { viewerRole: 'NONE' }, b: { viewerRole: 'NONE' } });
    await expectClean(db);
  });

  test('of many pages are read in one statement', async () => {
    const { api, moss } = await scene();
    for (const handle of ['page_a', 'page_b', 'page_c']) await api.page(handle);
    const texts = await statementsOf(() => api.run(moss.personId, '{ creators { nodes { viewerRole } } }'));
    expect(texts.filter((text) => /\bmoderator\b/.test(text))).toHaveLength(1);
  });
});

test('the rule for owner and moderators lets exactly those in', async () => {
  const { api, page, moss } = await scene();
  await api.mutate(page.personId, 'addModerator', { email: moss.email }, moderators);
  const stranger = await api.person();
  const subject = { id: page.uuid, ownerId: page.personId };
  const verdicts = await Promise.all([page.personId, moss.personId, stranger, null].map((who) => ownerOrModerator.decide(api.context(who), subject)));
  expect(verdicts).toEqual(['ALLOWED', 'ALLOWED', 'FORBIDDEN', 'FORBIDDEN']);
  await expect(enforce(ownerOrModerator, api.context(stranger), subject)).rejects.toMatchObject({ message: expect.stringContaining('those that moderate it') });
  expect(await isModerator(api.context(page.personId), page.uuid)).toBe(false);
});
