import { describe, expect, test } from '@jest/globals';
import { buildSchema, coerceInputValue, getOperationAST, parse, typeFromAST, validate, type GraphQLInputType } from 'graphql';
import { readFileSync } from 'node:fs';
import { samplesFor, withNewIdempotencyKey, type Sample } from '../../web/explorer/samples.ts';
import { renewStoredSamples } from '../../web/explorer/tabs.ts';
import { createTokenStore, takeTokenFromFragment } from '../../web/shared/token.ts';

const ada = { id: 'creator_01', currency: 'EUR' };

function memoryStorage(content: Record<string, string> = {}) {
  const map = new Map(Object.entries(content));
  return {
    map,
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
  };
}

describe('the samples', () => {
  const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
  const samples = samplesFor(ada, 'key-1').map((sample) => [getOperationAST(parse(sample.query))?.name?.value, sample] as const);

  test('are a query, a tip and a subscription', () => {
    expect(samples.map(([, { query }]) => getOperationAST(parse(query))?.operation)).toEqual(['query', 'mutation', 'subscription']);
  });

  test.each(samples)('%s is valid in the printed schema, and so are its variables', (_name, { query, variables }) => {
    const document = parse(query);
    expect(validate(schema, document)).toEqual([]);
    const given = JSON.parse(variables ?? '{}') as Record<string, unknown>;
    for (const { variable, type } of getOperationAST(document)!.variableDefinitions ?? []) {
      const inputType = typeFromAST(schema, type as never) as GraphQLInputType;
      const value = given[variable.name.value];
      if (value !== undefined || type.kind === 'NonNullType') expect(() => coerceInputValue(value, inputType)).not.toThrow();
      delete given[variable.name.value];
    }
    expect(given).toEqual({});
  });

  test('tip the creator in her currency, under the given key', () => {
    const { input } = JSON.parse(samplesFor(ada, 'key-1')[1]!.variables!);
    expect(input).toMatchObject({ creatorId: 'creator_01', amount: { amount: '0.05', currency: 'EUR' }, idempotencyKey: 'key-1' });
  });

  test.each([
    ['{"idempotencyKey":"a"}', '{"idempotencyKey":"new"}'],
    ['{ "input": { "idempotencyKey" : "a\\nb", "x": "idempotencyKey" } }', '{ "input": { "idempotencyKey" : "new", "x": "idempotencyKey" } }'],
    ['{ "creatorId": "c" }', '{ "creatorId": "c" }'],
    ['', ''],
  ])('a new key in %s changes the key alone', (variables, expected) => {
    expect(withNewIdempotencyKey(variables, 'new')).toBe(expected);
  });
});

describe('stored tabs', () => {
  const old = samplesFor({ id: 'creator_gone', currency: 'USD' }, 'key-old');
  const fresh = samplesFor(ada, 'key-new');
  const edited: Sample = { query: old[1]!.query, variables: '{ "mine": true }' };

  test('bring untouched samples up to date and leave edited tabs alone', () => {
    const storage = memoryStorage({
      'farthing:samples': JSON.stringify(old),
      'graphiql:tabState': JSON.stringify({ activeTabIndex: 1, tabs: [{ id: 'a', ...old[0], variables: '' }, { id: 'b', ...old[1] }, { id: 'c', ...edited }] }),
      'graphiql:query': old[1]!.query,
      'graphiql:variables': old[1]!.variables!,
    });
    renewStoredSamples(storage, fresh);
    const { activeTabIndex, tabs } = JSON.parse(storage.getItem('graphiql:tabState')!);
    expect(activeTabIndex).toBe(1);
    expect(tabs).toEqual([{ id: 'a', ...fresh[0] }, { id: 'b', ...fresh[1] }, { id: 'c', ...edited }]);
    expect(storage.getItem('graphiql:variables')).toBe(fresh[1]!.variables);
    expect(JSON.parse(storage.getItem('farthing:samples')!)).toEqual(fresh);
  });

  test.each<Record<string, string>>([{}, { 'graphiql:tabState': 'not json', 'farthing:samples': '{' }, { 'graphiql:tabState': 'null', 'farthing:samples': 'null' }])(
    'start from nothing when the storage holds %j',
    (content) => {
      const storage = memoryStorage(content);
      renewStoredSamples(storage, fresh);
      expect(JSON.parse(storage.getItem('farthing:samples')!)).toEqual(fresh);
      expect(storage.getItem('graphiql:query')).toBeNull();
    },
  );
});

describe('the token', () => {
  test.each([
    ['#token=abc', 'abc', ''],
    ['#token=a%2Bb%3D', 'a+b=', ''],
    ['#token=a+b', 'a+b', ''],
    ['#token=%E0%A4%A', '%E0%A4%A', ''],
    ['#tab=2&token=abc&x=1', 'abc', '#tab=2&x=1'],
    ['#token=', '', ''],
    ['#mytoken=abc', null, '#mytoken=abc'],
    ['#', null, ''],
    ['', null, ''],
  ])('in the fragment %j is %j, which leaves %j', (fragment, token, rest) => {
    expect(takeTokenFromFragment(fragment)).toEqual({ token, rest });
  });

  test('is kept in the storage it was given, tells of changes once, and is gone when emptied', () => {
    const storage = memoryStorage({ 'farthing:token': 'kept' });
    const tokens = createTokenStore(storage);
    const seen: string[] = [];
    const stop = tokens.subscribe(() => seen.push(tokens.get()));
    expect(tokens.get()).toBe('kept');
    tokens.set(' Authorization: Bearer next \n');
    tokens.set('bearer next');
    expect(storage.getItem('farthing:token')).toBe('next');
    tokens.set('');
    expect(storage.map.size).toBe(0);
    stop();
    tokens.set('unheard');
    expect(seen).toEqual(['next', '']);
  });
});
