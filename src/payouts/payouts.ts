import { encodeId, isSameInput } from '../api/room.ts';
import { configService } from '../config.ts';
import { clockService, databaseService, moveCounters, newId, service, transaction, type Clock, type Database, type Sql, type Tx } from '../database/room.ts';
import { lockPeople } from '../identity/room.ts';
import { Book, creatorBalances } from '../ledger/room.ts';
import { ceilToStep, floorToStep, isWholeSteps, money, type Money } from '../money/room.ts';
import {
  outcomesService, paymentProvidersService, type FinalOutcome, type Intent, type IntentKind, type Outcomes, type PaymentProviders, type Rail,
} from '../payments/room.ts';
import { readCurrentDestinations } from './destination-rows.ts';
import type { Destination } from './destination.ts';
import { openCreatorAccounts, openPayoutAccounts, reservation, returned, settlement, type CreatorAccounts } from './payout-posting.ts';
import {
  insertPayout, lockPayout, readKeyedPayout, readPayoutByProviderKey, readPayouts, readPendingPayouts, storeFailed, storePaid,
} from './payout-rows.ts';
import { payoutCounter, payoutPrefix, type Payout } from './payout.ts';

/** A creator's wish, parsed and well-formed, with nothing looked up yet. */
export interface RequestPayout {
  readonly personId: string;
  readonly idempotencyKey: string;
  readonly inputHash: Buffer;
  readonly amount: Money;
}

/** Everything that can come of it. Only ANSWERED has a row: a payout that succeeded, failed, or is pending still. */
export type RequestPayoutOutcome = { readonly kind: 'ANSWERED'; readonly payout: Payout } | PayoutRefusal;

export type PayoutRefusal =
  | { readonly kind: 'PERSON_NOT_FOUND' }
  | { readonly kind: 'NO_PAGE' }
  | { readonly kind: 'IDEMPOTENCY_MISMATCH' }
  | { readonly kind: 'CURRENCY_MISMATCH'; readonly expected: string }
  | { readonly kind: 'ACCOUNT_FROZEN' }
  | { readonly kind: 'NO_DESTINATION' }
  | { readonly kind: 'DESTINATION_UNVERIFIED'; readonly label: string }
  | { readonly kind: 'PROVIDER_UNAVAILABLE'; readonly provider: string }
  | { readonly kind: 'CURRENCY_NOT_TAKEN'; readonly provider: string; readonly currency: string }
  | { readonly kind: 'NOT_WHOLE_STEPS'; readonly provider: string; readonly step: Money }
  | { readonly kind: 'BELOW_MINIMUM'; readonly minimum: Money; readonly payable: Money }
  /** Earned, but not payable yet. */
  | { readonly kind: 'FUNDS_HELD'; readonly payable: Money; readonly held: Money }
  | { readonly kind: 'INSUFFICIENT_FUNDS'; readonly payable: Money; readonly shortfall: Money };

interface PayoutsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly providers: PaymentProviders;
  readonly outcomes: Outcomes;
  /** Earnings younger than this are not payable. */
  readonly holdDays: number;
  /** In micros of whatever currency. */
  readonly minimumMicros: bigint;
}

interface Page {
  readonly id: string;
  readonly currency: string;
}

/** Where a payout would go, and by which rail. */
interface Route {
  readonly kind: 'ROUTE';
  readonly destination: Destination;
  readonly rail: Rail;
}

type Stored = { readonly kind: 'STORED'; readonly payout: Payout; readonly isNew: boolean } | PayoutRefusal;

/** Brings earnings to creators' banks, in stages: whatever is cut off between two of them is taken up by the same key, or by the reconciler. */
export class Payouts {
  readonly #options: PayoutsOptions;

  constructor(options: PayoutsOptions) {
    this.#options = options;
  }

  /** What of an amount a payout of now could take: its whole steps on the rail of the destination, or of the first provider while there is none. */
  payableOf(availableMicros: bigint, currency: string, destination: Destination | undefined): bigint {
    const rail = this.#railOf(destination?.provider, currency);
    return rail ? floorToStep(availableMicros, rail.stepMicros) : 0n;
  }

  /** The least that a payout may be, in micros. */
  minimumOf(currency: string, destination: Destination | undefined): bigint {
    const rail = this.#railOf(destination?.provider, currency);
    return rail ? this.#minimum(rail) : this.#options.minimumMicros;
  }

  /**
   * Reserves the money, asks the provider, stores the outcome. The same command again answers the same payout in the state it has by
   * then, and asks the provider under the same key while it is pending. Throws `LedgerHalted`, `Unavailable` and `OutcomeUnknown`;
   * after each the same command may be sent again.
   */
  async request(command: RequestPayout): Promise<RequestPayoutOutcome> {
    const { db, outcomes } = this.#options;
    const stored = await this.#store(command);
    if (stored.kind !== 'STORED') return stored;
    const { payout, isNew } = stored;
    if (payout.status !== 'PENDING') return { kind: 'ANSWERED', payout };
    await db.failpoint('payout-stored');
    const outcome = await outcomes.ask(intentOf(payout), { isNew });
    await db.failpoint('payout-asked');
    return { kind: 'ANSWERED', payout: outcome.status === 'PENDING' ? payout : await this.settle(payout, outcome) };
  }

  /**
   * Stores what became of a payout and moves the money. A decline after a success is a bank's return of what had arrived; after a
   * decline nothing counts any more.
   */
  async settle({ id, personId, creatorId, provider, currency }: Payout, outcome: FinalOutcome<'PAYOUT'>): Promise<Payout> {
    const { db, clock } = this.#options;
    const accounts = await openPayoutAccounts(db, { creatorId, provider, currency }, clock.now());
    return transaction(db, async (tx) => {
      const now = clock.now();
      await lockPeople(tx, [personId]);
      const payout = await lockPayout(tx, id);
      const isNews = payout.status === 'PENDING' || (payout.status === 'SUCCEEDED' && outcome.status === 'DECLINED');
      if (!isNews) return payout;
      const [reserved] = await tx.query<{ id: string }>(`SELECT id FROM posting WHERE cause_id = $1 AND kind = 'PAYOUT'`, [id]);
      if (!reserved) throw new Error(`The payout ${id} has no reservation.`);
      const book = await Book.lock(tx, Object.values(accounts));
      const succeeded = outcome.status === 'SUCCEEDED';
      const posted = book.post(succeeded ? settlement(payout, reserved.id, accounts, now) : returned(payout, reserved.id, accounts, book, now));
      if (!posted.ok) throw new Error(`The payout ${id} only spends its own reservation, yet that was refused.`);
      await book.write(tx);
      if (succeeded) await storePaid(tx, id, outcome.payoutId, now);
      else await storeFailed(tx, id, outcome, now);
      const [stored] = await readPayouts(tx, [id]);
      return stored as Payout;
    }, { rerunLostCommit: true });
  }

  async #store(command: RequestPayout): Promise<Stored> {
    const { db, clock } = this.#options;
    const [page] = await db.query<Page>('SELECT id, currency FROM creator WHERE owner_id = $1', [command.personId]);
    if (!page) return { kind: 'NO_PAGE' };
    const accounts = await openCreatorAccounts(db, page.id, page.currency, clock.now());
    return transaction(db, (tx) => this.#storeOnce(tx, command, page, accounts), { rerunLostCommit: true });
  }

  /** The ladder of checks. The key comes before all of them: what was stored once stays the answer, whatever the rules say today. */
  async #storeOnce(tx: Tx, command: RequestPayout, page: Page, accounts: CreatorAccounts): Promise<Stored> {
    const { personId, idempotencyKey, inputHash, amount } = command;
    const person = (await lockPeople(tx, [personId])).get(personId);
    if (!person) return { kind: 'PERSON_NOT_FOUND' };
    const known = await readKeyedPayout(tx, personId, idempotencyKey);
    if (known && !isSameInput(known.inputHash, inputHash)) return { kind: 'IDEMPOTENCY_MISMATCH' };
    if (known) return { kind: 'STORED', payout: known.payout, isNew: false };
    if (amount.currency !== page.currency) return { kind: 'CURRENCY_MISMATCH', expected: page.currency };
    if (person.frozenAt) return { kind: 'ACCOUNT_FROZEN' };
    const route = await this.#routeOf(tx, page);
    if (route.kind !== 'ROUTE') return route;
    const { destination, rail } = route;
    if (!isWholeSteps(amount.micros, rail.stepMicros)) {
      return { kind: 'NOT_WHOLE_STEPS', provider: destination.provider, step: money(rail.stepMicros, page.currency) };
    }
    const book = await Book.lock(tx, [accounts.earningsId, accounts.inTransitId]);
    const refusal = await this.#shortOf(tx, amount.micros, page, rail);
    if (refusal) return refusal;
    const payout = this.#intend(command, page, destination);
    const posted = book.post(reservation(payout, accounts));
    if (!posted.ok) throw new Error(`What is available to ${page.id} is not in its earnings account.`);
    await insertPayout(tx, { payout, destinationId: destination.id, idempotencyKey, inputHash });
    await book.write(tx);
    await moveCounters(tx, [{ ownerId: page.id, name: payoutCounter, by: 1 }]);
    return { kind: 'STORED', payout, isNew: true };
  }

  async #routeOf(tx: Sql, page: Page): Promise<Route | PayoutRefusal> {
    const [destination] = (await readCurrentDestinations(tx, [page.id])).values();
    if (!destination) return { kind: 'NO_DESTINATION' };
    if (!destination.verifiedAt) return { kind: 'DESTINATION_UNVERIFIED', label: destination.label };
    const { provider } = destination;
    if (!this.#options.providers.has(provider)) return { kind: 'PROVIDER_UNAVAILABLE', provider };
    const rail = this.#railOf(provider, page.currency);
    return rail ? { kind: 'ROUTE', destination, rail } : { kind: 'CURRENCY_NOT_TAKEN', provider, currency: page.currency };
  }

  /** Why the earnings do not give an amount; null when they do. Call it once the earnings are locked. */
  async #shortOf(tx: Sql, micros: bigint, page: Page, rail: Rail): Promise<PayoutRefusal | null> {
    const { clock, holdDays } = this.#options;
    const balances = await creatorBalances(tx, [page.id], { holdDays, now: clock.now() });
    const balance = balances.find(({ currency }) => currency === page.currency);
    const { availableMicros = 0n, heldMicros = 0n } = balance ?? {};
    const amount = (value: bigint) => money(value, page.currency);
    const payableMicros = floorToStep(availableMicros, rail.stepMicros);
    if (micros < this.#minimum(rail)) return { kind: 'BELOW_MINIMUM', minimum: amount(this.#minimum(rail)), payable: amount(payableMicros) };
    if (micros <= payableMicros) return null;
    return micros <= availableMicros + heldMicros
      ? { kind: 'FUNDS_HELD', payable: amount(payableMicros), held: amount(heldMicros) }
      : { kind: 'INSUFFICIENT_FUNDS', payable: amount(payableMicros), shortfall: amount(micros - payableMicros) };
  }

  #railOf(provider: string | undefined, currency: string): Rail | null {
    const { providers } = this.#options;
    const [first] = providers.values();
    return (provider === undefined ? first : providers.get(provider))?.rail(currency, 'PAYOUT') ?? null;
  }

  #minimum(rail: Rail): bigint {
    const own = ceilToStep(this.#options.minimumMicros, rail.stepMicros);
    return own > rail.minimumMicros ? own : rail.minimumMicros;
  }

  #intend({ personId, amount }: RequestPayout, page: Page, { provider, destinationToken }: Destination): Payout {
    const id = newId();
    return {
      id, personId, provider, destinationToken,
      creatorId: page.id,
      currency: amount.currency,
      amountMicros: amount.micros,
      providerKey: encodeId(payoutPrefix, id),
      status: 'PENDING',
      failureReason: null,
      createdAt: this.#options.clock.now(),
    };
  }
}

export const payoutsService = service<Payouts>('payouts.payouts', (services) => {
  const { payoutHoldDays, payoutMinimumMicros } = services.get(configService);
  return new Payouts({
    db: services.get(databaseService),
    clock: services.get(clockService),
    providers: services.get(paymentProvidersService),
    outcomes: services.get(outcomesService),
    holdDays: payoutHoldDays,
    minimumMicros: payoutMinimumMicros,
  });
});

/** How payments settles payouts whose process died, whose provider was late, or that a bank returned. */
export const payoutIntents: IntentKind<'PAYOUT'> = {
  name: 'payout',
  operation: 'PAYOUT',
  readPending: async (sql, page) => (await readPendingPayouts(sql, page)).map(intentOf),
  findByKey: async (sql, provider, key) => {
    const payout = await readPayoutByProviderKey(sql, provider, key);
    return payout && intentOf(payout);
  },
  settle: async (services, payoutId, outcome) => {
    const [payout] = await readPayouts(services.get(databaseService), [payoutId]);
    if (!payout) throw new Error(`There is no payout ${payoutId}.`);
    await services.get(payoutsService).settle(payout, outcome);
  },
};

function intentOf(payout: Payout): Intent<'PAYOUT'> {
  return {
    id: payout.id,
    operation: 'PAYOUT',
    provider: payout.provider,
    request: { key: payout.providerKey, destination: payout.destinationToken, amountMicros: payout.amountMicros, currency: payout.currency },
    createdAt: payout.createdAt,
  };
}
