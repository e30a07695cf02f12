/** The clients of the benchmark of tips: a process of its own, told what to do by messages of its parent. */
import { randomUUID } from 'node:crypto';
import { Connection } from './connection.ts';
import { quantile } from './statistics.ts';
import type { TipsWorld } from './tips-world.ts';

export interface LoadSetup {
  readonly kind: 'SETUP';
  readonly port: number;
  readonly connections: number;
  readonly world: TipsWorld;
}

export interface LoadRun {
  readonly kind: 'RUN';
  /** Every tip to a creator chosen at random, or all to the first one. */
  readonly target: 'SPREAD' | 'HOT';
  readonly seconds: number;
}

export interface LoadResult {
  /** Tips that were accepted while the clock ran. */
  readonly measured: number;
  readonly seconds: number;
  /** All accepted tips, those that were answered after the clock had stopped included. */
  readonly accepted: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What a page that sends a tip would ask for. */
const query = `mutation SendTip($input: SendTipInput!) {
  sendTip(input: $input) {
    tip { id status displayName message amount { amount currency } createdAt }
    errors { __typename code message path }
  }
}`;

class Load {
  readonly #setup: LoadSetup;
  readonly #connections: readonly Connection[];
  #tips = 0;

  private constructor(setup: LoadSetup, connections: readonly Connection[]) {
    this.#setup = setup;
    this.#connections = connections;
  }

  static async open(setup: LoadSetup): Promise<Load> {
    const opened = await Promise.all(Array.from({ length: setup.connections }, () => Connection.open(setup.port)));
    return new Load(setup, opened);
  }

  /** Each connection sends its next tip when the last one was answered. Throws at the first answer that is not an accepted tip. */
  async run({ target, seconds }: LoadRun): Promise<LoadResult> {
    const latencies: number[] = [];
    let accepted = 0;
    const start = performance.now();
    const end = start + seconds * 1_000;
    await Promise.all(this.#connections.map(async (connection) => {
      for (let sent = performance.now(); sent < end; ) {
        const { status, body } = await connection.ask(this.#request(target));
        if (status !== 200 || !body.includes('"errors":[]')) throw new Error(`A tip was answered with ${status}: ${body}`);
        const answered = performance.now();
        accepted++;
        if (answered <= end) latencies.push(answered - sent);
        sent = answered;
      }
    }));
    return { measured: latencies.length, seconds, accepted, p50Ms: quantile(latencies, 0.5), p99Ms: quantile(latencies, 0.99) };
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #request(target: LoadRun['target']): string {
    const { creatorIds, fanTokens } = this.#setup.world;
    const tip = this.#tips++;
    const creatorId = creatorIds[target === 'HOT' ? 0 : Math.floor(Math.random() * creatorIds.length)];
    const cents = 1 + (tip * 37) % 500;
    const amount = { amount: `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`, currency: 'USD' };
    const input = { creatorId, amount, message: tip % 3 === 0 ? `Tip ${tip}: well played!` : null, idempotencyKey: randomUUID() };
    // ASCII throughout, so that its length is its bytes.
    const body = JSON.stringify({ query, operationName: 'SendTip', variables: { input } });
    return 'POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\ncontent-type: application/json\r\n'
      + `authorization: Bearer ${fanTokens[tip % fanTokens.length]}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  }
}

let load: Load | undefined;

process.on('message', async (message: LoadSetup | LoadRun) => {
  try {
    if (message.kind === 'SETUP') load = await Load.open(message);
    process.send?.(message.kind === 'RUN' ? await load!.run(message) : null);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
});
process.on('disconnect', () => load?.close());
