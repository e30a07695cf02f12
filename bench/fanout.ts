import 'reflect-metadata';
import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { built } from './built.ts';
import type { Peer, PeerReady, PeerSend } from './fanout-peers.ts';
import type { SocketsDone, SocketsOpen, SocketsOrder } from './fanout-sockets.ts';
import { withOwnPostgres } from './own-postgres.ts';
import { processorSeconds } from './processor-time.ts';
import { startServerProcess } from './server-process.ts';
import { median, table } from './statistics.ts';
import { makeTipsWorld } from './tips-world.ts';
import type { Database, EmbeddedPostgres, Services as ServicesType } from '../src/database/room.ts';
import type { SendTip } from '../src/tips/room.ts';

const { connect, databaseService, Services } = await built<typeof import('../src/database/room.ts')>('src/database/room.js');
const { entities } = await built<typeof import('../src/app.ts')>('src/app.js');
const { decodeIdOf, hashInput } = await built<typeof import('../src/api/room.ts')>('src/api/room.js');
const { CREATOR_PREFIX } = await built<typeof import('../src/creators/room.ts')>('src/creators/room.js');
const { configService, readConfig } = await built<typeof import('../src/config.ts')>('src/config.js');
const { money } = await built<typeof import('../src/money/room.ts')>('src/money/room.js');
const { tipSenderService } = await built<typeof import('../src/tips/room.ts')>('src/tips/room.js');

const help = `Usage: npm run bench fanout -- [options]

  --rounds N         How often everything is measured, in turns (2).
  --sockets N        How many sockets follow the one creator (2000).
  --events N         How many events each measurement brings to each of them (100); a quarter to those with one execution a socket.
  --burst N          How many of them happen together (50).
  --profile FOLDER   Writes a CPU profile of the server there.`;

/** What each socket follows: what a page that shows tips as they come would ask for. */
const query = `subscription ($creatorId: ID!) {
  tipReceived(creatorId: $creatorId) { cursor sequence tip { id displayName message isAnonymous amount { amount currency } createdAt } }
}`;

const warmUpEvents = 20;
/** Long enough for what was opened to settle: caches, compilation, the first collections. */
const settleMs = 500;

interface Settings {
  readonly rounds: number;
  readonly sockets: number;
  readonly events: number;
  /** Events that are under way together: more are sent when every socket has them. */
  readonly burst: number;
  readonly profileFolder: string | undefined;
}

const kinds = ['ours', 'bare', 'plain'] as const;
type Kind = (typeof kinds)[number];

interface Measured {
  readonly rate: number;
  /** Processor time of the server's process a message, in microseconds. */
  readonly microseconds: number;
  /** Memory of the server's process a socket, once all are open and nothing has happened. */
  readonly idleBytes: number;
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
      rounds: { type: 'string', default: '2' },
      sockets: { type: 'string', default: '2000' },
      events: { type: 'string', default: '100' },
      burst: { type: 'string', default: '50' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const [rounds, sockets, events, burst] = [values.rounds, values.sockets, values.events, values.burst].map(Number) as [number, number, number, number];
  if (values.help || [rounds, sockets, events, burst].some((count) => !Number.isInteger(count) || count < 1)) return null;
  return { rounds, sockets, events, burst, profileFolder: values.profile };
}

async function measure(db: Database, postgres: EmbeddedPostgres, folder: string, settings: Settings): Promise<void> {
  const authSecret = randomBytes(32).toString('base64url');
  const { creatorIds: [creatorId] } = await makeTipsWorld(db, { creators: 1, fans: 100 }, authSecret);
  const environment = {
    DATABASE_URL: postgres.appUrl(), MIGRATION_DATABASE_URL: postgres.ownerUrl(), DATA_DIR: folder, AUTH_SECRET: authSecret, LOG_LEVEL: 'warn',
  };
  const services = new Services().provide(databaseService, db).provide(configService, readConfig({}));
  try {
    await measureAll(await tipper(services, db, creatorId!), creatorId!, environment, settings);
  } finally {
    await services.close();
  }
}

/** Each server in turn, round by round. */
async function measureAll(sendTips: Server['send'], creatorId: string, environment: Readonly<Record<string, string>>, settings: Settings): Promise<void> {
  let sample = '';
  const results: Record<Kind, Measured>[] = [];
  for (let round = 0; round < settings.rounds; round++) {
    const result = {} as Record<Kind, Measured>;
    for (const kind of kinds) {
      const server = kind === 'ours'
        ? { ...(await startServerProcess({ environment, profileFolder: settings.profileFolder })), send: sendTips }
        : await startPeer(kind, () => sample);
      try {
        const { sample: seen, ...measured } = await measureServer(server, creatorId, kind === 'plain' ? { ...settings, events: Math.ceil(settings.events / 4) } : settings);
        if (kind === 'ours') sample = seen;
        result[kind] = measured;
      } finally {
        await server.stop();
      }
    }
    results.push(result);
    console.error(`Round ${round + 1} of ${settings.rounds} …`);
  }
  report(results, settings);
  console.log(`\nA message, as it went to every socket (${Buffer.byteLength(sample)} bytes):\n${sample}`);
}

interface Server {
  readonly port: number;
  readonly pid: number;
  /** Has so many events happen; resolves when they have, or at once. */
  send(count: number): Promise<void>;
  stop(): Promise<void>;
}

async function measureServer(server: Server, creatorId: string, settings: Settings): Promise<Measured & { sample: string }> {
  const clients = fork(path.join(import.meta.dirname, 'fanout-sockets.ts'));
  let sent = 0;
  const deliver = async (count: number): Promise<SocketsDone> => {
    let done!: SocketsDone;
    for (let left = count; left > 0; left -= settings.burst) {
      const now = Math.min(settings.burst, left);
      sent += now;
      const received = tell(clients, { kind: 'EXPECT', events: sent });
      await server.send(now);
      done = await received;
    }
    return done;
  };
  try {
    const before = residentBytes(server.pid);
    const payload: SocketsOpen['payload'] = { query, variables: { creatorId } };
    await tell(clients, { kind: 'OPEN', port: server.port, sockets: settings.sockets, payload });
    await delay(settleMs);
    const idleBytes = (residentBytes(server.pid) - before) / settings.sockets;
    await deliver(warmUpEvents);
    const [startedAt, processorBefore] = [performance.now(), processorSeconds(server.pid)];
    const { sample } = await deliver(settings.events);
    const seconds = (performance.now() - startedAt) / 1_000;
    const messages = settings.events * settings.sockets;
    return { rate: messages / seconds, microseconds: ((processorSeconds(server.pid) - processorBefore) * 1e6) / messages, idleBytes, sample: sample! };
  } finally {
    clients.disconnect();
    await once(clients, 'exit');
  }
}

async function startPeer(peer: Peer, sample: () => string): Promise<Server> {
  const child = fork(path.join(import.meta.dirname, 'fanout-peers.ts'), [peer]);
  const [{ port }] = (await once(child, 'message')) as [PeerReady];
  return {
    port,
    pid: child.pid!,
    send: async (count) => {
      const order: PeerSend = { count, sample: sample() };
      child.send(order);
    },
    stop: async () => {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

/** Tips the creator from this process: the server hears of each tip as it would of another server's. */
async function tipper(services: ServicesType, db: Database, creatorApiId: string): Promise<Server['send']> {
  const sender = services.get(tipSenderService);
  const fans = await db.query<{ id: string }>('SELECT id FROM auth."user"');
  const creatorId = decodeIdOf(CREATOR_PREFIX, creatorApiId)!;
  let sent = 0;
  const wish = (): SendTip => {
    const input = { creatorId, amount: money(50_000n, 'USD'), message: `Thank you for the stream, and see you again on day ${sent}.`, displayName: null, isAnonymous: false };
    return { ...input, senderId: fans[sent++ % fans.length]!.id, idempotencyKey: randomUUID(), inputHash: hashInput('sendTip', input) };
  };
  return async (count) => {
    const outcomes = await Promise.all(Array.from({ length: count }, () => sender.send(wish())));
    const refused = outcomes.find(({ kind }) => kind !== 'SENT');
    if (refused) throw new Error(`A tip was refused: ${refused.kind}`);
  };
}

async function tell(child: ChildProcess, order: SocketsOrder): Promise<SocketsDone> {
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('The sockets could not be served; see above.')));
  ended.catch(() => {});
  child.send(order);
  const [done] = (await Promise.race([once(child, 'message'), ended])) as [SocketsDone];
  return done;
}

function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return Number(kilobytes) * 1_024;
}

function report(results: readonly Record<Kind, Measured>[], { sockets, events, burst }: Settings): void {
  const columns: [string, (result: Record<Kind, Measured>) => number, number][] = [
    ...kinds.map((kind): (typeof columns)[number] => [`${kind} messages/s`, (result) => result[kind].rate, 0]),
    ['ours / bare', (result) => result.ours.rate / result.bare.rate, 2],
    ['plain / bare', (result) => result.plain.rate / result.bare.rate, 2],
    ...kinds.map((kind): (typeof columns)[number] => [`${kind} µs`, (result) => result[kind].microseconds, 2]),
    ...kinds.map((kind): (typeof columns)[number] => [`${kind} kB idle`, (result) => result[kind].idleBytes / 1_024, 1]),
  ];
  const line = (name: string, of: (values: number[]) => number) => [name, ...columns.map(([, read, digits]) => of(results.map(read)).toFixed(digits))];
  console.log(`\n${availableParallelism()} cores; ${sockets} sockets on one creator, ${events} tips to each, ${burst} at a time; sockets, server and PostgreSQL share the cores.\n`);
  console.log(table([
    ['round', ...columns.map(([name]) => name)],
    ...results.map((_, index) => line(String(index + 1), (values) => values[index]!)),
    line('median', median),
  ]));
}
