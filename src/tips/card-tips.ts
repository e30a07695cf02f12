import { isSameInput } from '../api/room.ts';
import { configService, type Config } from '../config.ts';
import { readTipTargets, recordTips } from '../creators/room.ts';
import { clockService, databaseService, moveCounters, newId, service, transaction, type Clock, type Database, type Tx } from '../database/room.ts';
import { eventHubService, type EventBus, type NewEvent } from '../events/room.ts';
import { lockGuest, lockPeople, type LockedPerson } from '../identity/room.ts';
import { Book, readHalts } from '../ledger/room.ts';
import { outcomesService, paymentProvidersService, type ChargeOutcome, type Outcomes, type PaymentProviders, type ReportedOutcome } from '../payments/room.ts';
import {
  answerAttempt, chooseMethod, giveBackSpending, isOpen, openPaymentStream, paymentEvent, readSpending, stepOf, takeAttempt,
  type ChosenMethod, type MethodRefusal, type Step,
} from '../wallets/room.ts';
import { cardTipIntent } from './card-tip-intent.ts';
import { cardTipPosting, openCardTipAccounts, type CardTipAccounts } from './card-tip-posting.ts';
import { closesCircle, holdLonger, insertCardTip, lockCardTip, readCardTip, readKeyedTip, storeCardStep, type CardTip, type NamedCardTip } from './card-tip-rows.ts';
import { judgeCardTip, makeCardTip, type CardPayer, type CardTipOutcome, type CardTipRefusal, type SendCardTip } from './send-card-tip.ts';
import { payerIdOfTip } from './tip.ts';
import { rollupOf, tipEvent } from './tip-effects.ts';

interface CardTipsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly bus: EventBus;
  readonly providers: PaymentProviders;
  readonly outcomes: Outcomes;
  readonly config: Config;
}

type Stored = { readonly kind: 'STORED'; readonly tipId: string; readonly isNew: boolean } | CardTipRefusal;

type Payer = { readonly sender: LockedPerson | null };

const dayMs = 86_400_000;

/**
 * Tips straight by card, in the stages of a top-up: intent, provider, outcome. They have no part in the group commit of tips from
 * wallets, and until they are paid none in ledger, totals and streams.
 */
export class CardTips {
  readonly #options: CardTipsOptions;

  constructor(options: CardTipsOptions) {
    this.#options = options;
  }

  /**
   * Stores the intent, asks the provider, stores the outcome. The same command again answers the same tip in the state it has by then,
   * and asks the provider under the same key while it is open. Throws `LedgerHalted`, `Unavailable` and `OutcomeUnknown`; after each
   * the same command may be sent again.
   */
  async send(command: SendCardTip): Promise<CardTipOutcome> {
    const { db } = this.#options;
    const stored = await this.#store(command);
    if (stored.kind !== 'STORED') return stored;
    const tip = await readCardTip(db, stored.tipId);
    if (!isOpen(tip.status)) return { kind: 'ANSWERED', tip };
    await db.failpoint('card-tip-stored');
    const outcome = await this.#ask(tip, stored.isNew);
    await db.failpoint('card-tip-charged');
    // A webhook may have settled it while the provider was waited for.
    return { kind: 'ANSWERED', tip: outcome.status === 'PENDING' ? await readCardTip(db, tip.id) : await this.settle(tip, outcome) };
  }

  /** Stores what became of a tip, if it tells something new; a paid one then counts everywhere as one from a wallet does. */
  async settle(stored: NamedCardTip, outcome: ReportedOutcome<'CHARGE'>): Promise<CardTip> {
    const { db, clock } = this.#options;
    const accounts = await openCardTipAccounts(db, stored, clock.now());
    await openPaymentStream(db, payerIdOfTip(stored));
    return transaction(db, async (tx) => {
      const now = clock.now();
      if (stored.senderId !== null) await lockPeople(tx, [stored.senderId]);
      const tip = await lockCardTip(tx, stored.id);
      const step = stepOf(tip.status, outcome);
      return step ? this.#take(tx, tip, step, accounts, now) : tip;
    }, { rerunLostCommit: true });
  }

  /** In the lock order: the tip, accounts, counters and rollups, streams. */
  async #take(tx: Tx, tip: NamedCardTip, step: Step<{ chargeId: string; feeMicros: bigint }>, accounts: CardTipAccounts, now: Date): Promise<CardTip> {
    const taken = await this.#heldAsLong(tx, await storeCardStep(tx, tip, step, now), now);
    const { senderId, currency, amountMicros } = tip;
    const events: NewEvent[] = [paymentEvent(payerIdOfTip(tip), 'Tip', tip.id, now)];
    if (step.status === 'SUCCEEDED') {
      const book = await Book.lock(tx, Object.values(accounts));
      const posted = book.post(cardTipPosting(book, taken, step.outcome.feeMicros, accounts, now));
      if (!posted.ok) throw new Error(`The tip ${tip.id} only credits its guarded accounts, yet it was refused.`);
      await book.write(tx);
      await recordTips(tx, [rollupOf(taken)]);
      events.push(tipEvent(taken, now));
    }
    if (step.status === 'FAILED' && senderId !== null) await giveBackSpending(tx, { personId: senderId, currency, amountMicros }, tip.createdAt);
    if (step.status !== 'ACTION_REQUIRED') await answerAttempt(tx, tip.id, step.status === 'FAILED');
    await this.#options.bus.append(tx, events);
    return taken;
  }

  /** What waits for its fan is only looked up: it was asked for already. */
  #ask(tip: NamedCardTip, isNew: boolean): Promise<ChargeOutcome> {
    const { outcomes } = this.#options;
    const intent = cardTipIntent(tip);
    return tip.status === 'ACTION_REQUIRED' ? outcomes.look(intent) : outcomes.ask(intent, { isNew });
  }

  async #store(command: SendCardTip): Promise<Stored> {
    const { db, providers } = this.#options;
    const { payer, provider, paymentMethod } = command;
    const choice = await chooseMethod(db, providers, { personId: payer.kind === 'PERSON' ? payer.id : null, provider, given: paymentMethod });
    const id = newId();
    const method = choice.kind === 'CHOSEN' ? choice.method : choice;
    return transaction(db, (tx) => this.#storeOnce(tx, id, command, method), { rerunLostCommit: true });
  }

  /** The ladder of checks. The key comes before all of them: what was stored once stays the answer, whatever the rules say today. */
  async #storeOnce(tx: Tx, id: string, command: SendCardTip, method: ChosenMethod | MethodRefusal): Promise<Stored> {
    const { payer, creatorId, amount, addressHash, inputHash, idempotencyKey } = command;
    const { config, clock, providers } = this.#options;
    const found = await lockPayer(tx, payer);
    if (!found) return { kind: 'PAYER_NOT_FOUND' };
    const { sender } = found;
    const known = await readKeyedTip(tx, payer.id, idempotencyKey);
    if (known && !isSameInput(known.inputHash, inputHash)) return { kind: 'IDEMPOTENCY_MISMATCH' };
    // Its own row, where the answer to a COMMIT was lost, was not asked for by anybody else.
    if (known) return { kind: 'STORED', tipId: known.tip.id, isNew: known.tip.id === id };
    const now = clock.now();
    const feeBps = config.platformFeeBps;
    const verdict = judgeCardTip(command, {
      sender, method, feeBps,
      target: (await readTipTargets(tx, [creatorId])).get(creatorId),
      rail: (provider, currency) => providers.get(provider)?.rail(currency, 'CHARGE') ?? null,
    });
    if (verdict.kind !== 'FITS') return verdict;
    const halted = (await readHalts(tx)).get(amount.currency);
    if (halted !== undefined) return { kind: 'LEDGER_HALTED', currency: amount.currency, reason: halted };
    const spending = sender && (await readSpending(tx, [{ personId: sender.id, currency: amount.currency }], now));
    const capped = sender && spending?.refusal(sender.id, amount.currency, amount.micros);
    if (capped) return { kind: 'CAP_EXCEEDED', refusal: capped };
    const refusal = await takeAttempt(tx, { id, accountId: payer.id, addressHash, creatorId }, config.limits, now);
    if (refusal) return refusal;
    const holdDays = sender ? await this.#extraHoldDays(tx, sender.id, verdict.target.ownerId, now) : 0;
    const tip = makeCardTip(command, verdict, { id, sender, feeBps, holdDays, returnUrl: config.paymentReturnUrl, now });
    await insertCardTip(tx, tip, { scopeId: payer.id, idempotencyKey, inputHash });
    if (sender) {
      await moveCounters(tx, [{ ownerId: sender.id, name: 'tips', by: 1 }]);
      spending?.spend(sender.id, amount.currency, amount.micros);
      await spending?.write(tx);
    }
    return { kind: 'STORED', tipId: id, isNew: true };
  }

  /** Money that goes round in a circle is held longer: a stolen card is noticed before it can be paid out. */
  async #extraHoldDays(tx: Tx, senderId: string, receiverId: string, now: Date): Promise<number> {
    const days = this.#options.config.roundTripHoldDays;
    return days > 0 && (await closesCircle(tx, senderId, receiverId, new Date(now.getTime() - days * dayMs))) ? days : 0;
  }

  /** The circle may have been closed while the payer had to confirm. */
  async #heldAsLong(tx: Tx, tip: NamedCardTip, now: Date): Promise<NamedCardTip> {
    if (tip.status !== 'SUCCEEDED' || tip.senderId === null || tip.card.holdDays > 0) return tip;
    const target = (await readTipTargets(tx, [tip.creatorId])).get(tip.creatorId);
    const days = target ? await this.#extraHoldDays(tx, tip.senderId, target.ownerId, now) : 0;
    return days > 0 ? holdLonger(tx, tip, days) : tip;
  }
}

async function lockPayer(tx: Tx, payer: CardPayer): Promise<Payer | null> {
  if (payer.kind === 'GUEST') return (await lockGuest(tx, payer.id)) ? { sender: null } : null;
  const sender = (await lockPeople(tx, [payer.id])).get(payer.id);
  return sender ? { sender } : null;
}

export const cardTipsService = service<CardTips>('tips.cardTips', (services) => new CardTips({
  db: services.get(databaseService),
  clock: services.get(clockService),
  bus: services.get(eventHubService),
  providers: services.get(paymentProvidersService),
  outcomes: services.get(outcomesService),
  config: services.get(configService),
}));
