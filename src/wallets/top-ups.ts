import { encodeId, isSameInput } from '../api/room.ts';
import { configService, type Config } from '../config.ts';
import { clockService, databaseService, moveCounters, newId, service, transaction, type Clock, type Database, type Tx } from '../database/room.ts';
import { eventHubService, openPaymentStream, type EventBus } from '../events/room.ts';
import { lockPeople } from '../identity/room.ts';
import { Book, LedgerHalted, post } from '../ledger/room.ts';
import type { Money } from '../money/room.ts';
import {
  outcomesService, paymentProvidersService, type ChargeOutcome, type Outcomes, type PaymentProviders, type ReportedOutcome,
} from '../payments/room.ts';
import { isDueNow, stopAutoTopUp } from './auto-top-up-rows.ts';
import { answerAttempt, takeAttempt, type AttemptRefusal } from './card-attempts.ts';
import { isOpen, returnTo, stepOf, type Step } from './charge-step.ts';
import { chooseMethod, defaultProvider, type ChosenMethod, type MethodRefusal, type ProviderUnavailable } from './choose-method.ts';
import { paymentEvent } from './payment-events.ts';
import { requestSettlement, settlementRequestsService, type SettlementRequests } from './settlement.ts';
import { topUpIntent } from './top-up-intent.ts';
import { openTopUpAccounts, topUpPosting, type TopUpAccounts } from './top-up-posting.ts';
import { quoteTopUp, type QuoteOutcome, type TopUpQuote } from './top-up-quote.ts';
import { insertTopUp, lockTopUp, readKeyedTopUp, readTopUps, storeStep } from './top-up-rows.ts';
import { topUpPrefix, type TopUp } from './top-up.ts';

/** The counter of a person's top-ups. */
export const topUpCounter = 'top_ups';

/** A fan's wish, parsed and well-formed, with nothing looked up yet. */
export interface TopUpWallet {
  readonly personId: string;
  readonly idempotencyKey: string;
  readonly inputHash: Buffer;
  readonly amount: Money;
  /** The provider's name; null: that of the method, or the first that is set up. */
  readonly provider: string | null;
  /** A saved method's id or the provider's token; null: the default one, else a card that the provider asks for. */
  readonly paymentMethod: string | null;
  /** Where the request came from; absent for what no request asked for. */
  readonly addressHash?: Buffer;
  /** Whether the wallet asks for it by itself: then nobody is there to act, and it must still be due. */
  readonly isAutomatic?: boolean;
}

export type PriceOutcome = (QuoteOutcome & { readonly provider: string }) | ProviderUnavailable;

/** Everything that can come of it. Only ANSWERED has a row: a top-up that succeeded, failed, or waits. */
export type TopUpOutcome =
  | { readonly kind: 'ANSWERED'; readonly topUp: TopUp }
  | TopUpRefusal;

export type TopUpRefusal =
  | Exclude<PriceOutcome, { kind: 'QUOTED' }>
  | MethodRefusal
  | AttemptRefusal
  | { readonly kind: 'IDEMPOTENCY_MISMATCH' }
  | { readonly kind: 'PERSON_NOT_FOUND' }
  | { readonly kind: 'ACCOUNT_FROZEN' }
  /** Of an automatic one: the wallet has enough by now, or waits for another. */
  | { readonly kind: 'NOT_DUE' };

interface TopUpsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly bus: EventBus;
  readonly providers: PaymentProviders;
  readonly outcomes: Outcomes;
  readonly config: Config;
  readonly settlementRequests: SettlementRequests;
}

type Stored = { readonly kind: 'STORED'; readonly topUp: TopUp; readonly isNew: boolean } | TopUpRefusal;

/** What the rules found out before they lock anything: the card, its price and the wallet, or what is wrong with the wish. */
type Prepared =
  | { readonly kind: 'PREPARED'; readonly method: ChosenMethod; readonly quote: TopUpQuote; readonly walletId: string }
  | Exclude<TopUpRefusal, { kind: 'IDEMPOTENCY_MISMATCH' }>;

/** Brings money into wallets, in stages: whatever is cut off between two of them is taken up by the same key, by a webhook, or by the reconciler. */
export class TopUps {
  readonly #options: TopUpsOptions;

  constructor(options: TopUpsOptions) {
    this.#options = options;
  }

  /** What a top-up through a provider, or through the first that is set up, would cost now. */
  price(amount: Money, provider: string | null): PriceOutcome {
    const { providers, config } = this.#options;
    const name = provider ?? defaultProvider(providers);
    const known = name === null ? undefined : providers.get(name);
    if (!known) return { kind: 'PROVIDER_UNAVAILABLE', provider: name };
    return { ...quoteTopUp(amount, known.rail(amount.currency, 'CHARGE'), config.topUpFee), provider: known.name };
  }

  /**
   * Stores the intent, asks the provider, stores the outcome. The same command again answers the same top-up in the state it has by
   * then, and asks the provider under the same key while it is open. Throws `LedgerHalted`, `Unavailable` and `OutcomeUnknown`;
   * after each the same command may be sent again.
   */
  async topUp(command: TopUpWallet): Promise<TopUpOutcome> {
    const { db } = this.#options;
    const stored = await this.#store(command);
    if (stored.kind !== 'STORED') return stored;
    const { topUp, isNew } = stored;
    if (!isOpen(topUp.status)) return { kind: 'ANSWERED', topUp };
    await db.failpoint('top-up-stored');
    const outcome = await this.#ask(topUp, isNew);
    await db.failpoint('top-up-charged');
    if (outcome.status !== 'PENDING') return { kind: 'ANSWERED', topUp: await this.settle(topUp, outcome) };
    // A webhook may have settled it while the provider was waited for.
    const [now] = await readTopUps(db, [topUp.id]);
    return { kind: 'ANSWERED', topUp: now ?? topUp };
  }

  /** Stores what became of a top-up, if it tells something new; if it succeeded, moves the money and has what the person owes tried again. */
  async settle({ id, personId, provider, currency }: TopUp, outcome: ReportedOutcome<'CHARGE'>): Promise<TopUp> {
    const { db, clock } = this.#options;
    const accounts = await openTopUpAccounts(db, { personId, provider, currency }, clock.now());
    return transaction(db, async (tx) => {
      const now = clock.now();
      await lockPeople(tx, [personId]);
      const topUp = await lockTopUp(tx, id);
      const step = stepOf(topUp.status, outcome);
      return step ? this.#take(tx, topUp, step, accounts, now) : topUp;
    }, { rerunLostCommit: true });
  }

  async #take(tx: Tx, topUp: TopUp, step: Step<{ chargeId: string; feeMicros: bigint }>, accounts: TopUpAccounts, now: Date): Promise<TopUp> {
    const { settlementRequests, bus } = this.#options;
    const { id, personId } = topUp;
    if (step.status === 'SUCCEEDED') {
      const [posted] = await post(tx, [topUpPosting(topUp, step.outcome.feeMicros, accounts, now)]);
      if (!posted?.ok) throw new Error(`The top-up ${id} only credits its guarded account, yet it was refused.`);
      await requestSettlement(tx, personId, now);
      tx.afterCommit(() => settlementRequests.announce(personId));
    }
    if (step.status === 'FAILED' && topUp.isAutomatic) await stopAutoTopUp(tx, topUp, step.failure, now);
    const taken = await storeStep(tx, topUp, step, now);
    if (step.status !== 'ACTION_REQUIRED') await answerAttempt(tx, id, step.status === 'FAILED');
    await bus.append(tx, [paymentEvent(personId, 'TopUp', id, now)]);
    return taken;
  }

  /** What waits for its fan is only looked up: it was asked for already. */
  #ask(topUp: TopUp, isNew: boolean): Promise<ChargeOutcome> {
    const { outcomes } = this.#options;
    const intent = topUpIntent(topUp);
    return topUp.status === 'ACTION_REQUIRED' ? outcomes.look(intent) : outcomes.ask(intent, { isNew });
  }

  async #store(command: TopUpWallet): Promise<Stored> {
    const { db, clock } = this.#options;
    const prepared = await this.#prepare(command);
    await openPaymentStream(db, command.personId);
    const id = newId();
    return transaction(db, (tx) => this.#storeOnce(tx, id, command, prepared, clock.now()), { rerunLostCommit: true });
  }

  async #prepare({ personId, amount, provider, paymentMethod }: TopUpWallet): Promise<Prepared> {
    const { db, clock, providers } = this.#options;
    const choice = await chooseMethod(db, providers, { personId, provider, given: paymentMethod });
    if (choice.kind !== 'CHOSEN') return choice;
    const price = this.price(amount, choice.method.provider);
    if (price.kind !== 'QUOTED') return price;
    const accounts = await openTopUpAccounts(db, { personId, provider: choice.method.provider, currency: amount.currency }, clock.now());
    return { kind: 'PREPARED', method: choice.method, quote: price.quote, walletId: accounts.walletId };
  }

  /** The ladder of checks. The key comes before all of them: what was stored once stays the answer, whatever the rules say today. */
  async #storeOnce(tx: Tx, id: string, command: TopUpWallet, prepared: Prepared, now: Date): Promise<Stored> {
    const { personId, idempotencyKey, inputHash, addressHash = null, isAutomatic = false } = command;
    const person = (await lockPeople(tx, [personId])).get(personId);
    if (!person) return { kind: 'PERSON_NOT_FOUND' };
    const known = await readKeyedTopUp(tx, personId, idempotencyKey);
    if (known && !isSameInput(known.inputHash, inputHash)) return { kind: 'IDEMPOTENCY_MISMATCH' };
    // Its own row, where the answer to a COMMIT was lost, was not asked for by anybody else.
    if (known) return { kind: 'STORED', topUp: known.topUp, isNew: known.topUp.id === id };
    if (prepared.kind !== 'PREPARED') return prepared;
    if (person.frozenAt) return { kind: 'ACCOUNT_FROZEN' };
    if (isAutomatic && !(await isDueNow(tx, personId))) return { kind: 'NOT_DUE' };
    const refusal = await takeAttempt(tx, { id, accountId: personId, addressHash, creatorId: null }, this.#options.config.limits, now);
    if (refusal) return refusal;
    await assertNotHalted(tx, prepared.walletId, command.amount.currency);
    const topUp = this.#intend(id, command, prepared, now);
    await insertTopUp(tx, topUp, idempotencyKey, inputHash);
    await moveCounters(tx, [{ ownerId: personId, name: topUpCounter, by: 1 }]);
    return { kind: 'STORED', topUp, isNew: true };
  }

  #intend(id: string, { personId, isAutomatic = false }: TopUpWallet, { method, quote }: Extract<Prepared, { kind: 'PREPARED' }>, now: Date): TopUp {
    return {
      id,
      personId,
      currency: quote.amount.currency,
      amountMicros: quote.amount.micros,
      chargedMicros: quote.charged.micros,
      processorFeeMicros: quote.processorFee.micros,
      ...method,
      returnUrl: isAutomatic ? null : returnTo(this.#options.config.paymentReturnUrl, encodeId(topUpPrefix, id)),
      isAutomatic,
      providerKey: encodeId(topUpPrefix, id),
      status: 'PENDING',
      action: null,
      failure: null,
      createdAt: now,
    };
  }
}

export const topUpsService = service<TopUps>(
  'wallets.topUps',
  (services) =>
    new TopUps({
      db: services.get(databaseService),
      clock: services.get(clockService),
      bus: services.get(eventHubService),
      providers: services.get(paymentProvidersService),
      outcomes: services.get(outcomesService),
      config: services.get(configService),
      settlementRequests: services.get(settlementRequestsService),
    }),
);

/** No card is charged for what could not be booked. */
async function assertNotHalted(tx: Tx, walletId: string, currency: string): Promise<void> {
  const reason = (await Book.lock(tx, [walletId])).haltReason(currency);
  if (reason !== null) throw new LedgerHalted(currency, reason);
}
