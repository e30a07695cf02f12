import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseSearch, searchWords } from '../../src/creators/search.ts';
import { eachTestDatabase } from '../support/database.ts';
import { Api, expectClean } from './support.ts';

const database = eachTestDatabase();

const source = `query ($search: String, $first: Int, $after: String) {
  creators(search: $search, first: $first, after: $after) {
    totalCount nodes { handle } edges { cursor node { handle } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

test('a search finds words by how they begin, in any case, with or without accents, the nearest handles first', async () => {
  const api = new Api(database.current.db);
  await api.page('Zed', { displayName: 'Anna at Éclair Café' });
  await api.page('anna_smith', { displayName: 'Smith' });
  await api.page('Anna', { displayName: 'Øystein ﬁne Ｗｉｄｅ' });
  await api.page('PixelBaker', { displayName: '日本語 Straße 🎨' });
  await api.page('x_y_z', { displayName: "O'Neil & Sons: 'quoted' \\ back" });
  const found = async (search: string | null) => {
    const { data, errors } = await api.run(null, source, { search });
    if (errors.length > 0) throw errors[0];
    expect(data.creators.totalCount).toBe(data.creators.nodes.length);
    return data.creators.nodes.map((node: any) => node.handle).join(' ');
  };
  const everybody = 'x_y_z PixelBaker Anna anna_smith Zed';
  const table: [string | null, string][] = [
    [null, everybody],
    ['', everybody],
    ['  ', everybody],
    ['anna', 'Anna anna_smith Zed'],
    ['ANN', 'Anna anna_smith Zed'],
    ['@Anna', 'Anna anna_smith Zed'],
    ['anna_s', 'anna_smith'],
    ['annasmith', 'anna_smith'],
    ['smith anna', 'anna_smith'],
    ['eclair', 'Zed'],
    ['ÉCLAIR cafe\u0301', 'Zed'],
    ['ostein', ''],
    ['oystein', 'Anna'],
    ['fine wide', 'Anna'],
    ['pixel', 'PixelBaker'],
    ['baker', 'PixelBaker'],
    ['日本', 'PixelBaker'],
    ['strasse', 'PixelBaker'],
    ['🎨', 'PixelBaker'],
    ["o'neil", 'x_y_z'],
    ["'quoted'", 'x_y_z'],
    ['xyz', 'x_y_z'],
    ['nobody', ''],
    ['anna nobody', ''],
    ['& | ! ( ) <-> :* %', ''],
    ["anna' | 'zed", 'Zed'],
    ['a\0n', ''],
  ];
  const answers: [string | null, string][] = [];
  for (const [search] of table) answers.push([search, await found(search)]);
  expect(answers).toEqual(table);
  await expectClean(database.current.db);
});

test('a new name is found, and the old one is not', async () => {
  const api = new Api(database.current.db);
  const { personId } = await api.page('someone', { displayName: 'Before' });
  await api.mutate(personId, 'updateCreator', { displayName: 'After' }, 'creator { id }');
  const count = async (search: string) => (await api.run(null, source, { search })).data.creators.totalCount;
  expect([await count('before'), await count('after'), await count('someone')]).toEqual([0, 1, 1]);
});

test('no text that people can send breaks a search', async () => {
  const { db } = database.current;
  const api = new Api(db);
  const extremes = ['x'.repeat(100_000), 'ﷺ'.repeat(5_000), "'".repeat(5_000), '\\'.repeat(99), 'a '.repeat(5_000), '\ud800', '\u0301', '\0', 'ß'.repeat(3_000)];
  for (const search of extremes) expect([search.slice(0, 5), (await api.run(null, source, { search })).codes]).toEqual([search.slice(0, 5), []]);
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ unit: fc.constantFrom("'", '\\', ':', '*', '&', '|', '!', '(', ' ', 'a', '"', 'İ') })), async (text) => {
      const query = parseSearch(text)?.tsquery ?? null;
      if (query !== null) await db.query('SELECT $1::tsquery, $1::text', [query]);
      // What a page is called, it is found by.
      const words = searchWords('someone', text);
      const [row] = await db.query<{ found: boolean }>('SELECT array_to_tsvector($1::text[]) @@ $2::tsquery AS found', [words, query ?? "'someone'"]);
      expect(row!.found).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test.each([[undefined], ['maker']])('pages of the search %j hold while creators are added', async (search) => {
  const api = new Api(database.current.db);
  for (let index = 0; index < 7; index++) await api.page(`maker_${index}`);
  const page = async (after: string | null) => (await api.run(null, source, { search, first: 3, after })).data.creators;
  const first = await page(null);
  expect(first).toMatchObject({ totalCount: 7, pageInfo: { hasNextPage: true, hasPreviousPage: false, startCursor: first.edges[0].cursor } });
  await api.page('maker_new');
  const second = await page(first.pageInfo.endCursor);
  const third = await page(second.pageInfo.endCursor);
  expect([...first.nodes, ...second.nodes, ...third.nodes].map((node: any) => node.handle))
    .toEqual([6, 5, 4, 3, 2, 1, 0].map((index) => `maker_${index}`));
  expect(second.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
  expect(third).toMatchObject({ totalCount: 8, pageInfo: { hasNextPage: false, hasPreviousPage: true } });
});

test('pages of a search go on from one rank to the next', async () => {
  const api = new Api(database.current.db);
  for (const [handle, displayName] of [['zoe', 'Ann'], ['ann_b', 'B'], ['yan', 'Ann'], ['Ann', 'A'], ['ann_c', 'C']] as const) await api.page(handle, { displayName });
  const seen: string[] = [];
  for (let after: string | null = null, more = true; more; ) {
    const { data } = await api.run(null, source, { search: 'ann', first: 1, after });
    seen.push(...data.creators.nodes.map((node: any) => node.handle));
    ({ endCursor: after, hasNextPage: more } = data.creators.pageInfo);
  }
  expect(seen).toEqual(['Ann', 'ann_c', 'ann_b', 'yan', 'zoe']);
});

test.each([
  ['a page of none', { first: 0 }, 'BAD_USER_INPUT'],
  ['a page of 101', { first: 101 }, 'BAD_USER_INPUT'],
  ['a cursor of nothing', { after: 'x' }, 'CURSOR_INVALID'],
  ['a cursor of another list', { after: Buffer.from('["tiers","01a1fd6b-5c9d-707e-b2e7-5d23848c7e87"]').toString('base64url') }, 'CURSOR_INVALID'],
  ['a cursor with SQL in it', { after: Buffer.from('["creators","1\' OR 1=1"]').toString('base64url') }, 'CURSOR_INVALID'],
  ['a found cursor of a strange rank', { search: 'a', after: Buffer.from('["creators.found","9","01a1fd6b-5c9d-707e-b2e7-5d23848c7e87"]').toString('base64url') }, 'CURSOR_INVALID'],
])('%s is refused', async (_, variables, code) => {
  expect((await new Api(database.current.db).run(null, source, variables)).codes).toEqual([code]);
});
