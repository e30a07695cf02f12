import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Kysely, PostgresDialect } from 'kysely';
import type { PoolClient } from 'pg';
import type { Database } from './connection.ts';
import { failureKind, isConnectionLoss, OutcomeUnknown, Unavailable } from './errors.ts';
import { runSql, type Sql } from './sql.ts';

/**
 * One open transaction: plain SQL, and an EntityManager that writes through the same connection (call `em.flush()`). Statements that
 * are started together (`Promise.all`) go to the server in one packet and run there in the order in which they were started.
 */
export interface Tx extends Sql {
  readonly em: EntityManager;
  /** Called after the COMMIT is known to have happened, and then exactly once; a rolled back attempt calls nothing. */
  afterCommit(action: () => void): void;
}

export interface TransactionOptions {
  /**
   * True when running `work` again after a COMMIT whose answer was lost is safe: its keys are read under locks that wait for
   * the lost transaction, so the second run finds what the first one wrote. Otherwise a lost COMMIT is `OutcomeUnknown`.
   */
  readonly rerunLostCommit?: boolean;
  readonly attempts?: number;
  readonly isolation?: 'READ COMMITTED' | 'REPEATABLE READ';
  readonly readOnly?: boolean;
  /**
   * True plans each statement once a connection, not again for the values at hand: for set-based work by key, whose plan is the same
   * for one row as for hundreds, while planning would take a sixth of the database's time.
   */
  readonly keepPlans?: boolean;
}

const defaultAttempts = 5;

/**
 * Runs `work` in a transaction of its own, at READ COMMITTED with durable commit, again after deadlocks, lock time-outs and lost
 * connections. Throws `Unavailable` when every attempt failed, `OutcomeUnknown` when a COMMIT was among what was lost.
 */
export async function transaction<T>(db: Database, work: (tx: Tx) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
  const attempts = options.attempts ?? defaultAttempts;
  let commitLost = false;
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptOnce(db, work, options);
    if (outcome.kind === 'DONE') return outcome.value;
    const { error } = outcome;
    commitLost ||= outcome.kind === 'COMMIT_LOST';
    if (commitLost && !options.rerunLostCommit) {
      throw new OutcomeUnknown('The connection was lost while a transaction was being committed.', { cause: error });
    }
    const kind = failureKind(error);
    // A unique violation is not ours to judge: whoever knows the key reads again (see GroupCommit).
    if (kind !== 'RETRY' && outcome.kind !== 'COMMIT_LOST') throw error;
    if (attempt >= attempts) {
      if (commitLost) throw new OutcomeUnknown('The connection was lost at COMMIT and the outcome could not be read.', { cause: error });
      throw new Unavailable(`The database gave way ${attempts} times; the last reason: ${(error as Error).message}`, { cause: error });
    }
    await delay(Math.random() * 10 * 2 ** attempt);
  }
}

type Attempt<T> =
  | { kind: 'DONE'; value: T }
  | { kind: 'FAILED'; error: unknown }
  | { kind: 'COMMIT_LOST'; error: unknown };

async function attemptOnce<T>(db: Database, work: (tx: Tx) => Promise<T>, options: TransactionOptions): Promise<Attempt<T>> {
  let client: PoolClient;
  try {
    client = await db.client();
  } catch (error) {
    return { kind: 'FAILED', error };
  }
  let broken: Error | undefined;
  let committing = false;
  const onError = (error: Error) => {
    broken ??= error;
  };
  client.on('error', onError);
  const tx = new OpenTx(db, client);
  try {
    await client.query(beginStatement(options));
    const value = await work(tx);
    tx.end();
    await db.failpoint('before-commit');
    committing = true;
    const { command } = await client.query('COMMIT');
    // COMMIT of a transaction with a failed statement rolls back and says so without an error.
    if (command !== 'COMMIT') throw tx.failure ?? new Error(`COMMIT was answered with ${command}.`);
    await db.failpoint('after-commit');
    tx.committed();
    return { kind: 'DONE', value };
  } catch (error) {
    tx.end();
    if (isConnectionLoss(error)) broken ??= error as Error;
    if (!broken) await client.query('ROLLBACK').catch((rollbackError: Error) => { broken = rollbackError; });
    return { kind: committing && broken ? 'COMMIT_LOST' : 'FAILED', error };
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

function beginStatement(options: TransactionOptions): string {
  const access = options.readOnly ? ' READ ONLY' : '';
  const plans = options.keepPlans ? '; SET LOCAL plan_cache_mode = force_generic_plan' : '';
  return `BEGIN ISOLATION LEVEL ${options.isolation ?? 'READ COMMITTED'}${access}; SET LOCAL synchronous_commit = on${plans}`;
}

class OpenTx implements Tx {
  readonly #db: Database;
  readonly #client: PoolClient;
  readonly #afterCommit: (() => void)[] = [];
  #em: EntityManager | undefined;
  #failure: { readonly error: unknown } | undefined;
  #hasEnded = false;

  constructor(db: Database, client: PoolClient) {
    this.#db = db;
    this.#client = client;
  }

  get em(): EntityManager {
    this.#em ??= entityManagerOn(this.#db, this.#client, () => this.#refuseIfEnded());
    return this.#em;
  }

  /** What follows a failed statement fails with the same error: that the transaction is aborted (25P02) tells nobody why. */
  async query<Row>(text: string, values?: readonly unknown[]): Promise<Row[]> {
    this.#refuseIfEnded();
    holdPacket(this.#client);
    try {
      return await runSql<Row>(this.#client, text, values);
    } catch (error) {
      this.#failure ??= { error };
      throw this.#failure.error;
    }
  }

  afterCommit(action: () => void): void {
    this.#afterCommit.push(action);
  }

  /** The error of the first statement that failed. */
  get failure(): unknown {
    return this.#failure?.error;
  }

  /** After a ROLLBACK a late statement would stand alone, and be committed. */
  #refuseIfEnded(): void {
    if (this.#hasEnded) throw new Error('The transaction has ended: a statement of its work came too late.');
  }

  /** Takes no statements any more. */
  end(): void {
    this.#hasEnded = true;
  }

  committed(): void {
    for (const action of this.#afterCommit) action();
  }
}

/** Lets the statements of one turn leave together: a write to the socket costs as much as running a small statement. */
function holdPacket(client: PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection;
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/** MikroORM takes any Kysely instance as its transaction: this one has a pool of exactly our connection. */
function entityManagerOn(db: Database, client: PoolClient, check: () => void): EntityManager {
  const query = (...statement: unknown[]): unknown => {
    check();
    return (client.query as (...given: unknown[]) => unknown).apply(client, statement);
  };
  const held = { query, release: () => {} };
  const pool = { connect: async () => held, end: async () => {} };
  const em = db.fork();
  em.setTransactionContext(new Kysely({ dialect: new PostgresDialect({ pool: pool as never }) }) as never);
  return em;
}
