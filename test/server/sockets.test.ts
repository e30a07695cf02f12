import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { signUp } from '../../src/identity/room.ts';
import { clientOf, counts, raw, run, start } from './socket-support.ts';

test('queries and subscriptions run over one socket, which knows the viewer of its token', async () => {
  const server = await start();
  const { token } = await signUp(server.services, { email: 'ada@example.com', password: 'correct horse battery', name: 'Ada' });
  const client = clientOf(server.socketUrl, token);
  expect(await run(client, '{ who }')).toEqual({ results: [{ data: { who: 'ada@example.com' } }], end: 'COMPLETE' });
  const { results } = await run(client, 'subscription ($to: Int) { count(to: $to) }', { to: 300 });
  expect(results).toEqual(Array.from({ length: 300 }, (_, index) => ({ data: { count: index + 1 } })));
  expect(await run(clientOf(server.socketUrl), '{ who }')).toEqual({ results: [{ data: { who: 'nobody' } }], end: 'COMPLETE' });
});

test('a dead token closes the socket with 4401', async () => {
  const server = await start();
  for (const token of ['nonsense', 'a.b', 7]) {
    const socket = await raw(server.socketUrl);
    socket.send({ type: 'connection_init', payload: { authToken: token } });
    expect(await socket.closed).toMatchObject({ code: 4401 });
    expect(socket.messages).toEqual([]);
  }
});

test('a session that ends closes its sockets with 4401 and leaves the others open', async () => {
  const server = await start({ timings: { recheckMs: 50 } });
  const account = { email: 'ada@example.com', password: 'correct horse battery', name: 'Ada' };
  const { token } = await signUp(server.services, account);
  const { token: others } = await signUp(server.services, { ...account, email: 'bob@example.com' });
  const sockets = [await raw(server.socketUrl), await raw(server.socketUrl), await raw(server.socketUrl)];
  [token, others, undefined].forEach((authToken, index) => sockets[index]!.send({ type: 'connection_init', payload: { authToken } }));
  await delay(150);
  expect(sockets.map(({ socket }) => socket.readyState)).toEqual([1, 1, 1]);
  await fetch(`${server.url}/api/auth/sign-out`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  expect(await sockets[0]!.closed).toEqual({ code: 4401, reason: 'The session has ended' });
  await delay(150);
  expect(sockets.slice(1).map(({ socket }) => socket.readyState)).toEqual([1, 1]);
});

test('a cookie signs a browser\'s socket in, from an allowed origin alone', async () => {
  const server = await start({ environment: { ALLOWED_ORIGINS: 'https://shop.example' } });
  const answer = await fetch(`${server.url}/api/auth/sign-up/email`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'ada@example.com', password: 'correct horse battery', name: 'Ada' }),
  });
  const cookie = answer.headers.getSetCookie()[0]!.split(';')[0]!;
  for (const [origin, opens] of [['https://shop.example', true], [server.url, true], ['https://evil.example', false], ['null', false]] as const) {
    const opened = raw(server.socketUrl, { headers: { cookie, origin } });
    if (!opens) {
      await expect(opened).rejects.toThrow('Unexpected server response: 403');
      continue;
    }
    const socket = await opened;
    socket.send({ type: 'connection_init' });
    while (socket.messages.length < 1) await delay(5);
    socket.send({ id: 'a', type: 'subscribe', payload: { query: '{ who }' } });
    while (socket.messages.length < 3) await delay(5);
    expect(socket.messages).toEqual([
      { type: 'connection_ack' }, { id: 'a', type: 'next', payload: { data: { who: 'ada@example.com' } } }, { id: 'a', type: 'complete' },
    ]);
  }
});

test.each([
  ['a reader that is too slow', 'slow', 1013],
  ['a database that is away', 'unavailable', 1013],
])('%s closes the socket so that clients come back, without an `error` message', async (_what, how, code) => {
  const server = await start();
  for (const when of ['start', 'later']) {
    const socket = await raw(server.socketUrl);
    socket.send({ type: 'connection_init' });
    while (socket.messages.length < 1) await delay(5);
    socket.send({ id: 'a', type: 'subscribe', payload: { query: 'subscription { fail }', variables: { how, when } } });
    expect(await socket.closed).toMatchObject({ code });
    expect(socket.messages.filter((message) => message.type === 'error')).toEqual([]);
  }
});

test.each([
  ['forbidden', 'FORBIDDEN', 'Not yours.'],
  ['bug', 'INTERNAL_SERVER_ERROR', 'Something failed on our side'],
])('a final reason (%s) is an `error` message, and the socket stays open', async (how, code, message) => {
  const server = await start();
  const client = clientOf(server.socketUrl);
  for (const when of ['start', 'later']) {
    const { end } = await run(client, 'subscription { fail }', { how, when });
    expect(end).toEqual([expect.objectContaining({ message: expect.stringContaining(message), extensions: expect.objectContaining({ code }) })]);
  }
  expect(await run(client, '{ who }')).toMatchObject({ end: 'COMPLETE' });
  expect(JSON.stringify(server.lines.filter((line) => line.level === 'error')).includes('select 1')).toBe(how === 'bug');
});

test('a mutation or query that fails for a passing reason answers its code and keeps the socket', async () => {
  const { socketUrl } = await start();
  const { results } = await run(clientOf(socketUrl), '{ busy who }');
  expect(results).toEqual([{ data: { busy: null, who: 'nobody' }, errors: [expect.objectContaining({ path: ['busy'], extensions: { code: 'OVERLOADED' } })] }]);
});

test('a malformed message closes with 4400, a second connection_init with 4429, an operation before it with 4401', async () => {
  const { socketUrl } = await start();
  const malformed = await raw(socketUrl);
  malformed.send('{');
  expect(await malformed.closed).toMatchObject({ code: 4400 });
  const twice = await raw(socketUrl);
  twice.send({ type: 'connection_init' });
  twice.send({ type: 'connection_init' });
  expect(await twice.closed).toMatchObject({ code: 4429 });
  const early = await raw(socketUrl);
  early.send({ id: 'a', type: 'subscribe', payload: { query: '{ who }' } });
  expect(await early.closed).toMatchObject({ code: 4401 });
});

test('a socket that says nothing is closed with 4408, one that stops answering pings is cut', async () => {
  const silent = await start({ timings: { initTimeoutMs: 60 } });
  expect(await (await raw(silent.socketUrl)).closed).toMatchObject({ code: 4408 });
  const pinging = await start({ timings: { pingMs: 60 } });
  const deaf = await raw(pinging.socketUrl);
  const alive = await raw(pinging.socketUrl);
  deaf.socket.pong = () => {};
  deaf.send({ type: 'connection_init' });
  alive.send({ type: 'connection_init' });
  expect(await deaf.closed).toMatchObject({ code: 1006 });
  await delay(200);
  expect(alive.socket.readyState).toBe(1);
});

test('a foreign subprotocol is closed with 4406, and other paths take no sockets', async () => {
  const { socketUrl } = await start();
  await expect(raw(socketUrl.replace('/graphql', '/other'))).rejects.toThrow('Unexpected server response: 404');
  const none = new WebSocket(socketUrl);
  const [code] = await once(none, 'close');
  expect(code).toBe(4406);
});

test('a message larger than the limit closes the socket with 1009', async () => {
  const { socketUrl } = await start({ environment: { LIMIT_BODY_BYTES: '2048' } });
  const socket = await raw(socketUrl);
  socket.send({ type: 'connection_init', payload: { authToken: 'x'.repeat(3_000) } });
  expect(await socket.closed).toMatchObject({ code: 1009 });
});

test('the limits hold on sockets: size, cost and operations at once', async () => {
  const { socketUrl } = await start({ environment: { LIMIT_SOCKET_OPERATIONS: '3', LIMIT_ALIASES: '2' } });
  const client = clientOf(socketUrl);
  const { end } = await run(client, '{ a: who b: who c: who }');
  expect(end).toEqual([expect.objectContaining({ message: 'The operation has 3 aliases; at most 2 are allowed.', extensions: { code: 'QUERY_TOO_COMPLEX', actual: 3, limit: 2 } })]);
  for (let n = 0; n < 3; n++) void run(client, 'subscription { wait }');
  await delay(100);
  const { end: refused } = await run(client, 'subscription { wait }');
  expect(refused).toEqual([expect.objectContaining({ message: '4 operations run on this socket; at most 3 may.', extensions: { code: 'RATE_LIMITED' } })]);
  expect(counts.waiting).toBe(3);
});

test('a document on which validation itself fails is an `error` message, and the socket stays open', async () => {
  const { socketUrl } = await start();
  const client = clientOf(socketUrl);
  const { end } = await run(client, 'subscription ($s: Boolean!) { wait @skip(if: $s) }', { s: true });
  expect(end).toEqual([expect.objectContaining({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })]);
  expect(await run(client, '{ who }')).toMatchObject({ end: 'COMPLETE' });
});

test('a subscription over HTTP is told where subscriptions run', async () => {
  const { url } = await start();
  const body = JSON.stringify({ query: 'subscription { wait }' });
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' }, body });
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ errors: [{ message: 'Subscriptions run over a WebSocket at this path, by the protocol graphql-transport-ws.', extensions: { code: 'BAD_REQUEST' } }] });
});

test('stopping closes every socket with 1012 and ends its operations', async () => {
  const server = await start();
  const closes: number[] = [];
  for (let n = 0; n < 5; n++) {
    const client = clientOf(server.socketUrl, undefined, ({ code }) => void closes.push(code));
    client.subscribe({ query: 'subscription { wait }' }, { next: () => {}, error: () => {}, complete: () => {} });
  }
  const before = counts.waiting;
  while (counts.waiting < before + 5) await delay(5);
  const startedAt = performance.now();
  await server.stop();
  expect(performance.now() - startedAt).toBeLessThan(1_500);
  await delay(50);
  expect(closes).toEqual([1012, 1012, 1012, 1012, 1012]);
});
