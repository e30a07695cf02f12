import 'reflect-metadata';
import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { built, builtMain } from './built.ts';
import { withOwnPostgres } from './own-postgres.ts';
import { findPgbench, howToInstallPgbench, Pgbench } from './pgbench.ts';
import { startServerProcess } from './server-process.ts';
import { processorSeconds } from './processor-time.ts';
import { median, table } from './statistics.ts';
import type { LoadResult, LoadRun, LoadSetup } from './tips-load.ts';
import { makeTipsWorld } from './tips-world.ts';
import type { Database, EmbeddedPostgres } from '../src/database/room.ts';

const { connect } = await built<typeof import('../src/database/room.ts')>('src/database/room.js');
const { entities } = await built<typeof import('../src/app.ts')>('src/app.js');

const connections = 64;
const size = { creators: 10_000, fans: 1_000 };
/** pgbench's manual: at least as many as clients. */
const scale = connections;
const warmUpSeconds = 5;

const help = `Usage: npm run bench tips -- [options]

  --rounds N         How often everything is measured, in turns (5).
  --seconds N        How long each measurement takes (10).
  --only spread|hot  Only one kind of load, and no pgbench.
  --profile FOLDER   Writes a CPU profile of the server there.`;

interface Settings {
  readonly rounds: number;
  readonly seconds: number;
  readonly targets: readonly LoadRun['target'][];
  readonly withPgbench: boolean;
  readonly profileFolder: string | undefined;
}

/** A load, and what it cost in microseconds of processor time a tip: the server's process, and PostgreSQL's. */
interface Measured extends LoadResult {
  readonly serverMicroseconds: number;
  readonly databaseMicroseconds: number;
}

interface Round {
  readonly loads: ReadonlyMap<LoadRun['target'], Measured>;
  /** Null without pgbench. */
  readonly tps: number | null;
}

export async function run(argv: readonly string[]): Promise<void> {
  const settings = readSettings(argv);
  if (!settings) return console.log(help);
  await withOwnPostgres(async (postgres, folder) => {
    const db = await connect({ url: postgres.ownerUrl(), entities });
    try {
      await measure(db, postgres, folder, settings);
    } finally {
      await db.close();
    }
  });
}

function readSettings(argv: readonly string[]): Settings | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '10' },
      only: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  const isOdd = (count: number) => !Number.isInteger(count) || count < 1;
  if (values.help || isOdd(rounds) || isOdd(seconds) || !['spread', 'hot', undefined].includes(values.only)) return null;
  const targets = values.only === undefined ? (['SPREAD', 'HOT'] as const) : [values.only.toUpperCase() as LoadRun['target']];
  return { rounds, seconds, targets, withPgbench: values.only === undefined, profileFolder: values.profile };
}

async function measure(db: Database, postgres: EmbeddedPostgres, folder: string, settings: Settings): Promise<void> {
  const authSecret = randomBytes(32).toString('base64url');
  console.error(`Filling: ${size.creators} creators, ${size.fans} fans …`);
  const world = await makeTipsWorld(db, size, authSecret);
  const pgbench = settings.withPgbench ? await preparePgbench(postgres) : null;
  const environment = {
    DATABASE_URL: postgres.appUrl(), MIGRATION_DATABASE_URL: postgres.ownerUrl(), DATA_DIR: folder, AUTH_SECRET: authSecret, LOG_LEVEL: 'warn',
  };
  const server = await startServerProcess({ environment, profileFolder: settings.profileFolder });
  const load = fork(path.join(import.meta.dirname, 'tips-load.ts'));
  let accepted = 0;
  try {
    await tell(load, { kind: 'SETUP', port: server.port, connections, world });
    const send = async (target: LoadRun['target'], seconds: number) => {
      const before = [server.pid, postgres.pid].map(processorSeconds);
      const result = (await tell(load, { kind: 'RUN', target, seconds }))!;
      const [serverMicroseconds, databaseMicroseconds] = [server.pid, postgres.pid].map((pid, index) => (processorSeconds(pid) - before[index]!) * 1e6 / result.accepted);
      accepted += result.accepted;
      return { ...result, serverMicroseconds: serverMicroseconds!, databaseMicroseconds: databaseMicroseconds! };
    };
    for (const target of settings.targets) await send(target, warmUpSeconds);
    // As autovacuum does within its first minute: statements, foreign keys' own among them, that were planned on empty tables scan them whole.
    await db.query('VACUUM ANALYZE');
    const rounds: Round[] = [];
    for (let index = 0; index < settings.rounds; index++) {
      rounds.push(await measureRound(db, settings, send, pgbench));
      console.error(`Round ${index + 1} of ${settings.rounds} …`);
    }
    report(rounds, settings);
  } finally {
    load.disconnect();
    await server.stop();
  }
  await verify(db, accepted, environment);
}

async function preparePgbench(postgres: EmbeddedPostgres): Promise<Pgbench | null> {
  const program = await findPgbench();
  if (program === null) {
    console.error(howToInstallPgbench);
    return null;
  }
  console.error(`Filling pgbench's tables at scale ${scale} …`);
  const client = new pg.Client({ connectionString: postgres.ownerUrl() });
  await client.connect();
  await client.query('CREATE DATABASE pgbench');
  await client.end();
  const pgbench = new Pgbench(program, postgres.ownerUrl('pgbench'));
  await pgbench.fill(scale);
  return pgbench;
}

type Send = (target: LoadRun['target'], seconds: number) => Promise<Measured>;

async function measureRound(db: Database, { targets, seconds }: Settings, send: Send, pgbench: Pgbench | null): Promise<Round> {
  const loads = new Map<LoadRun['target'], Measured>();
  for (const target of targets) {
    // What one load left to be written to the tables is not the next one's to pay.
    await db.query('CHECKPOINT');
    loads.set(target, await send(target, seconds));
  }
  await db.query('CHECKPOINT');
  return { loads, tps: pgbench && (await pgbench.run({ clients: connections, seconds })) };
}

async function tell(load: ChildProcess, message: LoadSetup | LoadRun): Promise<LoadResult | null> {
  const answered = new AbortController();
  const ended = once(load, 'exit', answered).then(() => Promise.reject(new Error('The load could not be run; see above.')));
  ended.catch(() => {});
  load.send(message);
  try {
    return ((await Promise.race([once(load, 'message', answered), ended])) as [LoadResult | null])[0];
  } finally {
    answered.abort();
  }
}

function report(rounds: readonly Round[], { targets }: Settings): void {
  const hasPgbench = rounds.every(({ tps }) => tps !== null);
  const rate = (round: Round, target: LoadRun['target']) => round.loads.get(target)!.measured / round.loads.get(target)!.seconds;
  const columns: [string, (round: Round) => number, number][] = [
    ...targets.flatMap((target): typeof columns => {
      const name = target.toLowerCase();
      return [
        [`${name} tips/s`, (round) => rate(round, target), 0],
        [`${name} p50 ms`, (round) => round.loads.get(target)!.p50Ms, 1],
        [`${name} p99 ms`, (round) => round.loads.get(target)!.p99Ms, 1],
        ['server µs', (round) => round.loads.get(target)!.serverMicroseconds, 0],
        ['PostgreSQL µs', (round) => round.loads.get(target)!.databaseMicroseconds, 0],
      ];
    }),
    ...(hasPgbench
      ? ([
          ['TPC-B tx/s', (round) => round.tps!, 0],
          ...targets.map((target) => [`${target.toLowerCase()} / TPC-B`, (round: Round) => rate(round, target) / round.tps!, 2] as const),
        ] as typeof columns)
      : []),
  ];
  const line = (name: string, of: (values: number[]) => number) => [name, ...columns.map(([, read, digits]) => of(rounds.map(read)).toFixed(digits))];
  console.log(`\n${availableParallelism()} cores, ${connections} connections, one server process; clients, server and PostgreSQL share the cores.\n`);
  console.log(table([
    ['round', ...columns.map(([name]) => name)],
    ...rounds.map((_, index) => line(String(index + 1), (values) => values[index]!)),
    line('median', median),
    line('min', (values) => Math.min(...values)),
    line('max', (values) => Math.max(...values)),
  ]));
}

/** Every accepted tip is there, once, with its posting and its event, and the books hold. Throws otherwise. */
async function verify(db: Database, accepted: number, environment: Readonly<Record<string, string>>): Promise<void> {
  const [stored] = await db.query<{ tips: bigint; postings: bigint; events: bigint }>(
    `SELECT (SELECT count(*) FROM tip) AS tips, (SELECT count(*) FROM posting WHERE kind = 'TIP') AS postings,
       (SELECT count(*) FROM stream_event WHERE topic = 'tips') AS events`,
  );
  const { tips, postings, events } = stored!;
  console.log(`\nAccepted ${accepted} tips; stored ${tips} tips, ${postings} postings, ${events} events.`);
  if ([tips, postings, events].some((count) => count !== BigInt(accepted))) throw new Error('What was stored is not what was accepted.');
  const said = execFileSync(process.execPath, [builtMain, 'check'], { env: { PATH: process.env.PATH, ...environment }, encoding: 'utf8' });
  console.log(`farthing check: ${said.trimEnd().split('\n').at(-1)}`);
}
