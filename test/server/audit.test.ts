import { expect, test } from '@jest/globals';
import { serverAudits, type AuditResult } from 'graphql-http';
import { eachTestServer } from '../support/server.ts';

const server = eachTestServer();

async function complaints(fetchFn: typeof fetch): Promise<string[]> {
  const audits = serverAudits({ url: `${server.current.url}/graphql`, fetchFn });
  expect(audits.length).toBeGreaterThan(50);
  const results: AuditResult[] = await Promise.all(audits.map((audit) => audit.fn()));
  return results.flatMap((result) => (result.status === 'ok' ? [] : [`${result.status} ${result.id} ${result.name}: ${result.reason}`]));
}

test('the GraphQL-over-HTTP audit finds no error and no warning, and only misses GETs that a foreign page could have sent', async () => {
  expect((await complaints(fetch)).map((line) => line.slice(0, 11)).sort()).toEqual(['notice 5A70', 'notice 6A70', 'notice D6D5']);
});

test('to clients that say they are no foreign page the audit finds nothing to complain about at all', async () => {
  const preflighted: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('apollo-require-preflight', 'true');
    return fetch(input, { ...init, headers });
  };
  expect(await complaints(preflighted)).toEqual([]);
});
