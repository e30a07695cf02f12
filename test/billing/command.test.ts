import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eachTestDatabase } from '../support/database.ts';
import { expectClean, World } from '../subscriptions/support.ts';

const database = eachTestDatabase();
const main = path.join(import.meta.dirname, '..', '..', 'dist', 'src', 'main.js');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'farthing-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function renew(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Said> {
  const env = { PATH: process.env.PATH, NODE_ENV: 'test', DATABASE_URL: database.current.url, AUTH_SECRET: 'a secret of the tests, long enough', LOG_LEVEL: 'error', ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, 'renew', ...args], { env, cwd: folder }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

test('farthing renew charges what is due as of a time, and says what it did', async () => {
  // The command goes by the system's clock, which is earlier than all of this.
  const world = await World.open(database.current, '2098-01-31T12:00:00.000Z');
  await world.join(await world.fan(100), world.own(5));
  await world.join(await world.fan(5), world.own(5));
  expect(await renew(['--as-of', '2098-02-28'])).toEqual({ code: 0, out: 'Nothing was due as of 2098-02-28T00:00:00.000Z.\n', err: '' });
  expect(await renew(['--as-of', '2098-02-28T12:00:00Z', '--batch', '1'])).toEqual({
    code: 0, out: 'As of 2098-02-28T12:00:00.000Z:\n        1  renewed\n        1  past due\nCharged $5.00.\n', err: '',
  });
  expect((await renew(['--as-of', '2098-07-01', '--catch-up'])).out).toBe(
    'As of 2098-07-01T00:00:00.000Z:\n        4  renewed\n        1  ended\n        5  periods skipped\nCharged $20.00.\n',
  );
  await expectClean(world.db);
});

test.each([
  [['--as-of', 'tomorrow'], {}, '"tomorrow" is no value for --as-of of "farthing renew": give a day, such as 2026-03-31'],
  [['--as-of', '2199-01-01'], { NODE_ENV: 'production' }, '"2199-01-01" is no value for --as-of of "farthing renew": it lies ahead of now'],
  [['--batch', '0'], {}, '"0" is no value for --batch of "farthing renew": give a whole number from 1 to 10000'],
])('farthing renew %j is refused', async (args, environment, problem) => {
  expect(await renew(args, environment)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(problem) });
});
