import { request as rawRequest } from 'node:http';
import { expect, test } from '@jest/globals';
import { eachTestServer } from '../support/server.ts';

const lines: string[] = [];
const server = eachTestServer({
  environment: { ALLOWED_ORIGINS: 'https://shop.example', LIMIT_BODY_BYTES: '4096', LIMIT_ALIASES: '3' },
  onLog: (line) => void lines.push(line),
});

const json = { 'content-type': 'application/json' };

function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.current.url}/graphql`, { method: 'POST', headers: { ...json, ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) });
}

function logged(requestId: string): Record<string, any> | undefined {
  return lines.map((line) => JSON.parse(line) as Record<string, any>).find((line) => line.requestId === requestId && line.msg === 'request');
}

test('a viewer who signed up over HTTP reads itself by bearer token and by cookie', async () => {
  const answer = await fetch(`${server.current.url}/api/auth/sign-up/email`, {
    method: 'POST', headers: json, body: JSON.stringify({ email: 'ada@example.com', password: 'correct horse battery', name: 'Ada' }),
  });
  expect(answer.status).toBe(200);
  const token = answer.headers.get('set-auth-token')!;
  const cookie = answer.headers.getSetCookie()[0]!.split(';')[0]!;
  for (const headers of [{ authorization: `Bearer ${token}` }, { cookie }] as Record<string, string>[]) {
    expect(await (await post({ query: '{ viewer { email displayName } }' }, headers)).json()).toEqual({ data: { viewer: { email: 'ada@example.com', displayName: 'Ada' } } });
  }
});

test('a dead bearer token is 401 with UNAUTHENTICATED, whatever the operation', async () => {
  const response = await post({ query: '{ __typename }' }, { authorization: 'Bearer nonsense' });
  expect(response.status).toBe(401);
  expect(await response.json()).toEqual({
    errors: [{ message: 'The session token is not valid, or its session has ended: sign in again.', extensions: { code: 'UNAUTHENTICATED' } }],
  });
});

test('GET answers queries to clients that no form could be, and never mutations', async () => {
  const get = (query: string, headers: Record<string, string> = { 'apollo-require-preflight': '1' }) => fetch(`${server.current.url}/graphql?query=${encodeURIComponent(query)}`, { headers });
  expect(await (await get('{ __typename }')).json()).toEqual({ data: { __typename: 'Query' } });
  expect((await get('{ __typename }', {})).status).toBe(400);
  const mutation = await get('mutation { updateViewer(input: {}) { errors { code } } }');
  expect(mutation.status).toBe(405);
  expect(mutation.headers.get('allow')).toBe('POST');
});

test('what a form of a foreign page could send is refused', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const response = await post('{"query":"{ __typename }"}', { 'content-type': type });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  }
});

test.each([
  ['a body that is too large', JSON.stringify({ query: `{ __typename } # ${'x'.repeat(5_000)}` }), 413, 'PAYLOAD_TOO_LARGE', "The request's body is larger than 4096 bytes, the most that is allowed."],
  ['what is no JSON', '{"query":', 400, 'BAD_REQUEST', expect.any(String)],
  ['a batch', '[{"query":"{ __typename }"}]', 400, 'BAD_REQUEST', expect.stringContaining('batch')],
  ['a body without a query', '{}', 400, 'BAD_REQUEST', expect.any(String)],
  ['a number for the query', '{"query":7}', 400, 'BAD_REQUEST', expect.any(String)],
  ['a subscription', '{"query":"subscription { __typename }"}', 200, 'GRAPHQL_VALIDATION_FAILED', expect.any(String)],
  ['too many aliases', '{"query":"{ a: __typename b: __typename c: __typename d: __typename }"}', 200, 'QUERY_TOO_COMPLEX', 'The operation has 4 aliases; at most 3 are allowed.'],
])('%s is refused in GraphQL\'s form', async (_what, body, status, code, message) => {
  const response = await post(body);
  const answer = (await response.json()) as { errors: unknown[] };
  expect(answer).not.toHaveProperty('data');
  expect(answer.errors[0]).toMatchObject({ message, extensions: { code } });
  expect(response.status).toBe(status);
});

test('a Host that is no host, or a path that is none of ours, is a client\'s mistake', async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const asked = rawRequest(`${server.current.url}/graphql?query={__typename}`, { headers: { host: '[', 'apollo-require-preflight': '1' } }, (response) => resolve(response.statusCode));
    asked.on('error', reject);
    asked.end();
  });
  expect(status).toBe(400);
  const missing = await fetch(`${server.current.url}/nothing?token=secret`);
  expect(missing.status).toBe(404);
  expect(await missing.json()).toEqual({ errors: [{ message: 'Nothing is at GET /nothing. The API is at /graphql.', extensions: { code: 'NOT_FOUND' } }] });
});

test('pages of allowed origins may read answers with credentials, others may not', async () => {
  for (const [origin, allowed] of [['https://shop.example', true], ['https://evil.example', false], ['https://shop.example.evil.example', false], ['null', false]] as const) {
    const preflight = await fetch(`${server.current.url}/graphql`, {
      method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,authorization' },
    });
    const response = await post({ query: '{ __typename }' }, { origin });
    expect(response.status).toBe(200);
    for (const answer of [preflight, response]) {
      expect(answer.headers.get('access-control-allow-origin')).toBe(allowed ? origin : null);
      expect(answer.headers.get('access-control-allow-credentials')).toBe(allowed ? 'true' : null);
    }
    if (allowed) expect(response.headers.get('access-control-expose-headers')).toContain('set-auth-token');
  }
});

test('sign-in from an allowed origin carries CORS headers once, and its token where the page may read it', async () => {
  const { email } = await server.current.signUp({ password: 'correct horse battery' });
  const response = await fetch(`${server.current.url}/api/auth/sign-in/email`, {
    method: 'POST', headers: { ...json, origin: 'https://shop.example' }, body: JSON.stringify({ email, password: 'correct horse battery' }),
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example');
  expect(response.headers.get('access-control-expose-headers')).toContain('set-auth-token');
  expect(response.headers.get('set-auth-token')).toBeTruthy();
});

test('a request keeps a sane id of its own and gets one otherwise, in the answer and in its one log line', async () => {
  const kept = await post({ query: 'query Mine { viewer { email } }' }, { 'x-request-id': 'trace-77' });
  expect(kept.headers.get('x-request-id')).toBe('trace-77');
  expect(logged('trace-77')).toMatchObject({ method: 'POST', path: '/graphql', status: 200, operation: { kind: 'query', name: 'Mine' } });
  for (const given of ['x'.repeat(65), 'a b', 'a"b']) {
    expect((await post({ query: '{ __typename }' }, { 'x-request-id': given })).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  }
});

test('no log line holds a password, a token, a cookie or a query string', async () => {
  lines.length = 0;
  const password = 'correct horse battery';
  const { email, token } = await server.current.signUp({ password });
  await server.current.graphql('query { viewer { email } }', { authToken: token }, token);
  await post({ query: '{ viewer { email } }' }, { cookie: `farthing.session_token=${token}` });
  await fetch(`${server.current.url}/api/auth/sign-in/email`, { method: 'POST', headers: json, body: JSON.stringify({ email, password }) });
  await fetch(`${server.current.url}/api/auth/reset-password?token=${token}`);
  expect(lines.length).toBeGreaterThanOrEqual(4);
  for (const line of lines) {
    expect(line).not.toContain(token);
    expect(line).not.toContain(token.split('.')[0]);
    expect(line).not.toContain(password);
    expect(line).not.toContain('?');
  }
});

test('answers carry headers that keep browsers from guessing and framing', async () => {
  for (const path of ['/graphql', '/livez', '/nothing', '/api/auth/get-session']) {
    const { headers } = await fetch(`${server.current.url}${path}`);
    expect(Object.fromEntries(headers)).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer' });
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  }
});
