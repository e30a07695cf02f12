import { expect, test } from '@jest/globals';
import { eachTestDatabase } from '../support/database.ts';
import { Api, expectClean } from './support.ts';

const database = eachTestDatabase();

const usd = (amount: string, currency = 'USD') => ({ amount, currency });

const whole = `creator {
  id handle displayName bio avatarUrl links currency memberCount viewerRole liveCursor goals { title } tiers { totalCount nodes { name } }
  tipSettings { presets { amount } minimum { amount } maximum { amount currency } maxMessageLength holdForApproval }
  topTippers { displayName }
}`;

test('a new page has its defaults, and everything it needs to be paid', async () => {
  const api = new Api(database.current.db);
  const ada = await api.person();
  const input = { handle: 'Ada_L', displayName: '  Ada Lovelace ', bio: 'Notes\non engines', currency: 'USD' };
  const made = await api.mutate(ada, 'createCreator', input, whole);
  expect(made).toEqual({
    creator: {
      id: expect.stringMatching(/^cre_[0-9a-z]{26}$/), handle: 'Ada_L', displayName: 'Ada Lovelace', bio: 'Notes\non engines', avatarUrl: null,
      links: [], currency: 'USD', memberCount: 0, viewerRole: 'OWNER', liveCursor: expect.any(String), goals: [],
      tiers: { totalCount: 0, nodes: [] },
      tipSettings: {
        presets: [{ amount: '0.10' }, { amount: '1.00' }, { amount: '5.00' }], minimum: { amount: '0.000001' },
        maximum: { amount: '10000.00', currency: 'USD' }, maxMessageLength: 500, holdForApproval: false,
      },
      topTippers: [],
    },
    errors: [],
  });
  const seen = await api.run(null, `query ($id: ID!) { creator(handle: "ADA_l") { id viewerRole } node(id: $id) { __typename id ... on Creator { handle } } }`, { id: made.creator.id });
  expect(seen.data).toEqual({ creator: { id: made.creator.id, viewerRole: 'NONE' }, node: { __typename: 'Creator', id: made.creator.id, handle: 'Ada_L' } });
  expect((await api.run(ada, '{ viewer { creator { handle } } }')).data).toEqual({ viewer: { creator: { handle: 'Ada_L' } } });
  await expectClean(database.current.db);
});

test('a page in yen offers presets in whole yen', async () => {
  const api = new Api(database.current.db);
  const { creator } = await api.mutate(await api.person(), 'createCreator', { handle: 'yuki', displayName: 'Yuki', currency: 'JPY' }, 'creator { tipSettings { presets { amount } } }');
  expect(creator.tipSettings.presets).toEqual([{ amount: '10' }, { amount: '100' }, { amount: '500' }]);
});

test('every mistake of a new page is named at once, with its path and what was given', async () => {
  const api = new Api(database.current.db);
  const input = { handle: 'a-b', displayName: '', bio: 'x'.repeat(2_001), currency: 'usd' };
  const { creator, errors } = await api.mutate(await api.person(), 'createCreator', input, 'creator { id }');
  expect(creator).toBeNull();
  expect(errors.map((error: any) => [error.code, error.path.join('.')])).toEqual([
    ['INVALID_INPUT', 'input.handle'], ['INVALID_INPUT', 'input.displayName'], ['INVALID_INPUT', 'input.bio'], ['INVALID_INPUT', 'input.currency'],
  ]);
  expect(errors[0].message).toContain('"a-b"');
  expect(errors[3].message).toContain('"usd"');
});

test.each([
  ['ab', 'INVALID_INPUT'],
  ['a'.repeat(31), 'INVALID_INPUT'],
  ['ünder', 'INVALID_INPUT'],
  ['a b', 'INVALID_INPUT'],
  ['abc\n', 'INVALID_INPUT'],
  ['abc\0', 'INVALID_INPUT'],
  ["a'; DROP TABLE creator", 'INVALID_INPUT'],
  ['admin', 'HANDLE_TAKEN'],
  ['GraphQL', 'HANDLE_TAKEN'],
  ['a_d_m_i_n', 'HANDLE_TAKEN'],
])('the handle %j is refused with %s', async (handle, code) => {
  const api = new Api(database.current.db);
  const { errors } = await api.mutate(await api.person(), 'createCreator', { handle, displayName: 'X', currency: 'USD' }, 'creator { id }');
  expect(errors).toEqual([expect.objectContaining({ __typename: 'ValidationError', code, path: ['input', 'handle'] })]);
});

test('a handle in another case is taken, and an account has one page', async () => {
  const api = new Api(database.current.db);
  const { personId } = await api.page('Grace');
  const taken = await api.mutate(await api.person(), 'createCreator', { handle: 'gRACE', displayName: 'G', currency: 'EUR' }, 'creator { id }');
  expect(taken.errors).toEqual([expect.objectContaining({ code: 'HANDLE_TAKEN', path: ['input', 'handle'] })]);
  const second = await api.mutate(personId, 'createCreator', { handle: 'other', displayName: 'G', currency: 'EUR' }, 'creator { id }');
  expect(second.errors).toEqual([expect.objectContaining({ code: 'CONFLICT', message: expect.stringContaining('"Grace"') })]);
  await expectClean(database.current.db);
});

test('of twenty that want one handle at once through two processes, one gets it', async () => {
  const [one, two] = [new Api(database.current.db), new Api(await database.current.connect())];
  const people = await Promise.all(Array.from({ length: 20 }, () => one.person()));
  const answers = await Promise.all(people.map((personId, index) =>
    (index % 2 ? one : two).mutate(personId, 'createCreator', { handle: index % 3 ? 'wanted' : 'WANTED', displayName: 'W', currency: 'USD' }, 'creator { id }')));
  expect(answers.filter((answer) => answer.creator !== null)).toHaveLength(1);
  expect(answers.flatMap((answer) => answer.errors).map((error) => error.code)).toEqual(Array.from({ length: 19 }, () => 'HANDLE_TAKEN'));
  await expectClean(database.current.db);
});

test('of ten pages that one account asks for at once, it gets one', async () => {
  const [one, two] = [new Api(database.current.db), new Api(await database.current.connect())];
  const ada = await one.person();
  const answers = await Promise.all(Array.from({ length: 10 }, (_, index) =>
    (index % 2 ? one : two).mutate(ada, 'createCreator', { handle: `ada_${index}`, displayName: 'A', currency: 'USD' }, 'creator { id }')));
  expect(answers.filter((answer) => answer.creator !== null)).toHaveLength(1);
  expect(answers.flatMap((answer) => answer.errors).map((error) => error.code)).toEqual(Array.from({ length: 9 }, () => 'CONFLICT'));
  await expectClean(database.current.db);
});

test('a page whose COMMIT is lost is made once', async () => {
  const { db } = database.current;
  const api = new Api(db);
  const ada = await api.person();
  let lost = false;
  db.failpoint = (name) => {
    if (name !== 'after-commit' || lost) return;
    lost = true;
    throw Object.assign(new Error('the answer to COMMIT was lost'), { code: 'ECONNRESET' });
  };
  const { creator, errors } = await api.mutate(ada, 'createCreator', { handle: 'ghost', displayName: 'G', currency: 'USD' }, 'creator { handle }');
  expect([lost, errors, creator]).toEqual([true, [], { handle: 'ghost' }]);
  await expectClean(db);
});

test('an update leaves what is absent and clears what is null', async () => {
  const api = new Api(database.current.db);
  const { personId } = await api.page('linus');
  const update = (input: object) => api.mutate(personId, 'updateCreator', input, whole);
  const set = await update({
    displayName: 'Linus T', bio: 'Kernel', avatarUrl: 'https://example.com/a.png', links: ['https://example.com', 'http://example.org/x'],
    tipPresets: [usd('2'), usd('0.5')], tipMinimum: usd('0.5'), tipMaximum: usd('20'), holdTipsForApproval: true,
  });
  const kept = await update({});
  expect(kept).toEqual(set);
  expect(set.creator).toMatchObject({
    displayName: 'Linus T', bio: 'Kernel', avatarUrl: 'https://example.com/a.png', links: ['https://example.com', 'http://example.org/x'],
    tipSettings: { presets: [{ amount: '2.00' }, { amount: '0.50' }], minimum: { amount: '0.50' }, maximum: { amount: '20.00' }, holdForApproval: true },
  });
  const low = await update({ tipMaximum: usd('0.49') });
  expect(low.errors).toEqual([expect.objectContaining({ code: 'AMOUNT_OUT_OF_RANGE', path: ['input', 'tipMaximum', 'amount'] })]);
  const cleared = await update({ bio: null, avatarUrl: null, links: null, tipPresets: null, tipMinimum: null, tipMaximum: null, holdTipsForApproval: null });
  expect(cleared.creator).toMatchObject({
    displayName: 'Linus T', bio: null, avatarUrl: null, links: [],
    tipSettings: { presets: [], minimum: { amount: '0.000001' }, maximum: { amount: '10000.00' }, holdForApproval: false },
  });
  const refused = await update({ displayName: null, bio: 'kept out' });
  expect(refused.errors).toEqual([expect.objectContaining({ code: 'INVALID_INPUT', path: ['input', 'displayName'] })]);
  expect((await update({})).creator.bio).toBeNull();
  await expectClean(database.current.db);
});

test.each([
  ['a link that runs code', { links: ['javascript:alert(1)'] }, 'INVALID_INPUT', 'links.0'],
  ['a link with credentials', { links: ['https://ok.example', 'https://paypal.com@evil.example'] }, 'INVALID_INPUT', 'links.1'],
  ['a link with a space', { links: ['https://a b.example'] }, 'INVALID_INPUT', 'links.0'],
  ['a link without a host', { links: ['https://'] }, 'INVALID_INPUT', 'links.0'],
  ['a link that is too long', { links: [`https://example.com/${'x'.repeat(300)}`] }, 'INVALID_INPUT', 'links.0'],
  ['eleven links', { links: Array.from({ length: 11 }, () => 'https://example.com') }, 'INVALID_INPUT', 'links'],
  ['a picture in a data URL', { avatarUrl: 'data:image/png;base64,AAAA' }, 'INVALID_INPUT', 'avatarUrl'],
  ['a name with a line break', { displayName: 'a\nb' }, 'INVALID_INPUT', 'displayName'],
  ['a name with a NUL', { displayName: 'a\0b' }, 'INVALID_INPUT', 'displayName'],
  ['a bio with half a surrogate pair', { bio: 'a\ud800' }, 'INVALID_INPUT', 'bio'],
  ['a minimum of nothing', { tipMinimum: usd('0') }, 'AMOUNT_OUT_OF_RANGE', 'tipMinimum.amount'],
  ['a minimum finer than a micro', { tipMinimum: usd('0.0000001') }, 'PRECISION', 'tipMinimum.amount'],
  ['a minimum in another currency', { tipMinimum: usd('1', 'EUR') }, 'CURRENCY_MISMATCH', 'tipMinimum.currency'],
  ['a minimum in no currency', { tipMinimum: usd('1', 'ZZZ') }, 'INVALID_INPUT', 'tipMinimum.currency'],
  ['a minimum that is no number', { tipMinimum: usd('1e3') }, 'INVALID_INPUT', 'tipMinimum.amount'],
  ['a minimum above the maximum', { tipMinimum: usd('10001') }, 'AMOUNT_OUT_OF_RANGE', 'tipMinimum.amount'],
  ['a maximum below a preset', { tipMaximum: usd('0.05') }, 'AMOUNT_OUT_OF_RANGE', 'tipMaximum'],
  ['a maximum beyond all', { tipMaximum: usd('100000001') }, 'AMOUNT_OUT_OF_RANGE', 'tipMaximum.amount'],
  ['a minimum above a preset', { tipMinimum: usd('2') }, 'AMOUNT_OUT_OF_RANGE', 'tipMinimum'],
  ['a preset above the new maximum', { tipMaximum: usd('3'), tipPresets: [usd('1'), usd('3.01')] }, 'AMOUNT_OUT_OF_RANGE', 'tipPresets.1.amount'],
  ['seven presets', { tipPresets: Array.from({ length: 7 }, () => usd('1')) }, 'INVALID_INPUT', 'tipPresets'],
])('%s is refused', async (_, input, code, path) => {
  const api = new Api(database.current.db);
  const { personId } = await api.page('linus');
  const { creator, errors } = await api.mutate(personId, 'updateCreator', input, 'creator { id }');
  expect([creator, errors.map((error: any) => [error.code, error.path.join('.')])]).toEqual([null, [[code, `input.${path}`]]]);
});

test('whoever is signed out, or runs no page, is told so', async () => {
  const api = new Api(database.current.db);
  const ada = await api.person();
  const inputs = {
    updateCreator: {}, createTier: { name: 'T', price: usd('1') }, createGoal: { title: 'G', target: usd('1') },
  };
  for (const [name, input] of Object.entries(inputs)) {
    const { errors } = await api.mutate(ada, name, input, '__typename');
    expect([name, errors]).toEqual([name, [expect.objectContaining({ code: 'NOT_FOUND', message: expect.stringContaining('createCreator') })]]);
  }
  const out = await api.run(null, 'mutation { createCreator(input: {handle: "abc", displayName: "A", currency: "USD"}) { creator { id } } }');
  expect(out.codes).toEqual(['UNAUTHENTICATED']);
});

test('the dashboard is the owner\'s alone', async () => {
  const api = new Api(database.current.db);
  const { personId } = await api.page('linus');
  const source = '{ creator(handle: "linus") { handle dashboard { stats { tipsTotal { amount currency } tipCount } } } }';
  const stats = { tipsTotal: { amount: '0.00', currency: 'USD' }, tipCount: 0 };
  expect(await api.run(personId, source)).toMatchObject({ data: { creator: { handle: 'linus', dashboard: { stats } } }, codes: [] });
  expect(await api.run(await api.person(), source)).toMatchObject({ data: { creator: { handle: 'linus', dashboard: null } }, codes: ['FORBIDDEN'] });
  expect(await api.run(null, source)).toMatchObject({ data: { creator: { handle: 'linus', dashboard: null } }, codes: ['FORBIDDEN'] });
});

test('a handle that cannot be one finds nothing', async () => {
  const api = new Api(database.current.db);
  const { data, codes } = await api.run(null, 'query ($a: String!, $b: String!) { a: creator(handle: $a) { id } b: creator(handle: $b) { id } }', { a: 'x\0yz', b: 'y'.repeat(10_000) });
  expect([data, codes]).toEqual([{ a: null, b: null }, []]);
});
