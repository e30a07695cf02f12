import { transaction, newId, type Database } from '../../src/database/room.ts';
import { Book, openAccounts, readStatements, type AccountKind, type EntryRequest, type PostOutcome } from '../../src/ledger/room.ts';

/**
 * Ledger tests as aligned tables, one command a line; what is expected stands after `=>`. Lines up to a `commit` are one batch.
 *
 *     account  fan   wallet  USD
 *     time     11:30
 *     post     t1    bank -100   fan +100                       => ok
 *     post     t2    fan  -120   amy +120 held                  => short fan 20 of 100
 *     post     t3    amy  -10 back@11:00   fan +10  resolves t1  => throws sums to
 *     credit   t4    bank -100   amy/amy_debt                   => ok
 *     commit
 *     balance  fan   100  version 1
 *     hold     amy   11:00  0
 */
export async function runTable(db: Database, table: string): Promise<void> {
  const run = new TableRun(db);
  for (const line of table.split('\n').map((text) => text.trim()).filter((text) => text !== '')) {
    try {
      await run.line(line);
    } catch (error) {
      throw new Error(`${line}\n  ${(error as Error).message}`, { cause: error });
    }
  }
  await run.commit();
}

interface Waiting {
  readonly line: string;
  decide(book: Book): void;
}

class TableRun {
  readonly #db: Database;
  readonly #accounts = new Map<string, string>();
  readonly #currencies = new Map<string, string>();
  readonly #postings = new Map<string, string>();
  #waiting: Waiting[] = [];
  #time = new Date('2026-03-01T12:00:00Z');

  constructor(db: Database) {
    this.#db = db;
  }

  async line(line: string): Promise<void> {
    const [left = '', expected = ''] = line.split('=>').map((part) => part.trim());
    const [command, ...words] = left.split(/\s+/);
    if (command === 'account') return this.#open(words as [string, AccountKind, string]);
    if (command === 'time') this.#time = at(words[0] as string);
    else if (command === 'post' || command === 'credit') this.#post(line, words, expected);
    else if (command === 'commit') await this.commit();
    else if (command === 'balance') await this.#expectBalance(words);
    else if (command === 'hold') await this.#expectHold(words as [string, string, string]);
    else throw new Error(`There is no command "${command}".`);
  }

  /** Commits the waiting lines as one batch of their own. */
  async commit(): Promise<void> {
    const batch = this.#waiting.splice(0);
    if (batch.length === 0) return;
    await transaction(this.#db, async (tx) => {
      const book = await Book.lock(tx, [...this.#accounts.values()]);
      for (const { line, decide } of batch) {
        try {
          decide(book);
        } catch (error) {
          throw new Error(`${line}\n  ${(error as Error).message}`, { cause: error });
        }
      }
      await book.write(tx);
    });
  }

  async #open([name, kind, currency]: [string, AccountKind, string]): Promise<void> {
    const [id] = await transaction(this.#db, (tx) => openAccounts(tx, [{ ownerId: newId(), kind, currency }], this.#time));
    this.#accounts.set(name, id as string);
    this.#currencies.set(name, currency);
  }

  #post(line: string, words: readonly string[], expected: string): void {
    const [name = '', ...rest] = words;
    const id = this.#postings.get(name) ?? newId();
    this.#postings.set(name, id);
    const createdAt = this.#time;
    const marked = rest.indexOf('resolves');
    const resolves = marked < 0 ? null : (this.#postings.get(rest[marked + 1] as string) as string);
    const moves = marked < 0 ? rest : rest.slice(0, marked);
    const currency = this.#currencies.get((moves[0] as string).split('/')[0] as string) as string;
    const decide = (book: Book) => {
      const actual = outcome(() => book.post({
        id, kind: 'test', causeId: id, currency, resolves, createdAt, entries: this.#entries(moves, book),
      }), (accountId) => this.#nameOf(accountId));
      const met = expected.startsWith('throws ') ? actual.startsWith('throws ') && actual.includes(expected.slice(7)) : actual === expected;
      if (!met) throw new Error(`expected "${expected}", but it is "${actual}"`);
    };
    this.#waiting.push({ line, decide });
  }

  /** `amy/amy_debt` credits what the entries before it took, debt first. */
  #entries(words: readonly string[], book: Book): EntryRequest[] {
    const entries: EntryRequest[] = [];
    for (let index = 0; index < words.length; ) {
      const word = words[index++] as string;
      const [account, debt] = word.split('/') as [string, string | undefined];
      if (debt !== undefined) {
        const amountMicros = -entries.reduce((sum, entry) => sum + entry.amountMicros, 0n);
        entries.push(...book.creditEarnings({ earningsId: this.#id(account), debtId: this.#id(debt), amountMicros }));
        continue;
      }
      const amountMicros = BigInt((words[index++] as string).replace('+', ''));
      const next = words[index];
      const held = next === 'held';
      const takesBackFrom = next?.startsWith('back@') ? at(next.slice(5)) : undefined;
      if (held || takesBackFrom) index++;
      entries.push({ accountId: this.#id(account), amountMicros, held, takesBackFrom });
    }
    return entries;
  }

  async #expectBalance([name, balance, , version]: readonly string[]): Promise<void> {
    const id = this.#id(name as string);
    const [row] = await this.#db.query<{ balance: bigint; version: bigint }>(
      `SELECT (a.balance + coalesce((SELECT sum(amount) FROM balance_delta d WHERE d.account_id = a.id), 0))::bigint AS balance, a.version
       FROM account a WHERE a.id = $1`,
      [id],
    );
    const actual = `${row?.balance} version ${row?.version}`;
    if (actual !== `${balance} version ${version ?? 0}`) throw new Error(`it is ${actual}`);
    const [lines = []] = await readStatements(this.#db, [{ accountId: id, limit: 1 }]);
    if (lines[0] && lines[0].balanceAfterMicros !== row?.balance) throw new Error(`its last entry left ${lines[0].balanceAfterMicros}`);
  }

  async #expectHold([name, hour, amount]: [string, string, string]): Promise<void> {
    const rows = await this.#db.query<{ amount: bigint }>('SELECT amount FROM earnings_hold WHERE account_id = $1 AND hour = $2', [this.#id(name), at(hour)]);
    const actual = rows[0]?.amount.toString() ?? 'none';
    if (actual !== amount) throw new Error(`it is ${actual}`);
  }

  #id(name: string): string {
    return this.#accounts.get(name) ?? newId();
  }

  #nameOf(accountId: string): string {
    return [...this.#accounts].find(([, id]) => id === accountId)?.[0] ?? accountId;
  }
}

function at(time: string): Date {
  return new Date(`2026-03-01T${time}:00Z`);
}

function outcome(post: () => PostOutcome, nameOf: (accountId: string) => string): string {
  try {
    const result = post();
    return result.ok ? 'ok' : `short ${nameOf(result.accountId)} ${result.shortfallMicros} of ${result.balanceMicros}`;
  } catch (error) {
    return `throws ${(error as Error).message}`;
  }
}
