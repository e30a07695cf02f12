import type { Tx } from '../database/room.ts';
import { isGuarded } from './accounts.ts';
import type { BookAccount, Decided } from './book-pages.ts';
import { lockAccounts, readAccounts } from './book-reading.ts';
import { writeBook } from './book-writing.ts';
import type { EntryRequest, Insufficient, PostingRequest, PostOutcome } from './posting-request.ts';

/** Postings of this currency have stopped because `check` found its books broken. Nothing was written. */
export class LedgerHalted extends Error {
  override name = 'LedgerHalted';
  readonly currency: string;

  constructor(currency: string, reason: string) {
    super(`Postings in ${currency} have stopped: ${reason}`);
    this.currency = currency;
  }
}

const largest = 2n ** 63n - 1n;
const hourMs = 3_600_000;

/**
 * The books of one batch, in memory. `lock` takes the guarded accounts in the order that everybody keeps, `post` decides each
 * posting against what its accepted predecessors left, and `write` stores all of them with a handful of statements.
 */
export class Book {
  readonly #accounts: Map<string, BookAccount>;
  readonly #halts: ReadonlyMap<string, string>;
  #decided: Decided = { postings: [], entries: [], holds: new Map() };
  readonly #names = new Set<string>();

  private constructor(accounts: Map<string, BookAccount>, halts: ReadonlyMap<string, string>) {
    this.#accounts = accounts;
    this.#halts = halts;
  }

  /**
   * Locks the guarded accounts among these (any order, repeats allowed) until the transaction ends, then reads them. Once a
   * transaction, after every lock that comes before accounts in the lock order. Throws for an account that does not exist.
   */
  static async lock(tx: Tx, accountIds: readonly string[]): Promise<Book> {
    const ids = [...new Set(accountIds)].sort();
    // Two statements: a SELECT that waits for its lock would still show what it saw before it waited.
    const [, { accounts, halts }] = await Promise.all([lockAccounts(tx, ids), readAccounts(tx, ids)]);
    return new Book(accounts, halts);
  }

  /** The balance, in micros, that the accepted postings so far leave on a guarded account. */
  balance(accountId: string): bigint {
    const account = this.#account(accountId);
    if (!account.guarded) {
      throw new Error(`The ${account.kind} account ${accountId} is not locked, so its balance may move at any moment: use balanceOf().`);
    }
    return account.balance;
  }

  /** How many entries a guarded account has, those decided here included. */
  version(accountId: string): bigint {
    return this.#account(accountId).version;
  }

  /** Why postings in a currency have stopped, or null while they may be made. */
  haltReason(currency: string): string | null {
    return this.#halts.get(currency) ?? null;
  }

  /**
   * The entries that credit a creator: `debt` is repaid first, the rest reaches earnings and is held there. Ask just before the
   * `post` that they are for, since they follow from the debt that is left by then.
   */
  creditEarnings(credit: { earningsId: string; debtId: string; amountMicros: bigint }): EntryRequest[] {
    if (credit.amountMicros < 0n) throw new Error(`A credit of ${credit.amountMicros} micros would take from ${credit.earningsId}.`);
    const owed = -this.balance(credit.debtId);
    const repaid = owed < credit.amountMicros ? owed : credit.amountMicros;
    return [
      { accountId: credit.debtId, amountMicros: repaid },
      { accountId: credit.earningsId, amountMicros: credit.amountMicros - repaid, held: true },
    ].filter((entry) => entry.amountMicros !== 0n);
  }

  /**
   * Decides one posting against what its accepted predecessors left; a refused one leaves no trace. Throws `LedgerHalted`, and
   * for what only a bug can ask: entries that do not sum to zero, an account that is not locked, named twice or of another currency.
   */
  post(request: PostingRequest): PostOutcome {
    const reason = this.haltReason(request.currency);
    if (reason !== null) throw new LedgerHalted(request.currency, reason);
    const moves = this.#movesOf(request);
    const short = moves.map(shortage).find((found) => found !== null);
    if (short) return short;
    for (const move of moves) this.#assertWithinBounds(request, move);
    this.#remember(request);
    for (const move of moves) this.#apply(request, move);
    return { ok: true };
  }

  /** Stores what was decided. The book may be used further in the same transaction, and written again. */
  async write(tx: Tx): Promise<void> {
    const decided = this.#decided;
    this.#decided = { postings: [], entries: [], holds: new Map() };
    if (decided.postings.length > 0) await writeBook(tx, decided, [...this.#accounts.values()]);
  }

  #account(accountId: string): BookAccount {
    const account = this.#accounts.get(accountId);
    if (!account) throw new Error(`The account ${accountId} is not in this book: name it in Book.lock().`);
    return account;
  }

  #movesOf(request: PostingRequest): Move[] {
    const moves = request.entries
      .filter((entry) => entry.amountMicros !== 0n)
      .map((entry) => ({ entry, account: this.#account(entry.accountId) }));
    const stray = moves.find((move) => move.account.currency !== request.currency);
    if (stray) throw bug(request, `is in ${request.currency}, but its account ${stray.account.id} in ${stray.account.currency}`);
    const sum = moves.reduce((total, move) => total + move.entry.amountMicros, 0n);
    if (sum !== 0n) throw bug(request, `sums to ${sum} micros, not to zero`);
    if (moves.length < 2) throw bug(request, 'moves nothing: it takes two entries or more');
    if (new Set(moves.map((move) => move.account.id)).size < moves.length) throw bug(request, 'names an account twice');
    for (const { entry, account } of moves) {
      const misheld = (entry.held && entry.amountMicros < 0n) || (entry.takesBackFrom && entry.amountMicros > 0n);
      if (misheld) throw bug(request, `holds a debit or takes back a credit on ${account.id}`);
      if ((entry.held || entry.takesBackFrom) && account.kind !== 'earnings') throw bug(request, `holds on a ${account.kind} account`);
    }
    return moves;
  }

  #assertWithinBounds(request: PostingRequest, { entry, account }: Move): void {
    const after = account.balance + entry.amountMicros;
    if (account.kind === 'debt' && after > 0n) throw bug(request, `repays ${after} micros more than ${account.id} owes`);
    if (after > largest || after < -largest) throw bug(request, `takes ${account.id} to ${after} micros, beyond 64 bits`);
  }

  /** Two in one book would break the database's constraints, and with them the whole batch. */
  #remember(request: PostingRequest): void {
    const names = [`posting ${request.id}`, `${request.kind} of ${request.causeId}`];
    if (request.resolves) names.push(`resolution of ${request.resolves}`);
    const twice = names.find((name) => this.#names.has(name));
    if (twice) throw bug(request, `is the second ${twice} in its batch`);
    for (const name of names) this.#names.add(name);
    this.#decided.postings.push(request);
  }

  #apply(request: PostingRequest, { entry, account }: Move): void {
    account.balance += entry.amountMicros;
    if (account.guarded) account.version += 1n;
    this.#decided.entries.push({
      postingId: request.id,
      accountId: account.id,
      amountMicros: entry.amountMicros,
      version: account.guarded ? account.version : null,
      balanceAfterMicros: account.guarded ? account.balance : null,
    });
    const heldAt = entry.held ? (request.heldFrom ?? request.createdAt) : entry.takesBackFrom;
    if (heldAt) this.#moveHold(account.id, heldAt, entry.amountMicros);
  }

  #moveHold(accountId: string, at: Date, amountMicros: bigint): void {
    const hour = new Date(Math.floor(at.getTime() / hourMs) * hourMs);
    const key = `${accountId} ${hour.getTime()}`;
    const move = this.#decided.holds.get(key) ?? { accountId, hour, amountMicros: 0n };
    move.amountMicros += amountMicros;
    this.#decided.holds.set(key, move);
  }
}

interface Move {
  readonly entry: EntryRequest;
  readonly account: BookAccount;
}

function shortage({ entry, account }: Move): Insufficient | null {
  const after = account.balance + entry.amountMicros;
  if (!isGuarded(account.kind) || account.kind === 'debt' || after >= 0n) return null;
  return { ok: false, reason: 'INSUFFICIENT', accountId: account.id, balanceMicros: account.balance, shortfallMicros: -after };
}

function bug(request: PostingRequest, what: string): Error {
  return new Error(`The ${request.kind} posting ${request.id} ${what}.`);
}
