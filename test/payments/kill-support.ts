import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Database } from '../../src/database/room.ts';
import { compareTotals, lastDays } from '../../src/payments/room.ts';
import type { TestServer } from '../support/server.ts';

const program = path.join(import.meta.dirname, 'kill-child.ts');

/** Environment of the tests' own servers too: cards are tried far more often here than people do. */
export const environment = {
  PAYOUT_HOLD_DAYS: '0', LIMIT_CARD_ATTEMPTS_PER_ACCOUNT: '1000000', LIMIT_CARD_ATTEMPTS_PER_ADDRESS: '1000000', LIMIT_CARD_ATTEMPTS_PER_CREATOR: '1000000',
};

/** One request, as GraphQL takes it. */
export interface Request {
  readonly operation: string;
  readonly input: object;
  readonly token: string;
}

interface Told {
  readonly url?: string;
  readonly isArmed?: boolean;
  readonly diesAt?: string;
}

/**
 * Sends a request to a server process that kills itself at the n-th failpoint it passes from there on. Answers the failpoint's name, or
 * null when it answered before it came so far: then it was through.
 */
export async function sendToDoomed(databaseUrl: string, { operation, input, token }: Request, dieAt: number): Promise<string | null> {
  const env = {
    PATH: process.env.PATH, NODE_ENV: 'test', HOST: '127.0.0.1', PORT: '0', DATABASE_URL: databaseUrl, DATA_DIR: '/nowhere',
    AUTH_SECRET: 'a secret of the tests, long enough', ...environment,
  };
  const child = fork(program, { env, execArgv: ['--disable-warning=ExperimentalWarning'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  const told = listen(child);
  try {
    const { url } = await told.next(({ url: at }) => at !== undefined);
    child.send({ dieAt });
    await told.next(({ isArmed }) => isArmed === true);
    const body = JSON.stringify({ query: operation, variables: { input } });
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const answer = fetch(`${url}/graphql`, { method: 'POST', headers, body }).then(async (response) => ({ text: await response.text() }), () => null);
    const first = await Promise.race([answer, ended.then(() => null)]);
    if (first) {
      if (/"(errors":\[\{"message|data":null)/.test(first.text)) throw new Error(`The request failed: ${first.text}`);
      return null;
    }
    await ended;
    return told.all.find(({ diesAt }) => diesAt !== undefined)?.diesAt ?? 'an end of its own';
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

function listen(child: ChildProcess) {
  const all: Told[] = [];
  child.on('message', (message) => all.push(message as Told));
  return {
    all,
    next: async (isWanted: (told: Told) => boolean): Promise<Told> => {
      for (;;) {
        const found = all.find(isWanted);
        if (found) return found;
        const [what] = await Promise.race([once(child, 'message').then(() => ['MESSAGE']), once(child, 'exit').then(() => ['EXIT'])]);
        if (what === 'EXIT') throw new Error('The server process ended before it was told to.');
      }
    },
  };
}

/** What the simulated processor did, by our keys, and what our rows say was done: the same, or money was made or lost. */
export async function bothSides(db: Database): Promise<{ theirs: Record<string, string[]>; ours: Record<string, string[]> }> {
  const keys = async (text: string) => (await db.query<{ key: string }>(text)).map((row) => row.key).sort();
  return {
    theirs: {
      charges: await keys(`SELECT idempotency_key AS key FROM sandbox_charge WHERE status = 'SUCCEEDED'`),
      refunds: await keys('SELECT idempotency_key AS key FROM sandbox_refund WHERE decline_code IS NULL'),
      payouts: await keys(`SELECT idempotency_key AS key FROM sandbox_payout WHERE status = 'SUCCEEDED'`),
      methods: await keys(`SELECT idempotency_key AS key FROM sandbox_method WHERE status = 'SUCCEEDED'`),
    },
    ours: {
      charges: await keys(`SELECT provider_key AS key FROM top_up WHERE provider_charge_id IS NOT NULL UNION ALL SELECT provider_key FROM tip WHERE provider_charge_id IS NOT NULL`),
      refunds: await keys(`SELECT provider_key AS key FROM refund WHERE provider IS NOT NULL AND status = 'SUCCEEDED'`),
      payouts: await keys(`SELECT provider_key AS key FROM payout WHERE status = 'SUCCEEDED'`),
      methods: await keys(`SELECT provider_key AS key FROM payment_method WHERE status = 'SAVED'`),
    },
  };
}

/** How many rows of any kind wait for an outcome. */
export async function waiting(db: Database): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT (SELECT count(*) FROM top_up WHERE status = 'PENDING')::int + (SELECT count(*) FROM tip WHERE status = 'PENDING')::int
       + (SELECT count(*) FROM refund WHERE status = 'PENDING')::int + (SELECT count(*) FROM payout WHERE status = 'PENDING')::int
       + (SELECT count(*) FROM payment_method WHERE status = 'PENDING')::int AS count`,
  );
  return row!.count;
}

/** What the provider says crossed the border, and what the ledger says, over all days: a reconciler works later than the provider did. */
export async function totals({ services }: TestServer): Promise<{ theirs: bigint[]; ours: bigint[] }> {
  const { compared } = await compareTotals(services, lastDays(new Date(Date.now() + 86_400_000), 2));
  const sum = (side: 'theirs' | 'ours') =>
    (['chargedMicros', 'refundedMicros', 'paidOutMicros', 'feeMicros'] as const).map((figure) => compared.reduce((all, one) => all + one[side][figure], 0n));
  return { theirs: sum('theirs'), ours: sum('ours') };
}
