import { expect, test } from '@jest/globals';
import { eachTestServer } from '../support/server.ts';

const server = eachTestServer({ environment: { LIMIT_BODY_BYTES: '262144' } });

const money = 'mutation ($a: Decimal!) { sendTip(input: { creatorId: "a", amount: { amount: $a, currency: "USD" }, idempotencyKey: "k" }) { errors { code } } }';

test.each([
  ['a variable condition on a subscription\'s root field', 'subscription ($s: Boolean!) { tipReceived(creatorId: "a") @skip(if: $s) { sequence } }', '{"s":true}', 'GRAPHQL_VALIDATION_FAILED'],
  ['a null for an argument with a default', 'query ($p: Period) { creator(handle: "nova") { topTippers(period: $p) { displayName } } }', '{"p":null}', 'BAD_USER_INPUT'],
  ['the same where graphql-js runs it', 'query ($p: Period) { creator(handle: "nova") { topTippers(period: $p) @include(if: true) { displayName } } }', '{"p":null}', 'BAD_USER_INPUT'],
  ['an amount nested deeper than JSON can be written', money, `{"a":${'['.repeat(60_000)}${']'.repeat(60_000)}}`, 'BAD_USER_INPUT'],
  ['tips of tips that would answer megabytes', '{ creator(handle: "nova") { tips(first: 100) { nodes { creator { tips(first: 100) { nodes { a: message b: message c: message } } } } } } }', '{}', 'QUERY_TOO_COMPLEX'],
])('%s is the client\'s mistake', async (_what, query, variables, code) => {
  const { token } = await server.current.signUp();
  expect((await server.current.graphql('mutation { createCreator(input: { handle: "nova", displayName: "Nova", currency: "USD" }) { errors { code } } }', {}, token)).data.createCreator.errors).toEqual([]);
  const response = await fetch(`${server.current.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"query":${JSON.stringify(query)},"variables":${variables}}` });
  const text = await response.text();
  expect(text.length).toBeLessThan(2_000);
  expect(JSON.parse(text).errors).toEqual([expect.objectContaining({ extensions: expect.objectContaining({ code }) })]);
  expect(response.status).toBe(200);
});

test.each([
  ['hash', { version: 1, sha256Hash: 'f'.repeat(64) }, 'provided sha does not match query'],
  ['version', { version: 2, sha256Hash: 'f'.repeat(64) }, 'Unsupported persisted query version'],
])('a persisted query with a wrong %s is the client\'s mistake', async (_what, persistedQuery, message) => {
  const response = await fetch(`${server.current.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: '{ __typename }', extensions: { persistedQuery } }) });
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] });
});

test('a path that is no UTF-8 is refused in the API\'s form', async () => {
  const response = await fetch(`${server.current.url}/%c0%ae`);
  expect(response.status).toBe(400);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  expect(response.headers.get('x-request-id')).toBeTruthy();
  expect(await response.json()).toEqual({ errors: [{ message: expect.stringContaining('/%c0%ae'), extensions: { code: 'BAD_REQUEST' } }] });
});
