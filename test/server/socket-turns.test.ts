import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { signUp } from '../../src/identity/room.ts';
import { clientOf, counts, raw, run, start } from './socket-support.ts';

test('four queries of a socket run at a time, and the others wait', async () => {
  const { socketUrl } = await start();
  const client = clientOf(socketUrl);
  const ends = await Promise.all(Array.from({ length: 20 }, () => run(client, '{ slowly }')));
  expect(ends).toEqual(Array.from({ length: 20 }, () => ({ results: [{ data: { slowly: 'done' } }], end: 'COMPLETE' })));
  expect(counts.most).toBe(4);
});

test('what waits and was given up still counts, and never runs', async () => {
  const { socketUrl } = await start({ environment: { LIMIT_SOCKET_OPERATIONS: '6' } });
  const socket = await raw(socketUrl);
  socket.send({ type: 'connection_init' });
  while (socket.messages.length < 1) await delay(5);
  const before = counts.paid;
  for (let n = 0; n < 4; n++) socket.send({ id: `busy ${n}`, type: 'subscribe', payload: { query: '{ slowly }' } });
  for (let n = 0; n < 10; n++) {
    socket.send({ id: `pay ${n}`, type: 'subscribe', payload: { query: 'mutation { pay }' } });
    socket.send({ id: `pay ${n}`, type: 'complete' });
  }
  socket.send({ id: 'last', type: 'subscribe', payload: { query: 'mutation { pay }' } });
  while (socket.messages.filter(({ id, type }) => type === 'complete' && id.startsWith('busy')).length < 4) await delay(5);
  expect(socket.messages.filter(({ type }) => type === 'error')).toEqual([
    { id: 'last', type: 'error', payload: [expect.objectContaining({ extensions: { code: 'RATE_LIMITED' } })] },
  ]);
  socket.send({ id: 'later', type: 'subscribe', payload: { query: 'mutation { pay }' } });
  while (!socket.messages.some(({ id, type }) => id === 'later' && type === 'complete')) await delay(5);
  expect(counts.paid).toBe(before + 1);
});

test('a reader that reads nothing is closed with 1013 before many large answers are made', async () => {
  const { socketUrl, lines } = await start();
  const socket = await raw(socketUrl);
  socket.send({ type: 'connection_init' });
  while (socket.messages.length < 1) await delay(5);
  const before = counts.larges;
  socket.socket.pause();
  for (let n = 0; n < 50; n++) socket.send({ id: `${n}`, type: 'subscribe', payload: { query: '{ large }' } });
  while (counts.larges === before) await delay(5);
  await delay(300);
  socket.socket.resume();
  expect(await socket.closed).toEqual({ code: 1013, reason: 'slow reader' });
  expect(counts.larges - before).toBeLessThanOrEqual(4);
  await delay(50);
  expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
});

test('a session that has ended pays nothing over a socket that is still open', async () => {
  const server = await start({ timings: { recheckMs: 60_000 } });
  const { token } = await signUp(server.services, { email: 'ada@example.com', password: 'correct horse battery', name: 'Ada' });
  const socket = await raw(server.socketUrl);
  socket.send({ type: 'connection_init', payload: { authToken: token } });
  while (socket.messages.length < 1) await delay(5);
  const before = counts.paid;
  socket.send({ id: 'a', type: 'subscribe', payload: { query: 'mutation { pay }' } });
  while (socket.messages.length < 3) await delay(5);
  expect(counts.paid).toBe(before + 1);
  await fetch(`${server.url}/api/auth/sign-out`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  socket.send({ id: 'b', type: 'subscribe', payload: { query: 'mutation { pay }' } });
  expect(await socket.closed).toEqual({ code: 4401, reason: 'The session has ended' });
  expect(counts.paid).toBe(before + 1);
});
