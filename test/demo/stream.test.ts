import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createApp, invariants } from '../../src/app.ts';
import { DemoClock, DemoError, seedDemo, streamDemoTips, type StreamOptions } from '../../src/demo/room.ts';
import { amountIn } from '../../src/demo/wishes.ts';
import { createLog } from '../../src/server/room.ts';
import { expectCleanBooks } from '../support/books.ts';
import { eachTestServer } from '../support/server.ts';

const neverAborted = new AbortController().signal;

function options(given: Partial<StreamOptions> & { url: string }): StreamOptions {
  return { handle: 'nova', tips: 3, everyMs: 0, signal: neverAborted, say: () => {}, ...given };
}

test.each([
  ['USD', '0.05', '0.05'],
  ['EUR', '20', '20'],
  ['JPY', '3.50', '350'],
  ['JPY', '0.05', '5'],
  ['JPY', '0.000001', '0.000001'],
])('in %s about %s dollars are %s', (currency, dollars, amount) => {
  expect(amountIn(currency, dollars)).toBe(amount);
});

describe('on a server with demo data', () => {
  const server = eachTestServer();

  async function seed(): Promise<void> {
    const clock = new DemoClock();
    const app = createApp({ config: server.current.config, database: server.current.db, log: createLog('silent'), clock });
    await seedDemo(app.services, clock);
    await app.stop();
  }

  async function tipsOf(handle: string): Promise<number> {
    const { data } = await server.current.graphql('query ($handle: String!) { creator(handle: $handle) { tips { totalCount } } }', { handle });
    return data.creator.tips.totalCount;
  }

  test('a stream sends as many tips as it was asked for, in the creator\'s currency, and says each', async () => {
    await seed();
    for (const handle of ['nova', 'tanuki_beats']) {
      const before = await tipsOf(handle);
      const said: string[] = [];
      expect(await streamDemoTips(options({ url: server.current.url, handle, tips: 25, say: (line) => said.push(line) }))).toBe(25);
      expect(await tipsOf(handle)).toBe(before + 25);
      expect(said[0]).toContain(`Sending 25 tips to`);
      expect(said.filter((line) => /^ +\d+  [$¥]/u.test(line))).toHaveLength(25);
    }
    await expectCleanBooks(server.current.db, invariants);
  });

  test('a wallet that runs dry is topped up, and the tip it could not pay is sent then', async () => {
    await seed();
    const { db, url } = server.current;
    const drained = 'mutation ($input: SendTipInput!) { sendTip(input: $input) { tip { id } errors { code } } }';
    const answer = await fetch(`${url}/api/auth/sign-in/email`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ email: 'ada@fans.example', password: 'farthing-demo' }),
    });
    const token = answer.headers.get('set-auth-token') as string;
    const { data } = await server.current.graphql('{ viewer { wallets { balance { amount currency } } } creator(handle: "nova") { id } }', {}, token);
    const dollars = data.viewer.wallets.find(({ balance }: any) => balance.currency === 'USD').balance;
    const sent = await server.current.graphql(drained, { input: { creatorId: data.creator.id, amount: dollars, idempotencyKey: 'drain' } }, token);
    expect(sent.data.sendTip.errors).toEqual([]);
    const said: string[] = [];
    await streamDemoTips(options({ url, tips: 6, say: (line) => said.push(line) }));
    expect(said.filter((line) => line.includes('tops up'))).toEqual(['      Ada tops up: the wallet now holds $50.00.']);
    expect(said.filter((line) => /^ +\d+  /.test(line))).toHaveLength(6);
    await expectCleanBooks(db, invariants);
  });

  test('an unknown creator is an error with its name', async () => {
    await seed();
    const { url } = server.current;
    await expect(streamDemoTips(options({ url, handle: 'nobody' }))).rejects.toThrow(new DemoError(`There is no creator "nobody" on ${url}.`));
  });

  test('a server without demo data is an error that says so', async () => {
    const { graphql, signUp, url } = server.current;
    const { token } = await signUp();
    await graphql('mutation ($input: CreateCreatorInput!) { createCreator(input: $input) { errors { code } } }', { input: { handle: 'nova', displayName: 'Nova', currency: 'USD' } }, token);
    await expect(streamDemoTips(options({ url }))).rejects.toThrow('demo data is on the embedded database only');
  });
});

describe('on a server that falters', () => {
  const closing: (() => void)[] = [];
  afterEach(() => closing.splice(0).forEach((close) => close()));

  /** Answers what the list says, one entry a request of a tip; the last one again and again. */
  async function faltering(answers: readonly ('OK' | 'OVERLOADED' | 'CUT')[]): Promise<{ url: string; keys: string[] }> {
    const keys: string[] = [];
    const reply = (response: ServerResponse, body: object, status = 200) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const http = createServer(async (request: IncomingMessage, response) => {
      let text = '';
      for await (const part of request) text += part;
      if (request.url?.startsWith('/api/auth/')) return response.setHeader('set-auth-token', 'a token').end('{}');
      const { query, variables } = JSON.parse(text);
      if (query.startsWith('query')) return reply(response, { data: { creator: { id: 'cre_1', displayName: 'Nova', currency: 'USD' } } });
      const answer = answers[Math.min(keys.length, answers.length - 1)];
      keys.push(variables.input.idempotencyKey);
      if (answer === 'CUT') return request.socket.destroy();
      if (answer === 'OVERLOADED') return reply(response, { errors: [{ message: 'Too much.', extensions: { code: 'OVERLOADED' } }] }, 503);
      return reply(response, { data: { sendTip: { tip: { amount: { formatted: '$0.05' }, displayName: 'Ada', message: null }, errors: [] } } });
    });
    await once(http.listen(0, '127.0.0.1'), 'listening');
    closing.push(() => http.close());
    return { url: `http://127.0.0.1:${(http.address() as { port: number }).port}`, keys };
  }

  test('a tip whose answer was lost or refused for now is sent again under the same key', async () => {
    const { url, keys } = await faltering(['OK', 'CUT', 'OVERLOADED', 'OK']);
    expect(await streamDemoTips(options({ url, tips: 3 }))).toBe(3);
    expect(keys).toHaveLength(5);
    expect(new Set(keys.slice(1, 4)).size).toBe(1);
    expect(new Set(keys).size).toBe(3);
  });

  test('a server that stays away for too long ends the stream with an error', async () => {
    const { url } = await faltering(['OK', 'OVERLOADED']);
    await expect(streamDemoTips(options({ url, patienceMs: 600 }))).rejects.toThrow('The server refused: Too much.');
  });

  test('a stream that is ended says how many tips were sent', async () => {
    const { url } = await faltering(['OK']);
    const ending = new AbortController();
    const sent = await streamDemoTips(options({ url, tips: 0, everyMs: 5, signal: ending.signal, say: (line) => void (line.startsWith('   4') && ending.abort()) }));
    expect(sent).toBe(4);
  });

  test('no server at all is told at once', async () => {
    await expect(streamDemoTips(options({ url: 'http://127.0.0.1:9' }))).rejects.toThrow('http://127.0.0.1:9 does not answer. Is the server running?');
  });
});
