import { systemClock, transaction, type Clock, type Database, type Invariant, type Sql } from '../database/room.ts';
import {
  accountLines, bookLines, postingLines, recentPostings, standing, wholeAccountLines, wholeBookLines,
} from './check-lines.ts';
import { guardedKindList } from './accounts.ts';

export interface CheckOptions {
  /** The whole books from their first entry; otherwise what moved since each account's checkpoint. */
  readonly full: boolean;
  /** The statements of the other rooms, asked by the whole check. A row with a `currency` halts that currency. */
  readonly invariants?: readonly Invariant[];
  /** Stops the postings of a currency whose books are found broken twice. */
  readonly haltOnFailure?: boolean;
  /** Told of each broken line, once, after it was confirmed. */
  readonly alarm?: (line: string) => void;
  readonly clock?: Clock;
  /** How many accounts or postings one snapshot covers. */
  readonly sliceSize?: number;
}

/** What became of one invariant. */
export interface CheckLine {
  readonly name: string;
  readonly ok: boolean;
  /** The first ten rows that break it. */
  readonly violations: readonly Violation[];
  /** How many accounts or postings were looked at; null where the statement does not say. */
  readonly checked: number | null;
}

export type Violation = Readonly<Record<string, unknown>>;

const shown = 10;
const firstId = '00000000-0000-0000-0000-000000000000';

/**
 * Proves the books while they are written: every slice is one snapshot, and what breaks in one is asked again in a second before it
 * counts. Answers a line an invariant. Writes checkpoints unless `full`, and halts only when told to.
 */
export async function check(db: Database, options: CheckOptions): Promise<CheckLine[]> {
  const run = new Check(db, options);
  await run.accounts();
  if (options.full) await run.postings();
  await run.books();
  await run.finish();
  return run.lines();
}

interface Finding {
  violations: Violation[];
  checked: number | null;
}

class Check {
  readonly #db: Database;
  readonly #options: CheckOptions;
  readonly #clock: Clock;
  readonly #sliceSize: number;
  readonly #findings = new Map<string, Finding>();
  readonly #halting = new Map<string, string>();

  constructor(db: Database, options: CheckOptions) {
    this.#db = db;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#sliceSize = options.sliceSize ?? 2_000;
  }

  lines(): CheckLine[] {
    return [...this.#findings].map(([name, { violations, checked }]) => ({ name, ok: violations.length === 0, violations, checked }));
  }

  /** Guarded accounts, ascending: all, or those that are not where their checkpoint says. */
  async accounts(): Promise<void> {
    const { full } = this.#options;
    const lines = full ? [...accountLines, ...wholeAccountLines] : accountLines;
    for (const line of [...lines, ...postingLines]) this.#findings.set(line.name, { violations: [], checked: 0 });
    for (let after = firstId; ; ) {
      const ids = await this.#ids(full ? allAccounts : movedAccounts, after);
      if (ids.length === 0) return;
      let proven: Standing[] = [];
      const sound = await this.#prove(async (sql) => {
        const questions = lines.map((line) => ({ line, values: [ids, full], checked: ids.length }));
        if (full) return questions;
        proven = await sql.query<Standing>(standing, [ids, full]);
        const postings = await sql.query<{ id: string }>(recentPostings, [ids, full]);
        return [...questions, ...aboutPostings(postings.map((row) => row.id))];
      });
      if (!full && sound) await this.#saveCheckpoints(proven);
      after = ids.at(-1) as string;
    }
  }

  async postings(): Promise<void> {
    for (let after = firstId; ; ) {
      const ids = await this.#ids(allPostings, after);
      if (ids.length === 0) return;
      await this.#prove(async () => aboutPostings(ids));
      after = ids.at(-1) as string;
    }
  }

  /** What speaks about all accounts at once. */
  async books(): Promise<void> {
    const { full, invariants = [] } = this.#options;
    const lines = full ? [...bookLines, ...wholeBookLines, ...invariants] : bookLines;
    for (const line of lines) await this.#prove(async () => [{ line, values: [], checked: null }]);
  }

  /** Sounds the alarm, and stops the postings of what is broken. */
  async finish(): Promise<void> {
    for (const line of this.lines().filter((one) => !one.ok)) {
      this.#options.alarm?.(`The books are broken: not ${line.name}; first: ${describe(line.violations[0])}`);
    }
    if (!this.#options.haltOnFailure || this.#halting.size === 0) return;
    const halts = [...this.#halting].sort();
    await this.#db.query(
      `INSERT INTO ledger_halt (currency, reason, halted_at) SELECT *, $3 FROM unnest($1::text[], $2::text[])
       ON CONFLICT (currency) DO NOTHING`,
      [halts.map(([currency]) => currency), halts.map(([, reason]) => reason), this.#clock.now()],
    );
  }

  /** Asks a slice's questions in one snapshot, and those that fail once more in another. Answers whether all lines hold. */
  async #prove(questionsIn: (sql: Sql) => Promise<readonly Question[]>): Promise<boolean> {
    const first = await this.#snapshot(async (sql) => askAll(sql, await questionsIn(sql)));
    const suspects = first.filter((answer) => answer.rows.length > 0);
    const second = suspects.length === 0 ? [] : await this.#snapshot((sql) => askAll(sql, suspects));
    const confirmed = new Map(second.map((answer) => [answer.line, answer.rows]));
    for (const answer of first) this.#record(answer, confirmed.get(answer.line) ?? []);
    return second.every((answer) => answer.rows.length === 0);
  }

  #record({ line, checked }: Question, rows: readonly Violation[]): void {
    const finding = this.#findings.get(line.name) ?? { violations: [], checked: checked === null ? null : 0 };
    if (finding.checked !== null) finding.checked += checked ?? 0;
    finding.violations.push(...rows.slice(0, shown - finding.violations.length));
    this.#findings.set(line.name, finding);
    for (const { currency } of rows) {
      if (typeof currency === 'string' && !this.#halting.has(currency)) this.#halting.set(currency, `not ${line.name}`);
    }
  }

  async #ids(text: string, after: string): Promise<string[]> {
    const rows = await this.#snapshot((sql) => sql.query<{ id: string }>(text, [after, this.#sliceSize]));
    return rows.map((row) => row.id);
  }

  #snapshot<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return transaction(this.#db, work, { isolation: 'REPEATABLE READ', readOnly: true });
  }

  async #saveCheckpoints(before: readonly Standing[]): Promise<void> {
    await this.#db.query(
      `INSERT INTO ledger_checkpoint AS c (account_id, version, balance, checked_at)
       SELECT id, version, balance, $4 FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS proven (id, version, balance) ORDER BY id
       ON CONFLICT (account_id) DO UPDATE
         SET version = excluded.version, balance = excluded.balance, checked_at = excluded.checked_at
         WHERE c.version < excluded.version`,
      [before.map((row) => row.id), before.map((row) => row.version), before.map((row) => row.balance), this.#clock.now()],
    );
  }
}

interface Question {
  readonly line: Invariant;
  readonly values: readonly unknown[];
  readonly checked: number | null;
}

function aboutPostings(ids: readonly string[]): Question[] {
  return postingLines.map((line) => ({ line, values: [ids], checked: ids.length }));
}

async function askAll<Q extends Question>(sql: Sql, questions: readonly Q[]): Promise<(Q & { rows: Violation[] })[]> {
  const answers: (Q & { rows: Violation[] })[] = [];
  for (const question of questions) {
    const rows = await sql.query<Violation>(`SELECT * FROM (${question.line.sql}) violation LIMIT ${shown}`, question.values);
    answers.push({ ...question, rows });
  }
  return answers;
}

interface Standing {
  id: string;
  version: bigint;
  balance: bigint;
}

const allAccounts = `SELECT id FROM account WHERE id > $1::uuid AND kind IN (${guardedKindList}) ORDER BY id LIMIT $2`;

// An account that stands where its checkpoint says has nothing new to prove: its entries cannot change, only the whole check doubts that.
const movedAccounts = `
  SELECT a.id FROM account a LEFT JOIN ledger_checkpoint c ON c.account_id = a.id
  WHERE a.id > $1::uuid AND a.kind IN (${guardedKindList})
    AND (a.version <> coalesce(c.version, 0) OR a.balance <> coalesce(c.balance, 0))
  ORDER BY a.id LIMIT $2`;

const allPostings = 'SELECT id FROM posting WHERE id > $1::uuid ORDER BY id LIMIT $2';

function describe(violation: Violation | undefined): string {
  return JSON.stringify(violation, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
}
