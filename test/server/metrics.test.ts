import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { eachTestServer } from '../support/server.ts';

const server = eachTestServer();

function scrape(headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.current.url}/metrics`, { headers });
}

test('the metrics count requests, operations by outcome, open sockets and the event loop', async () => {
  await server.current.graphql('{ viewer { email } }');
  await server.current.graphql('{ nothing }');
  await server.current.graphql('mutation { updateViewer(input: { displayName: "Ada" }) { errors { code } } }');
  const socket = new WebSocket(server.current.socketUrl, 'graphql-transport-ws');
  await new Promise((resolve) => socket.once('open', resolve));
  await delay(20);
  const text = await (await scrape()).text();
  expect(text).toContain('farthing_graphql_operations_total{kind="query",transport="http",outcome="OK"} 1');
  expect(text).toContain('farthing_graphql_operations_total{kind="unknown",transport="http",outcome="GRAPHQL_VALIDATION_FAILED"} 1');
  expect(text).toContain('farthing_graphql_operations_total{kind="mutation",transport="http",outcome="UNAUTHENTICATED"} 1');
  expect(text).toContain('farthing_http_request_duration_seconds_count{method="POST",route="/graphql",status="200"} 3');
  expect(text).toContain('farthing_sockets_open 1');
  expect(text).toContain('farthing_tips_queued 0');
  expect(text).toContain('farthing_live_operations 0');
  expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
  socket.terminate();
  await delay(50);
  expect(await (await scrape()).text()).toContain('farthing_sockets_closed_total{code="1006"} 1');
});

test('a path that does not exist makes no label of its own', async () => {
  for (let n = 0; n < 5; n++) await fetch(`${server.current.url}/made-up-${n}`);
  const text = await (await scrape()).text();
  expect(text).toContain('farthing_http_request_duration_seconds_count{method="GET",route="none",status="404"} 5');
  expect(text).not.toContain('made-up');
});

test('metrics are not for whoever comes through a proxy', async () => {
  for (const headers of [{ 'x-forwarded-for': '203.0.113.9' }, { forwarded: 'for=203.0.113.9' }] as Record<string, string>[]) {
    const response = await scrape(headers);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  }
});
