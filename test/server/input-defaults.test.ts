import { expect, test } from '@jest/globals';
import { buildSchema, getOperationAST, parse, type OperationDefinitionNode } from 'graphql';
import { withInputDefaults } from '../../src/server/input-defaults.ts';

const schema = buildSchema(`
  enum Funding { WALLET CARD }
  input Part { size: Int! = 3, note: String = "none" }
  input Tip { funding: Funding! = WALLET, name: String!, part: Part, parts: [Part!] }
  type Query { tip(input: Tip!, tips: [Tip!], id: ID): Int }
`);

const operation = getOperationAST(parse('query ($input: Tip!, $tips: [Tip!], $id: ID) { tip(input: $input, tips: $tips, id: $id) }')) as OperationDefinitionNode;

test.each([
  ['a field that is absent',          { input: { name: 'a' } },                        { input: { name: 'a', funding: 'WALLET' } }],
  ['a field that is given',           { input: { name: 'a', funding: 'CARD' } },       { input: { name: 'a', funding: 'CARD' } }],
  ['a null, which stays a mistake',   { input: { name: 'a', funding: null } },         { input: { name: 'a', funding: null } }],
  ['a field of a field',              { input: { funding: 'CARD', part: {} } },        { input: { funding: 'CARD', part: { size: 3 } } }],
  ['fields of a list',                { tips: [{}, { funding: 'CARD' }] },             { tips: [{ funding: 'WALLET' }, { funding: 'CARD' }] }],
  ['one item in place of a list',     { input: { funding: 'CARD', parts: {} } },       { input: { funding: 'CARD', parts: { size: 3 } } }],
  ['what is no object at all',        { input: 'text', tips: null },                   { input: 'text', tips: null }],
  ['other variables',                 { id: 'x', stray: { name: 'a' } },               { id: 'x', stray: { name: 'a' } }],
])('defaults of required input fields: %s', (_, given, completed) => {
  expect(withInputDefaults(schema, operation, given)).toEqual(completed);
});

test('what the client sent is left as it was', () => {
  const given = { input: { name: 'a' } };
  withInputDefaults(schema, operation, given);
  expect(given).toEqual({ input: { name: 'a' } });
});
