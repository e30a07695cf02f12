import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Connection } from './connection.ts';
import { runWorkers } from './renewal-workers.ts';
import { settleDown, subscriptionsPerFan, verify, withSetting, type Setting } from './renewals-setting.ts';
import { startServerProcess } from './server-process.ts';
import { quantile, table } from './statistics.ts';

const help = `Usage: npm run bench tips-during-renewals -- [options]

  --size N      Due subscriptions, ${subscriptionsPerFan} a fan (1000000).
  --creators N  Pages that are tipped and renewed (a hundredth of the size).
  --workers N   Processes of "farthing renew" (2).
  --batch N     Subscriptions a transaction (1000).
  --rate N      Tips a second (100).
  --seconds N   How long tips are sent before the run (30).`;

interface Settings {
  readonly size: number;
  readonly creators: number;
  readonly workers: number;
  readonly batch: number;
  readonly rate: number;
  readonly seconds: number;
}

/** Today, so that the periods end in a month: the server's own renewals leave them alone, and the workers are told a later time. */
const from = new Date(new Date().toISOString().slice(0, 10));
const asOf = new Date(from.getTime() + 40 * 86_400_000).toISOString();
const connections = 64;

export async function run(argv: readonly string[]): Promise<void> {
  const settings = readSettings(argv);
  if (!settings) return console.log(help);
  await withSetting({ ...settings, tippers: 1_000, from }, (setting) => measure(setting, settings));
}

function readSettings(argv: readonly string[]): Settings | null {
  const text = { type: 'string' } as const;
  const options = { size: text, creators: text, workers: text, batch: text, rate: text, seconds: text, help: { type: 'boolean', default: false } } as const;
  const { values } = parseArgs({ args: [...argv], options });
  const size = Number(values.size ?? 1_000_000);
  const settings = {
    size,
    creators: Number(values.creators ?? Math.max(subscriptionsPerFan, size / 100)),
    workers: Number(values.workers ?? 2),
    batch: Number(values.batch ?? 1_000),
    rate: Number(values.rate ?? 100),
    seconds: Number(values.seconds ?? 30),
  };
  const isOdd = Object.values(settings).some((number) => !Number.isInteger(number) || number < 1);
  return values.help || isOdd || size % subscriptionsPerFan !== 0 ? null : settings;
}

async function measure(setting: Setting, settings: Settings): Promise<void> {
  const { client, environment } = setting;
  const server = await startServerProcess({ environment });
  try {
    const load = await PacedTips.open(setting, server.port, settings.rate);
    await load.during(delay(5_000));
    await settleDown(client);
    console.error('Tips alone …');
    const alone = await load.during(delay(settings.seconds * 1_000));
    await settleDown(client);
    console.error('Tips during the renewal run …');
    const renewing = runWorkers({ ...settings, asOf, environment });
    const during = await load.during(renewing);
    load.close();
    const { seconds } = await renewing;
    report([['alone', alone], ['during the run', during]], seconds, settings);
  } finally {
    await server.stop();
  }
  await verify(setting, { charges: 2 * settings.size, periods: 2 });
}

function report(measured: readonly (readonly [string, readonly number[]])[], seconds: number, { size, rate, workers, batch }: Settings): void {
  console.log(`\n${availableParallelism()} cores shared by server, workers, clients and PostgreSQL; ${rate} tips/s to the creators whose members renew.`);
  console.log(`${size} renewed in ${seconds.toFixed(1)} s (${(size / seconds).toFixed(0)}/s) by ${workers} workers, in batches of ${batch}.\n`);
  console.log(table([
    ['sendTip', 'tips', 'p50 ms', 'p95 ms', 'p99 ms', 'most ms'],
    ...measured.map(([name, latencies]) => [name, String(latencies.length), ...[0.5, 0.95, 0.99, 1].map((share) => quantile(latencies, share).toFixed(1))]),
  ]));
}

const query = 'mutation SendTip($input: SendTipInput!) { sendTip(input: $input) { tip { id } errors { __typename code message path } } }';

/** Tips that are sent at their time, whether or not earlier ones were answered: waiting in line is part of what a fan waits. */
class PacedTips {
  readonly #setting: Setting;
  readonly #idle: Connection[];
  readonly #everyMs: number;
  #waiting: ((connection: Connection) => void)[] = [];
  #tips = 0;

  private constructor(setting: Setting, opened: Connection[], rate: number) {
    this.#setting = setting;
    this.#idle = opened;
    this.#everyMs = 1_000 / rate;
  }

  static async open(setting: Setting, port: number, rate: number): Promise<PacedTips> {
    return new PacedTips(setting, await Promise.all(Array.from({ length: connections }, () => Connection.open(port))), rate);
  }

  /** Sends tips until something else is over, and answers how many milliseconds each took from the time at which it was to be sent. */
  async during(other: Promise<unknown>): Promise<number[]> {
    let isOver = false;
    void other.finally(() => (isOver = true)).catch(() => {});
    const latencies: number[] = [];
    const sent: Promise<void>[] = [];
    for (let at = performance.now(); !isOver; at += this.#everyMs) {
      await delay(Math.max(0, at - performance.now()));
      const wanted = at;
      sent.push(this.#send().then(() => void latencies.push(performance.now() - wanted)));
    }
    await Promise.all(sent);
    return latencies;
  }

  close(): void {
    for (const connection of this.#idle) connection.close();
  }

  async #send(): Promise<void> {
    const connection = this.#idle.pop() ?? (await new Promise<Connection>((resolve) => this.#waiting.push(resolve)));
    const { status, body } = await connection.ask(this.#request());
    if (status !== 200 || !body.includes('"errors":[]')) throw new Error(`A tip was answered with ${status}: ${body}`);
    const next = this.#waiting.shift();
    if (next) next(connection);
    else this.#idle.push(connection);
  }

  #request(): string {
    const { creatorIds, fanTokens } = this.#setting.tips;
    const tip = this.#tips++;
    const creatorId = creatorIds[Math.floor(Math.random() * creatorIds.length)];
    const input = { creatorId, amount: { amount: '0.05', currency: 'USD' }, idempotencyKey: randomUUID() };
    // ASCII throughout, so that its length is its bytes.
    const body = JSON.stringify({ query, variables: { input } });
    return 'POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\ncontent-type: application/json\r\n'
      + `authorization: Bearer ${fanTokens[tip % fanTokens.length]}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  }
}
