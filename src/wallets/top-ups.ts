import { encodeId, isSameInput } from '../api/room.ts';
import { configService } from '../config.ts';
import { clockService, databaseService, moveCounters, newId, service, transaction, type Clock, type Database, type Tx } from '../database/room.ts';
import { lockPeople } from '../identity/room.ts';
import { Book, LedgerHalted, post } from '../ledger/room.ts';
import { formatMoney, money, type Money } from '../money/room.ts';
import {
  outcomesService, paymentProvidersService,
  type Outcomes, type FinalOutcome, type Intent, type IntentKind, type PaymentProviders,
} from '../payments/room.ts';
import { requestSettlement, settlementRequestsService, type SettlementRequests } from './settlement.ts';
import { openTopUpAccounts, topUpPosting } from './top-up-posting.ts';
import { quoteTopUp, type FeePayer, type QuoteOutcome, type TopUpQuote } from './top-up-quote.ts';
import { insertTopUp, lockTopUp, readKeyedTopUp, readPendingTopUps, readTopUps, storeOutcome } from './top-up-rows.ts';
import type { TopUp } from './top-up.ts';

/** The prefix of a top-up's id, in the API and in the key that the provider gets. */
export const topUpPrefix = 'top';

/** The counter of a person's top-ups. */
export const topUpCounter = 'top_ups';

/** A fan's wish, parsed and well-formed, with nothing looked up yet. */
export interface TopUpWallet {
  readonly personId: string;
  readonly idempotencyKey: string;
  readonly inputHash: Buffer;
  readonly amount: Money;
  /** The provider's name. */
  readonly provider: string;
  /** The provider's token for the card; null when none was given. */
  readonly paymentMethod: string | null;
}

export type PriceOutcome = QuoteOutcome | { readonly kind: 'PROVIDER_UNAVAILABLE'; readonly provider: string };

/** Everything that can come of it. Only ANSWERED has a row: a top-up that succeeded, failed, or is pending still. */
export type TopUpOutcome =
  | { readonly kind: 'ANSWERED'; readonly topUp: TopUp }
  | TopUpRefusal;

export type TopUpRefusal =
  | Exclude<PriceOutcome, { kind: 'QUOTED' }>
  | { readonly kind: 'IDEMPOTENCY_MISMATCH' }
  | { readonly kind: 'PERSON_NOT_FOUND' }
  | { readonly kind: 'ACCOUNT_FROZEN' }
  | { readonly kind: 'NO_PAYMENT_METHOD' };

interface TopUpsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly providers: PaymentProviders;
  readonly charges: Outcomes;
  readonly feePayer: FeePayer;
  readonly settlementRequests: SettlementRequests;
}

type Stored = { readonly kind: 'STORED'; readonly topUp: TopUp; readonly isNew: boolean } | TopUpRefusal;

/** Brings money into wallets, in stages: whatever is cut off between two of them is taken up by the same key, or by the reconciler. */
export class TopUps {
  readonly #options: TopUpsOptions;

  constructor(options: TopUpsOptions) {
    this.#options = options;
  }

  /** What a top-up through a provider would cost now. */
  price(amount: Money, provider: string): PriceOutcome {
    const { providers, feePayer } = this.#options;
    const known = providers.get(provider);
    return known ? quoteTopUp(amount, known.rail(amount.currency), feePayer) : { kind: 'PROVIDER_UNAVAILABLE', provider };
  }

  /**
   * Stores the intent, asks the provider, stores the outcome. The same command again answers the same top-up in the state it has by
   * then, and asks the provider under the same key while it is pending. Throws `LedgerHalted`, `Unavailable` and `OutcomeUnknown`;
   * after each the same command may be sent again.
   */
  async topUp(command: TopUpWallet): Promise<TopUpOutcome> {
    const { db, charges } = this.#options;
    const stored = await this.#store(command);
    if (stored.kind !== 'STORED') return stored;
    const { topUp, isNew } = stored;
    if (topUp.status !== 'PENDING') return { kind: 'ANSWERED', topUp };
    await db.failpoint('top-up-stored');
    const outcome = await charges.ask(intentOf(topUp), { isNew });
    await db.failpoint('top-up-charged');
    return { kind: 'ANSWERED', topUp: outcome.status === 'PENDING' ? topUp : await this.settle(topUp, outcome) };
  }

  /** Stores what became of a top-up; if it succeeded, moves the money and has what the person owes tried again. One that has an outcome already is answered as it is. */
  async settle({ id, personId, provider, currency }: TopUp, outcome: FinalOutcome): Promise<TopUp> {
    const { db, clock, settlementRequests } = this.#options;
    const accounts = await openTopUpAccounts(db, { personId, provider, currency }, clock.now());
    return transaction(db, async (tx) => {
      const now = clock.now();
      await lockPeople(tx, [personId]);
      const topUp = await lockTopUp(tx, id);
      if (topUp.status !== 'PENDING') return topUp;
      if (outcome.status === 'SUCCEEDED') {
        const [posted] = await post(tx, [topUpPosting(topUp, outcome.feeMicros, accounts, now)]);
        if (!posted?.ok) throw new Error(`The top-up ${id} only credits its guarded account, yet it was refused.`);
        await requestSettlement(tx, personId, now);
        tx.afterCommit(() => settlementRequests.announce(personId));
      }
      return storeOutcome(tx, topUp, outcome, now);
    }, { rerunLostCommit: true });
  }

  async #store(command: TopUpWallet): Promise<Stored> {
    const { db, clock } = this.#options;
    const price = this.price(command.amount, command.provider);
    const opening = { personId: command.personId, provider: command.provider, currency: command.amount.currency };
    const walletId = price.kind === 'QUOTED' ? (await openTopUpAccounts(db, opening, clock.now())).walletId : null;
    return transaction(db, (tx) => this.#storeOnce(tx, command, price, walletId), { rerunLostCommit: true });
  }

  /** The ladder of checks. The key comes before all of them: what was stored once stays the answer, whatever the rules say today. */
  async #storeOnce(tx: Tx, command: TopUpWallet, price: PriceOutcome, walletId: string | null): Promise<Stored> {
    const { personId, idempotencyKey, inputHash, paymentMethod } = command;
    const person = (await lockPeople(tx, [personId])).get(personId);
    if (!person) return { kind: 'PERSON_NOT_FOUND' };
    const known = await readKeyedTopUp(tx, personId, idempotencyKey);
    if (known && !isSameInput(known.inputHash, inputHash)) return { kind: 'IDEMPOTENCY_MISMATCH' };
    if (known) return { kind: 'STORED', topUp: known.topUp, isNew: false };
    if (price.kind !== 'QUOTED') return price;
    if (paymentMethod === null) return { kind: 'NO_PAYMENT_METHOD' };
    if (person.frozenAt) return { kind: 'ACCOUNT_FROZEN' };
    await assertNotHalted(tx, walletId as string, command.amount.currency);
    const topUp = this.#intend(command, paymentMethod, price.quote);
    await insertTopUp(tx, topUp, idempotencyKey, inputHash);
    await moveCounters(tx, [{ ownerId: personId, name: topUpCounter, by: 1 }]);
    return { kind: 'STORED', topUp, isNew: true };
  }

  #intend(command: TopUpWallet, paymentMethod: string, quote: TopUpQuote): TopUp {
    const id = newId();
    return {
      id,
      personId: command.personId,
      currency: quote.amount.currency,
      amountMicros: quote.amount.micros,
      chargedMicros: quote.charged.micros,
      processorFeeMicros: quote.processorFee.micros,
      provider: command.provider,
      paymentMethod,
      providerKey: encodeId(topUpPrefix, id),
      status: 'PENDING',
      failure: null,
      createdAt: this.#options.clock.now(),
    };
  }
}

export const topUpsService = service<TopUps>(
  'wallets.topUps',
  (services) =>
    new TopUps({
      db: services.get(databaseService),
      clock: services.get(clockService),
      providers: services.get(paymentProvidersService),
      charges: services.get(outcomesService),
      feePayer: services.get(configService).topUpFee,
      settlementRequests: services.get(settlementRequestsService),
    }),
);

/** How payments settles top-ups whose process died or whose provider was late. */
export const topUpIntents: IntentKind = {
  name: 'top-up',
  readPending: async (sql, page) => (await readPendingTopUps(sql, page)).map(intentOf),
  settle: async (services, topUpId, outcome) => {
    const [topUp] = await readTopUps(services.get(databaseService), [topUpId]);
    if (!topUp) throw new Error(`There is no top-up ${topUpId}.`);
    await services.get(topUpsService).settle(topUp, outcome);
  },
};

function intentOf(topUp: TopUp): Intent {
  return {
    id: topUp.id,
    provider: topUp.provider,
    request: {
      key: topUp.providerKey,
      amountMicros: topUp.chargedMicros,
      currency: topUp.currency,
      paymentMethod: topUp.paymentMethod,
      description: `Wallet top-up of ${formatMoney(money(topUp.amountMicros, topUp.currency))}`,
    },
    createdAt: topUp.createdAt,
  };
}

/** No card is charged for what could not be booked. */
async function assertNotHalted(tx: Tx, walletId: string, currency: string): Promise<void> {
  const reason = (await Book.lock(tx, [walletId])).haltReason(currency);
  if (reason !== null) throw new LedgerHalted(currency, reason);
}
