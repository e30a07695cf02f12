import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { cleanUpAll, scratch } from '../database/embedded-support.ts';
import { run } from './support.ts';

afterAll(cleanUpAll);
const folder = scratch();

test.each([
  [['fly'], 'There is no command "fly"; there are serve, migrate, seed, demo, renew, reconcile, check, export, sandbox, schema.'],
  [['demo', '--every', 'often'], '"often" is no value for --every of "farthing demo": give a whole number from 0 to 86400000.'],
  [['demo', '--url', 'here'], '"here" is no value for --url of "farthing demo"'],
])('the command line %j is refused in words, and ends with 2', async (args, message) => {
  const { code, out, err } = await run(folder, args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(message);
  expect(err).not.toContain('    at ');
});

test('the help lists the commands, and each explains itself', async () => {
  const [overview, serve] = await Promise.all([run(folder, ['--help']), run(folder, ['serve', '--help'])]);
  expect(overview).toMatchObject({ code: 0, err: '' });
  expect(overview.out).toMatch(/^Usage: farthing <command> \[options\]\n\n {2}serve /);
  expect(serve).toMatchObject({ code: 0, err: '' });
  expect(serve.out).toMatch(/^Usage: farthing serve \[options\]\n/);
});

test('the version is the package\'s', async () => {
  const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'));
  expect(await run(folder, ['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
});

test('the printed schema is the committed one', async () => {
  const { code, out } = await run(folder, ['schema']);
  expect(code).toBe(0);
  expect(out).toBe(`${readFileSync(path.join(import.meta.dirname, '..', '..', 'schema.graphql'), 'utf8').trimEnd()}\n`);
});

test('mistakes of the environment are all listed, without a trace, and end with 2', async () => {
  const { code, out, err } = await run(folder, ['serve'], { PORT: 'many', TOP_UP_FEE: 'nobody', DATABASE_URL: 'postgres://app:hunter2@db/farthing' });
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err.split('\n')).toEqual([
    'The environment has 3 mistakes:',
    '  PORT "many" is not a whole number from 0 to 65535.',
    '  TOP_UP_FEE "nobody" is none of fan, platform.',
    '  AUTH_SECRET is required with DATABASE_URL: at least 32 random characters, the same for every process.',
    '',
  ]);
});

test('a file .env in the current folder counts, and the environment wins over it', async () => {
  const own = scratch();
  writeFileSync(path.join(own, '.env'), 'PORT=many\nTOP_UP_FEE=nobody\n');
  const { code, err } = await run(own, ['serve'], { TOP_UP_FEE: 'somebody' });
  expect(code).toBe(2);
  expect(err).toContain('PORT "many" is not a whole number');
  expect(err).toContain('TOP_UP_FEE "somebody" is none of fan, platform.');
});

const external = { DATABASE_URL: 'postgres://app:hunter2@127.0.0.1:9/farthing', AUTH_SECRET: 'a secret of the tests, long enough' };

test('a database that cannot be reached is named, without its password', async () => {
  for (const { code, err } of await Promise.all(['serve', 'check', 'migrate'].map((command) => run(folder, [command], external)))) {
    expect(code).toBe(1);
    expect(err).toContain('The database of DATABASE_URL cannot be reached: connect ECONNREFUSED 127.0.0.1:9.');
    expect(err).not.toContain('hunter2');
  }
});

test('demo data is refused on a real server and in production', async () => {
  const [real, production] = await Promise.all([run(folder, ['seed'], external), run(folder, ['seed'], { NODE_ENV: 'production' })]);
  expect(real).toMatchObject({ code: 1, out: '', err: 'Demo data is written into the embedded database only, and DATABASE_URL is set.\n' });
  expect(production).toMatchObject({ code: 1, out: '', err: 'Demo data is not written with NODE_ENV=production: its passwords are known to everybody.\n' });
});

test('a stream of tips to no server is told at once', async () => {
  const { code, err } = await run(folder, ['demo'], { PORT: '9' });
  expect(code).toBe(1);
  expect(err).toContain('http://127.0.0.1:9 does not answer. Is the server running? Start it with "npm start"');
});

test('a port that is in use is named, and nothing is left running', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const { port } = blocker.address() as AddressInfo;
  const { code, out, err } = await run(folder, ['serve'], { PORT: String(port), LOG_LEVEL: 'silent', NODE_ENV: 'production' });
  blocker.close();
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toBe(`127.0.0.1:${port} is in use by another program. Stop that one, or set PORT to another number.\n`);
});
