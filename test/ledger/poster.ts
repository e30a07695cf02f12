import { newId, transaction, type Database, type Tx } from '../../src/database/room.ts';
import { Book, type EntryRequest } from '../../src/ledger/room.ts';
import { BANK, DEBT, EARNINGS, FEE, type Decision, type Operation } from './model.ts';

/** What goes wrong on a batch's first attempt. All but NONE lose the connection. */
export type Fault = 'NONE' | 'BEFORE_COMMIT' | 'COMMIT_UNANSWERED' | 'KILLED_BEFORE_WRITE' | 'KILLED_BEFORE_COMMIT' | 'KILLED_WHILE_COMMITTING';

export interface Batch {
  readonly fault: Fault;
  readonly operations: readonly Operation[];
}

/** What an acknowledged batch was told, and when it held its locks: no two batches that share an account hold them at once. */
export interface Report {
  readonly operations: readonly Operation[];
  readonly decisions: readonly Decision[];
  readonly lockedAtMicros: string;
  /** True when the answer came from an attempt whose COMMIT had been lost. */
  readonly recovered: boolean;
}

export const moment = new Date('2026-03-01T12:00:00Z');
const lanes = 3;

/** Posts batches in three lanes at once, each batch again until it is acknowledged. */
export async function runPoster(db: Database, accounts: readonly string[], batches: readonly Batch[]): Promise<Report[]> {
  const waiting = [...batches];
  const reports: Report[] = [];
  const lane = async () => {
    for (let batch = waiting.shift(); batch; batch = waiting.shift()) reports.push(await postBatch(db, accounts, batch));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return reports;
}

async function postBatch(db: Database, accounts: readonly string[], { operations, fault }: Batch): Promise<Report> {
  const causes = operations.map(() => newId());
  const attempts = new Map<string, Report>();
  const saboteur = new Saboteur(db, fault);
  return transaction(saboteur.database, async (tx) => {
    await saboteur.meet(tx);
    const book = await Book.lock(tx, accounts);
    // The locks have waited for a ghost of this batch, so its keys tell whether it committed.
    const written = await tx.query<{ id: string }>('SELECT id FROM posting WHERE cause_id = ANY ($1::uuid[])', [causes]);
    if (written[0]) return { ...(attempts.get(written[0].id) as Report), recovered: true };
    const [clock] = await tx.query<{ at: bigint }>('SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS at');
    const decisions = operations.map((operation, index) => {
      const id = newId();
      const outcome = book.post({
        id, kind: 'test', causeId: causes[index] as string, currency: 'USD', createdAt: moment, entries: entriesOf(operation, accounts, book),
      });
      if (outcome.ok) return { id, text: 'ok' };
      return { id, text: `${accounts.indexOf(outcome.accountId)} short ${outcome.shortfallMicros} of ${outcome.balanceMicros}` };
    });
    await saboteur.strike('KILLED_BEFORE_WRITE');
    const report = { operations, decisions: decisions.map((one) => one.text), lockedAtMicros: String(clock?.at), recovered: false };
    for (const { id } of decisions) attempts.set(id, report);
    await book.write(tx);
    return report;
  }, { rerunLostCommit: true });
}

function entriesOf(operation: Operation, accounts: readonly string[], book: Book): EntryRequest[] {
  const id = (account: number) => accounts[account] as string;
  const amountMicros = BigInt(operation.amount);
  switch (operation.do) {
    case 'move':
      return [
        { accountId: id(operation.from), amountMicros: -amountMicros },
        { accountId: id(operation.to), amountMicros: amountMicros - BigInt(operation.fee) },
        { accountId: id(FEE), amountMicros: BigInt(operation.fee) },
      ];
    case 'credit':
      return [
        { accountId: id(operation.from), amountMicros: -amountMicros },
        ...book.creditEarnings({ earningsId: id(EARNINGS), debtId: id(DEBT), amountMicros }),
      ];
    case 'takeBack':
      return [{ accountId: id(EARNINGS), amountMicros: -amountMicros, takesBackFrom: moment }, { accountId: id(BANK), amountMicros }];
    case 'lend':
      return [{ accountId: id(DEBT), amountMicros: -amountMicros }, { accountId: id(BANK), amountMicros }];
  }
}

/** Does one batch's fault, once. */
class Saboteur {
  readonly database: Database;
  readonly #db: Database;
  #fault: Fault;
  #backend = 0;

  constructor(db: Database, fault: Fault) {
    this.#db = db;
    this.#fault = fault;
    this.database = { ...db, failpoint: (name) => this.#atFailpoint(name) };
  }

  /** Learns which server process to kill. */
  async meet(tx: Tx): Promise<void> {
    const [row] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    this.#backend = row?.pid ?? 0;
  }

  async strike(moment: Fault): Promise<void> {
    if (this.#fault !== moment) return;
    this.#fault = 'NONE';
    await this.#kill();
  }

  async #atFailpoint(name: string): Promise<void> {
    if (name === 'before-commit') {
      await this.strike('KILLED_BEFORE_COMMIT');
      if (this.#fault === 'KILLED_WHILE_COMMITTING') {
        this.#fault = 'NONE';
        // It may come so late that its own connection is the one that another lane's late kill ends.
        this.#kill().catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, Math.random()));
      }
    }
    if (this.#fault === (name === 'before-commit' ? 'BEFORE_COMMIT' : 'COMMIT_UNANSWERED')) {
      this.#fault = 'NONE';
      throw new Error('Connection terminated unexpectedly');
    }
  }

  async #kill(): Promise<void> {
    await this.#db.query('SELECT pg_terminate_backend($1)', [this.#backend]);
  }
}
