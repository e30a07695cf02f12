import { newId, type Tx } from '../database/room.ts';
import { balancesOf, Book, readHalts, type PostOutcome, type PostingRequest } from '../ledger/room.ts';
import type { Charge } from './charge.ts';

/** A charge and the accounts between which its money moves. */
export interface ChargePosting {
  readonly charge: Charge;
  readonly walletId: string;
  readonly earningsId: string;
  readonly debtId: string;
  readonly platformFeeId: string;
  readonly createdAt: Date;
}

/** Where a till takes its money from. */
export interface Purse {
  /** Why postings in a currency have stopped, or null. */
  haltReason(currency: string): string | null;
  /** Decides one charge against what the accepted ones before it left. */
  post(posting: ChargePosting): PostOutcome;
  /** Stores the accepted ones. */
  write(tx: Tx): Promise<void>;
}

/** Decides under the locks of all accounts. */
export class LockedPurse implements Purse {
  readonly #book: Book;

  private constructor(book: Book) {
    this.#book = book;
  }

  static async open(tx: Tx, accountIds: readonly string[]): Promise<LockedPurse> {
    return new LockedPurse(await Book.lock(tx, accountIds));
  }

  haltReason(currency: string): string | null {
    return this.#book.haltReason(currency);
  }

  post(posting: ChargePosting): PostOutcome {
    return this.#book.post(postingOf(posting, this.#book));
  }

  async write(tx: Tx): Promise<void> {
    await this.#book.write(tx);
  }
}

/** A batch was decided on balances that had moved by the time they were locked. It is to be rolled back, and decided under locks. */
export class ForecastMissed extends Error {
  override name = 'ForecastMissed';
}

/**
 * Decides by balances that are read without a lock, and locks the accounts when the book is written: popular creators' accounts are
 * then held for half as long, and tips wait half as long for them. What it forecasts nearly always holds, since whoever takes from a
 * wallet has locked its person, as the caller has. Where it does not, `write` throws `ForecastMissed`.
 */
export class ForecastPurse implements Purse {
  readonly #accountIds: readonly string[];
  readonly #balances: Map<string, bigint>;
  readonly #halts: ReadonlyMap<string, string>;
  #accepted: ChargePosting[] = [];

  private constructor(accountIds: readonly string[], balances: Map<string, bigint>, halts: ReadonlyMap<string, string>) {
    this.#accountIds = accountIds;
    this.#balances = balances;
    this.#halts = halts;
  }

  static async open(tx: Tx, accountIds: readonly string[], walletIds: readonly string[]): Promise<ForecastPurse> {
    return new ForecastPurse(accountIds, await balancesOf(tx, walletIds), await readHalts(tx));
  }

  haltReason(currency: string): string | null {
    return this.#halts.get(currency) ?? null;
  }

  post(posting: ChargePosting): PostOutcome {
    const { walletId, charge } = posting;
    const balanceMicros = this.#balances.get(walletId) ?? 0n;
    const left = balanceMicros - charge.amountMicros;
    if (left < 0n) return { ok: false, reason: 'INSUFFICIENT', accountId: walletId, balanceMicros, shortfallMicros: -left };
    this.#balances.set(walletId, left);
    this.#accepted.push(posting);
    return { ok: true };
  }

  async write(tx: Tx): Promise<void> {
    const accepted = this.#accepted;
    this.#accepted = [];
    if (accepted.length === 0) return;
    const book = await Book.lock(tx, this.#accountIds);
    for (const posting of accepted) {
      const { charge } = posting;
      if (book.haltReason(charge.currency) !== null) throw new ForecastMissed(`Postings in ${charge.currency} have stopped since the forecast.`);
      const outcome = book.post(postingOf(posting, book));
      if (!outcome.ok) throw new ForecastMissed(`The account ${outcome.accountId} has ${outcome.balanceMicros} micros, less than was forecast.`);
    }
    await book.write(tx);
  }
}

/** The whole amount leaves the wallet; the fee goes to the platform and all the rest to the creator. */
function postingOf({ charge, walletId, earningsId, debtId, platformFeeId, createdAt }: ChargePosting, book: Book): PostingRequest {
  return {
    id: newId(),
    kind: charge.kind === 'PERIOD' ? 'SUBSCRIPTION' : 'SUBSCRIPTION_PRORATION',
    causeId: charge.id,
    currency: charge.currency,
    entries: [
      { accountId: walletId, amountMicros: -charge.amountMicros },
      ...book.creditEarnings({ earningsId, debtId, amountMicros: charge.netMicros }),
      ...(charge.feeMicros > 0n ? [{ accountId: platformFeeId, amountMicros: charge.feeMicros }] : []),
    ],
    createdAt,
  };
}
