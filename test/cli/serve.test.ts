import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { cleanUpAll, processesIn, scratch, until } from '../database/embedded-support.ts';
import { freePort } from '../support/child-server.ts';
import { run, start, type Ended, type Running } from './support.ts';

/** One trial server for the whole file: the tests follow its life, from an empty folder to its end, in order. */
const folder = scratch();
const dataDir = path.join(folder, '.data');
const timeoutMs = 60_000;
let port: number;
let url: string;
let server: Running;
let second: Promise<Ended>;

const environment = () => ({ PORT: String(port), LOG_LEVEL: 'warn' });

/** Starts it and waits for the end of what it prints. */
async function serve(): Promise<void> {
  server = start(folder, ['serve'], environment());
  await server.says('Ctrl-C stops the server.');
}

function printed(pattern: RegExp): string {
  const match = pattern.exec(server.out);
  if (!match) throw new Error(`${pattern} is not in:\n${server.out}`);
  return match[1] as string;
}

async function graphql(query: string, variables: object = {}, token?: string): Promise<any> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = (await response.json()) as { data?: unknown; errors?: unknown };
  expect(errors).toBeUndefined();
  return data;
}

async function tipCount(): Promise<number> {
  const { creator } = await graphql('{ creator(handle: "nova") { tips { totalCount } } }');
  return creator.tips.totalCount;
}

beforeAll(async () => {
  port = await freePort();
  url = `http://127.0.0.1:${port}`;
  await serve();
  // It waits for some seconds, while the other tests run.
  second = run(folder, ['serve'], { ...environment(), PORT: '0' });
}, timeoutMs);

afterAll(async () => {
  server.process.kill('SIGKILL');
  await server.ended;
  await second;
  await cleanUpAll();
}, timeoutMs);

test('the first start makes the demo data and prints where to go, as whom, and what to try', async () => {
  expect(server.err).toBe('Made the demo data: 4 creators, 6 fans, 64 tips.\n');
  expect(server.out).toContain(`Farthing serves on ${url}\n`);
  expect(server.out).toMatch(/^Demo creator: Nova Builds, handle nova, id cre_\w{26}, tipped in USD$/m);
  expect(server.out).toContain('with the password farthing-demo:');
  expect(server.out).toContain(`  npm run demo -- --url ${url}\n`);
  expect(server.out).toContain(`The data is kept in ${dataDir}\n`);
  expect(server.out).toMatch(/^[\x20-\x7e\n]*$/);
});

test('the tokens it prints are of the fan and of the creator, and the password signs in', async () => {
  const tokens = [...server.out.matchAll(/^ +token (\S+)$/gm)].map((match) => match[1] as string);
  const viewers = await Promise.all(tokens.map((token) => graphql('{ viewer { email creator { handle } } }', {}, token)));
  expect(viewers).toEqual([
    { viewer: { email: 'ada@fans.example', creator: null } },
    { viewer: { email: 'nova@creators.example', creator: { handle: 'nova' } } },
  ]);
  const linked = ['explorer', 'setup'].map((page) => decodeURIComponent(printed(new RegExp(`^ {2}http\\S+/${page}/#token=(\\S+)$`, 'm'))));
  expect(linked).toEqual(tokens);
  const body = JSON.stringify({ email: 'nova@creators.example', password: 'farthing-demo' });
  const signIn = await fetch(`${url}/api/auth/sign-in/email`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  expect(signIn.status).toBe(200);
});

test('secrets are readable by their owner alone', () => {
  expect(statSync(path.join(dataDir, 'auth-secret')).mode & 0o777).toBe(0o600);
  expect(statSync(path.join(dataDir, 'postgres')).mode & 0o077).toBe(0);
});

test('the curl line sends a tip each time it is pasted', async () => {
  const line = printed(/^ {2}(curl .+)$/m);
  const before = await tipCount();
  const shellPath = `${curlFolder()}${process.env.PATH}`;
  for (const expected of [before + 1, before + 2]) {
    const { stdout } = await promisify(execFile)('sh', ['-c', line], { env: { PATH: shellPath } });
    expect(JSON.parse(stdout)).toMatchObject({ data: { sendTip: { tip: { status: 'SUCCEEDED', amount: { formatted: '$0.05' } }, errors: [] } } });
    expect(await tipCount()).toBe(expected);
  }
});

/** A bare machine may lack curl: then a stand-in that knows just as much of it shows that the line is quoted right. */
function curlFolder(): string {
  if (spawnSync('curl', ['--version']).status === 0) return '';
  const standIn = path.join(folder, 'curl');
  writeFileSync(standIn, `#!${process.execPath}
    const headers = {}; let body; const [url] = process.argv.slice(2).filter((word) => word.startsWith('http'));
    process.argv.forEach((word, at) => { if (word === '-H') { const [name, ...rest] = process.argv[at + 1].split(': '); headers[name] = rest.join(': '); } if (word === '-d') body = process.argv[at + 1]; });
    fetch(url, { method: 'POST', headers, body }).then((response) => response.text()).then((text) => console.log(text));
  `);
  chmodSync(standIn, 0o755);
  return `${folder}:`;
}

test('whoever watches sees the stream of demo tips arrive, in order and none twice', async () => {
  const { creator } = await graphql('{ creator(handle: "nova") { id } }');
  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket });
  const seen: { sequence: string; amount: string }[] = [];
  const query = `subscription { tipReceived(creatorId: "${creator.id}") { sequence tip { amount { formatted } } } }`;
  const opened = new Promise((resolve) => client.on('connected', resolve));
  const problems: unknown[] = [];
  client.subscribe<any>({ query }, {
    next: ({ data }) => void seen.push({ sequence: String(data.tipReceived.sequence), amount: data.tipReceived.tip.amount.formatted }),
    error: (error) => void problems.push(error),
    complete: () => {},
  });
  await opened;
  const { code, out, err } = await run(folder, ['demo', '--tips', '12', '--every', '20'], environment());
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^Sending 12 tips to Nova Builds \(nova\), one every 20 ms\. Ctrl-C ends it\.\n/);
  expect(out).toMatch(/Sent 12 tips\.\n$/);
  await until(() => seen.length >= 12);
  await client.dispose();
  expect(problems).toEqual([]);
  const sent = [...out.matchAll(/^ +\d+ {2}(\S+)/gm)].map((match) => match[1]);
  expect(seen.map(({ amount }) => amount)).toEqual(sent);
  const first = BigInt(seen[0]!.sequence);
  expect(seen.map(({ sequence }) => BigInt(sequence))).toEqual(seen.map((_, index) => first + BigInt(index)));
}, timeoutMs);

test('Ctrl-C ends the stream in order', async () => {
  const stream = start(folder, ['demo', '--tips', '0', '--every', '10'], environment());
  await stream.says('   3  ');
  stream.process.kill('SIGINT');
  const { code, out, err } = await stream.ended;
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/Sent \d+ tips\.\n$/);
});

test('commands join the database of a running server: check, migrate, seed', async () => {
  const before = await tipCount();
  const [check, migrate, seed] = await Promise.all([
    run(folder, ['check'], environment()), run(folder, ['migrate'], environment()), run(folder, ['seed'], environment()),
  ]);
  expect(check).toMatchObject({ code: 0, err: '' });
  expect(check.out).toContain('ok      every currency sums to zero\n');
  expect(check.out).toContain('ok      every paid tip has its posting\n');
  expect(check.out).toContain('ok      posting is append-only: the role farthing_app may not change it, triggers refuse changes\n');
  expect(check.out).not.toContain('BROKEN');
  expect(check.out).toMatch(/All \d+ lines hold\.\n$/);
  expect(migrate).toEqual({ code: 0, out: 'The database is up to date.\n', err: '' });
  expect(seed).toEqual({ code: 0, out: 'The demo data is there: 4 creators, 6 fans, 64 tips.\n', err: '' });
  expect(await tipCount()).toBe(before);
}, timeoutMs);

test('a second server on the same folder says who has it', async () => {
  const { code, out, err } = await second;
  expect({ code, out }).toEqual({ code: 1, out: '' });
  const pid = readFileSync(path.join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0];
  expect(err).toContain(`Farthing is running already: another process has the database in ${dataDir} (PostgreSQL's process id is ${pid}).`);
  expect(err).toContain('set DATA_DIR and PORT');
}, timeoutMs);

test('after kill -9 no database is left, and the next start has all the data and makes no demo again', async () => {
  const before = await tipCount();
  server.process.kill('SIGKILL');
  await server.ended;
  await until(() => processesIn(folder).length === 0);
  await serve();
  expect(server.err).toBe('');
  expect(await tipCount()).toBe(before);
}, timeoutMs);

test('SIGTERM stops the server in order, sockets with 1012', async () => {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init' }));
  await once(socket, 'message');
  const closed = once(socket, 'close');
  server.process.kill('SIGTERM');
  expect((await closed)[0]).toBe(1012);
  expect(await server.ended).toMatchObject({ code: 0, err: '' });
  await until(() => processesIn(folder).length === 0);
});

test('a second signal does not wait for what runs', async () => {
  await serve();
  const request = connect(port, '127.0.0.1').on('error', () => {});
  request.write('POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{');
  await delay(200);
  server.process.kill('SIGINT');
  await delay(1_000);
  expect(server.process.exitCode).toBeNull();
  server.process.kill('SIGINT');
  expect(await server.ended).toMatchObject({ code: 1 });
  request.destroy();
  await until(() => processesIn(folder).length === 0);
}, timeoutMs);

test('a server whose database dies ends with an error that names its log', async () => {
  await serve();
  const pid = readFileSync(path.join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0];
  process.kill(Number(pid), 'SIGKILL');
  const { code, err } = await server.ended;
  expect(code).toBe(1);
  expect(err).toContain(`The embedded database has ended; its log is ${path.join(dataDir, 'postgres.log')}.\n`);
}, timeoutMs);

test('with the server down, commands start the database themselves and stop it', async () => {
  const check = await run(folder, ['check'], environment());
  expect(check).toMatchObject({ code: 0, err: '' });
  expect(check.out).toMatch(/All \d+ lines hold\.\n$/);
  expect(processesIn(folder)).toEqual([]);
}, timeoutMs);

test('a server in production refuses a folder that holds demo accounts', async () => {
  const { code, out, err } = await run(folder, ['serve'], { ...environment(), NODE_ENV: 'production' });
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain('The database holds demo data, and so accounts whose passwords are known to everybody');
}, timeoutMs);
