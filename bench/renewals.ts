import 'reflect-metadata';
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { built, builtMain } from './built.ts';
import type { OneByOneTask, OneByOneResult } from './renewals-one-by-one.ts';
import { makeRenewalsWorld, preparePeriod, writePrepared } from './renewals-world.ts';
import { table } from './statistics.ts';
import { makeTipsWorld } from './tips-world.ts';
import type { Database, EmbeddedPostgres } from '../src/database/room.ts';

const { connect, migrate, startEmbedded } = await built<typeof import('../src/database/room.ts')>('src/database/room.js');
const { entities } = await built<typeof import('../src/app.ts')>('src/app.js');
const { migrations } = await built<typeof import('../migrations/index.ts')>('migrations/index.js');

const subscriptionsPerFan = 5;
/** The first periods begin in the day from here, so that they all end at the ends of months: Feb 28, Mar 31, Apr 30. */
const from = new Date('2026-01-31T00:00:00Z');
const secondDue = '2026-04-01';
const thirdDue = '2026-05-01';

const help = `Usage: npm run bench renewals -- [options]

  --size N       Due subscriptions, ${subscriptionsPerFan} a fan (1000000).
  --creators N   Pages they are spread over (a hundredth of the size).
  --workers N    Processes of "farthing renew" (2).
  --batch N      Subscriptions a transaction (1000).
  --singles N    Renewals, one transaction each, to compare with (20000).
  --profile F    Writes CPU profiles of the workers into that folder.`;

interface Settings {
  readonly size: number;
  readonly creators: number;
  readonly workers: number;
  readonly batch: number;
  readonly singles: number;
  readonly profileFolder: string | undefined;
}

interface Measured {
  readonly name: string;
  readonly renewals: number;
  readonly seconds: number;
}

/** Everything in one folder that is gone afterwards; the database is the embedded one as users get it, durable. */
export async function run(argv: readonly string[]): Promise<void> {
  const settings = readSettings(argv);
  if (!settings) return console.log(help);
  const folder = mkdtempSync(path.join(tmpdir(), 'farthing-bench-'));
  const postgres = await startEmbedded({ dataDir: folder, log: console.error });
  try {
    await migrate({ url: postgres.ownerUrl(), migrations });
    const db = await connect({ url: postgres.ownerUrl(), entities });
    const client = new pg.Client({ connectionString: postgres.ownerUrl() });
    await client.connect();
    try {
      await measure(db, client, postgres, folder, settings);
    } finally {
      await client.end();
      await db.close();
    }
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function readSettings(argv: readonly string[]): Settings | null {
  const text = { type: 'string' } as const;
  const options = { size: text, creators: text, workers: text, batch: text, singles: text, profile: text, help: { type: 'boolean', default: false } } as const;
  const { values } = parseArgs({ args: [...argv], options });
  const size = Number(values.size ?? 1_000_000);
  const numbers = {
    size,
    creators: Number(values.creators ?? Math.max(subscriptionsPerFan, size / 100)),
    workers: Number(values.workers ?? 2),
    batch: Number(values.batch ?? 1_000),
    singles: Math.min(size, Number(values.singles ?? 20_000)),
  };
  const isOdd = Object.values(numbers).some((number) => !Number.isInteger(number) || number < 1);
  return values.help || isOdd || size % subscriptionsPerFan !== 0 ? null : { ...numbers, profileFolder: values.profile };
}

async function measure(db: Database, client: pg.Client, postgres: EmbeddedPostgres, folder: string, settings: Settings): Promise<void> {
  const { size, creators } = settings;
  const environment = { DATABASE_URL: postgres.appUrl(), DATA_DIR: folder, AUTH_SECRET: 'x'.repeat(32), LOG_LEVEL: 'warn', PLATFORM_FEE_BPS: '500' };
  console.error(`Filling: ${size} subscriptions of ${size / subscriptionsPerFan} fans to ${creators} creators …`);
  await makeTipsWorld(db, { creators, fans: 1 }, environment.AUTH_SECRET);
  await makeRenewalsWorld(client, { fans: size / subscriptionsPerFan, subscriptionsPerFan }, from);
  const results: Measured[] = [];

  console.error('The limit: plain INSERT … SELECT of the same rows …');
  await preparePeriod(client, 'RENEWED');
  await settleDown(client);
  const limit = await writePrepared(client);
  results.push({ name: 'INSERT … SELECT', renewals: limit.rows, seconds: limit.seconds });

  console.error('The run …');
  await settleDown(client);
  const { seconds, memory } = await runWorkers(settings, environment, secondDue);
  results.push({ name: `renewal run, ${settings.workers} workers`, renewals: size, seconds });

  console.error('One transaction a renewal …');
  await settleDown(client);
  results.push(await runOneByOne(postgres.appUrl(), settings, thirdDue));
  report(results, memory, settings);
  await verify(client, settings, environment);
}

/** What one measurement left to be written to the tables is not the next one's to pay. */
async function settleDown(client: pg.Client): Promise<void> {
  await client.query('VACUUM ANALYZE');
  await client.query('CHECKPOINT');
}

/** The resident memory of each worker, in megabytes, once a second. */
type Memory = readonly (readonly number[])[];

async function runWorkers({ workers, batch, profileFolder }: Settings, environment: Readonly<Record<string, string>>, asOf: string): Promise<{ seconds: number; memory: Memory }> {
  const profiling = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const start = performance.now();
  const memory = await Promise.all(Array.from({ length: workers }, async () => {
    const child = spawn(process.execPath, [...profiling, builtMain, 'renew', '--as-of', asOf, '--batch', String(batch)],
      { env: { PATH: process.env.PATH, ...environment }, stdio: ['ignore', 'inherit', 'inherit'] });
    return sampleMemory(child);
  }));
  return { seconds: (performance.now() - start) / 1_000, memory };
}

async function sampleMemory(child: ChildProcess): Promise<number[]> {
  const samples: number[] = [];
  let isRunning = true;
  const ended = once(child, 'exit').then(([code]) => {
    isRunning = false;
    if (code !== 0) throw new Error(`A worker ended with ${code}.`);
  });
  while (isRunning) {
    await Promise.race([delay(1_000), ended]);
    if (isRunning) samples.push(residentMegabytes(child.pid!));
  }
  await ended;
  return samples;
}

function residentMegabytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
}

/** Each renewal in a transaction of its own, by the same code, in as many processes; several at a time, so that they share what a commit costs. */
async function runOneByOne(url: string, { workers, singles }: Settings, asOf: string): Promise<Measured> {
  const concurrency = 8;
  const children = Array.from({ length: workers }, () => fork(path.join(import.meta.dirname, 'renewals-one-by-one.ts')));
  const results = await Promise.all(children.map(async (child, worker) => {
    child.send({ url, asOf, worker, workers, count: Math.ceil(singles / workers), concurrency } satisfies OneByOneTask);
    const [result] = (await Promise.race([once(child, 'message'), once(child, 'exit').then(() => Promise.reject(new Error('A worker ended early.')))])) as [OneByOneResult];
    child.disconnect();
    return result;
  }));
  const renewals = results.reduce((sum, result) => sum + result.renewals, 0);
  return { name: `a transaction each, ${workers} × ${concurrency} at a time`, renewals, seconds: Math.max(...results.map((result) => result.seconds)) };
}

function report(results: readonly Measured[], memory: Memory, { size, workers, batch }: Settings): void {
  const rate = ({ renewals, seconds }: Measured) => renewals / seconds;
  const [limit, ours, singles] = results as [Measured, Measured, Measured];
  console.log(`\n${availableParallelism()} cores shared by workers and PostgreSQL; ${size} due, batches of ${batch}.\n`);
  console.log(table([
    ['', 'renewals', 'seconds', 'renewals/s'],
    ...results.map((result) => [result.name, String(result.renewals), result.seconds.toFixed(1), rate(result).toFixed(0)]),
  ]));
  console.log(`\nOf the limit: ${(rate(ours) / rate(limit)).toFixed(2)}. Times one transaction each: ${(rate(ours) / rate(singles)).toFixed(1)}.\n`);
  const at = (samples: readonly number[], share: number) => (samples[Math.floor(share * (samples.length - 1))] ?? NaN).toFixed(0);
  console.log(table([
    ['MB resident', 'at 10 %', 'at 50 %', 'at the end', 'most'],
    ...memory.map((samples, index) => [`worker ${index + 1} of ${workers}`, at(samples, 0.1), at(samples, 0.5), at(samples, 1), Math.max(...samples).toFixed(0)]),
  ]));
}

/** Every period is there and was charged once, and the books hold. Throws otherwise. */
async function verify(client: pg.Client, { size, singles }: Settings, environment: Readonly<Record<string, string>>): Promise<void> {
  const { rows } = await client.query<{ charges: string; twice: string; unpaid: string }>(
    `SELECT (SELECT count(*) FROM charge WHERE status = 'SUCCEEDED') AS charges,
       (SELECT count(*) FROM (SELECT FROM charge GROUP BY subscription_id, period_index HAVING count(*) > 1) twice) AS twice,
       (SELECT count(*) FROM subscription WHERE status <> 'ACTIVE' OR period_index < 3) AS unpaid`,
  );
  const { charges, twice, unpaid } = rows[0]!;
  console.log(`\n${charges} periods charged, ${twice} of them twice; ${unpaid} subscriptions not renewed.`);
  const expected = 3 * size + Math.ceil(singles);
  if (Number(charges) !== expected || twice !== '0' || unpaid !== '0') throw new Error(`There should be ${expected} charges, none twice, none missing.`);
  const said = execFileSync(process.execPath, [builtMain, 'check'], { env: { PATH: process.env.PATH, ...environment }, encoding: 'utf8' });
  console.log(`farthing check: ${said.trimEnd().split('\n').at(-1)}`);
}
