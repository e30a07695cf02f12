import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { processorSeconds } from './processor-time.ts';
import { runWorkers, type WorkersRun } from './renewal-workers.ts';
import type { OneByOneResult, OneByOneTask } from './renewals-one-by-one.ts';
import { settleDown, subscriptionsPerFan, verify, withSetting, type Setting } from './renewals-setting.ts';
import { preparePeriod, writePrepared } from './renewals-world.ts';
import { table } from './statistics.ts';

/** The periods all end at the ends of months: Feb 28, Mar 31, Apr 30. */
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
  /** Of PostgreSQL and the workers together; the start of the workers is among it. */
  readonly processorSeconds: number;
}

export async function run(argv: readonly string[]): Promise<void> {
  const settings = readSettings(argv);
  if (!settings) return console.log(help);
  await withSetting({ ...settings, tippers: 1, from }, (setting) => measure(setting, settings));
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

async function measure(setting: Setting, settings: Settings): Promise<void> {
  const { client, environment } = setting;
  const { size, workers } = settings;
  const timed = async <T>(work: () => Promise<T>) => {
    const used = () => processorSeconds(setting.postgres.pid) + processorSeconds(process.pid);
    const before = used();
    const result = await work();
    return { ...result, processorSeconds: used() - before };
  };

  console.error('The limit: plain INSERT … SELECT of the same rows …');
  await preparePeriod(client, 'RENEWED');
  await settleDown(client);
  const limit = await timed(() => writePrepared(client));
  console.error('The run …');
  await settleDown(client);
  const ours = await timed(() => runWorkers({ ...settings, asOf: secondDue, environment }));
  console.error('One transaction a renewal …');
  await settleDown(client);
  const singles = await timed(() => runOneByOne(environment.DATABASE_URL!, settings, thirdDue));

  report([
    { name: 'INSERT … SELECT', renewals: limit.rows, ...limit },
    { name: `renewal run, ${workers} workers`, renewals: size, ...ours },
    { name: `a transaction each, ${workers} × ${concurrency} at a time`, ...singles },
  ], ours.memory, settings);
  await verify(setting, { charges: 3 * size + singles.renewals, periods: 3 });
}

const concurrency = 8;

/** Each renewal in a transaction of its own, by the same code, in as many processes; several at a time, so that they share what a commit costs. */
async function runOneByOne(url: string, { workers, singles }: Settings, asOf: string): Promise<OneByOneResult> {
  const children = Array.from({ length: workers }, () => fork(path.join(import.meta.dirname, 'renewals-one-by-one.ts')));
  const results = await Promise.all(children.map(async (child, worker) => {
    const ended = once(child, 'exit');
    child.send({ url, asOf, worker, workers, count: Math.ceil(singles / workers), concurrency } satisfies OneByOneTask);
    const [result] = (await Promise.race([once(child, 'message'), ended.then(() => Promise.reject(new Error('A worker ended early.')))])) as [OneByOneResult];
    child.disconnect();
    await ended;
    return result;
  }));
  return { renewals: results.reduce((sum, { renewals }) => sum + renewals, 0), seconds: Math.max(...results.map(({ seconds }) => seconds)) };
}

function report(results: readonly Measured[], memory: WorkersRun['memory'], { size, workers, batch }: Settings): void {
  const rate = ({ renewals, seconds }: Measured) => renewals / seconds;
  const work = ({ renewals, processorSeconds: used }: Measured) => (used / renewals) * 1e6;
  const [limit, ours, singles] = results as [Measured, Measured, Measured];
  console.log(`\n${availableParallelism()} cores shared by workers and PostgreSQL; ${size} due, batches of ${batch}.\n`);
  console.log(table([
    ['', 'renewals', 'seconds', 'renewals/s', 'processor µs each'],
    ...results.map((result) => [result.name, String(result.renewals), result.seconds.toFixed(1), rate(result).toFixed(0), work(result).toFixed(0)]),
  ]));
  console.log(`\nOf the limit's renewals/s: ${(rate(ours) / rate(limit)).toFixed(2)}. Times those of one transaction each: ${(rate(ours) / rate(singles)).toFixed(1)}.\n`);
  const at = (samples: readonly number[], share: number) => (samples[Math.floor(share * (samples.length - 1))] ?? NaN).toFixed(0);
  console.log(table([
    ['MB resident', 'at 10 %', 'at 50 %', 'at the end', 'most'],
    ...memory.map((samples, index) => [`worker ${index + 1} of ${workers}`, at(samples, 0.1), at(samples, 0.5), at(samples, 1), Math.max(...samples).toFixed(0)]),
  ]));
}
