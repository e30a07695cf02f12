import { encodeId, isSameInput } from '../../api/room.ts';
import { readTipTargets, recordTips } from '../../creators/room.ts';
import { clockService, databaseService, newId, service, transaction, type Clock, type Database, type Tx } from '../../database/room.ts';
import { eventHubService, openPaymentStream, type EventBus, type NewEvent } from '../../events/room.ts';
import { lockPeople } from '../../identity/room.ts';
import { Book } from '../../ledger/room.ts';
import { isWholeSteps, money, type Money } from '../../money/room.ts';
import {
  feeGiven, outcomesService, passToDisputes, paymentProvidersService, raiseDisputedTotals, readDisputeSums,
  type FinalOutcome, type IntentKind, type Outcomes, type PaymentProviders,
} from '../../payments/room.ts';
import {
  endRefund, findRefundByKey, insertRefund, paymentEvent, readKeyedRefund, readPendingRefunds, readRefunds, refundIntent, refundPosting, refundPrefix, type Refund,
} from '../../wallets/room.ts';
import type { TipStatus } from '../tip.ts';
import { feeReturned, feeSurplus } from './fee-returned.ts';
import { correctionOf, followRefunds, heldAgainFrom, lockPaidTip, readPaidTip, readStanding, readUnrefunded, type PaidTip } from './paid-tip.ts';
import { accountIds, givingEntries, openTipAccounts, returningEntries, type TipAccounts } from './tip-accounts.ts';

/** A creator's wish, parsed and well-formed, with nothing looked up yet. */
export interface RefundTip {
  readonly personId: string;
  readonly idempotencyKey: string;
  readonly inputHash: Buffer;
  readonly tipId: string;
  /** Null: all that has not gone back. */
  readonly amount: Money | null;
  readonly reason: string | null;
}

/** Everything that can come of it. Only ANSWERED has a row: a refund that succeeded, failed, or is pending still. */
export type RefundTipOutcome = { readonly kind: 'ANSWERED'; readonly refund: Refund } | RefundTipRefusal;

export type RefundTipRefusal =
  | { readonly kind: 'PERSON_NOT_FOUND' }
  | { readonly kind: 'IDEMPOTENCY_MISMATCH' }
  | { readonly kind: 'TIP_NOT_FOUND' }
  | { readonly kind: 'NOT_OWNER' }
  | { readonly kind: 'ACCOUNT_FROZEN' }
  | { readonly kind: 'INVALID_STATE'; readonly status: TipStatus }
  | { readonly kind: 'CURRENCY_MISMATCH'; readonly expected: string }
  | { readonly kind: 'REFUND_EXCEEDS_CHARGE'; readonly left: Money }
  | { readonly kind: 'PROVIDER_UNAVAILABLE'; readonly provider: string }
  | { readonly kind: 'NOT_WHOLE_STEPS'; readonly step: Money }
  | { readonly kind: 'AMOUNT_OUT_OF_RANGE'; readonly minimum: Money; readonly maximum: Money }
  | { readonly kind: 'INSUFFICIENT_FUNDS'; readonly balance: Money; readonly shortfall: Money };

interface TipRefundsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly bus: EventBus;
  readonly providers: PaymentProviders;
  readonly outcomes: Outcomes;
}

type Stored = { readonly kind: 'STORED'; readonly refund: Refund; readonly isNew: boolean } | RefundTipRefusal;

/**
 * Gives tips back, whole or in parts. To a wallet at once, to the micro; to a card in stages: the money is reserved with the refund's
 * row, the provider is asked, the outcome is stored. Whatever is cut off between two of them is taken up by the same key, or by the
 * reconciler.
 */
export class TipRefunds {
  readonly #options: TipRefundsOptions;

  constructor(options: TipRefundsOptions) {
    this.#options = options;
  }

  /** The same command again answers the same refund in the state it has by then. Throws `LedgerHalted`, `Unavailable` and `OutcomeUnknown`. */
  async refund(command: RefundTip): Promise<RefundTipOutcome> {
    const { db, outcomes } = this.#options;
    const stored = await this.#store(command);
    if (stored.kind !== 'STORED') return stored;
    const { refund, isNew } = stored;
    if (refund.status !== 'PENDING') return { kind: 'ANSWERED', refund };
    await db.failpoint('tip-refund-stored');
    const outcome = await outcomes.ask(refundIntent(refund), { isNew });
    await db.failpoint('tip-refund-answered');
    if (outcome.status !== 'PENDING') return { kind: 'ANSWERED', refund: await this.settle(refund, outcome) };
    // A webhook may have settled it while the provider was waited for.
    const [now] = await readRefunds(db, [refund.id]);
    return { kind: 'ANSWERED', refund: now ?? refund };
  }

  /**
   * Stores what became of a refund to a card: what was reserved has left, or the creator has it again. What a dispute that opened
   * meanwhile left to the refund is the dispute's then.
   */
  async settle(refund: Refund, outcome: FinalOutcome<'REFUND'>): Promise<Refund> {
    const { db, clock, bus } = this.#options;
    const paid = await readPaidTip(db, refund.paymentId);
    if (!paid) throw new Error(`The refund ${refund.id} is of a tip ${refund.paymentId} that is not there.`);
    const accounts = await openTipAccounts(db, paid, clock.now());
    if (!accounts.card) throw new Error(`The refund ${refund.id} goes to a wallet, and asks no provider.`);
    const passage = accounts.card;
    await openStreams(db, refund.askedBy, paid);
    return transaction(db, async (tx) => {
      const now = clock.now();
      const tip = await lockPaidTip(tx, paid.id);
      const { before, after } = await endRefund(tx, {
        refundId: refund.id, outcome, passage, now,
        giverIds: [accounts.earningsId, accounts.debtId, accounts.platformFeeId],
        passOn: (failed) => passFee(tx, tip, failed),
        giveBack: (book, { amountMicros, feeReturnedMicros }, passedMicros) => (
          { entries: returningEntries(book, { amountMicros, feeReturnedMicros: feeReturnedMicros - passedMicros }, accounts), lossMicros: 0n }),
        // What never left is held as it was, what a bank sent back is held anew.
        heldFrom: ({ status }) => (status === 'PENDING' ? tip.heldFrom : heldAgainFrom(tip, now)),
      });
      if (before === after) return after;
      await followRefunds(tx, tip);
      const disputedMicros = after.status === 'FAILED' ? await raiseDisputedTotals(tx, tip.id, await readUnrefunded(tx, tip)) : 0n;
      const refundedMicros = (after.status === 'SUCCEEDED' ? after.amountMicros : 0n) - (before.status === 'SUCCEEDED' ? before.amountMicros : 0n);
      const goneMicros = refundedMicros + disputedMicros;
      if (goneMicros !== 0n) await recordTips(tx, [correctionOf(tip, -goneMicros)]);
      await bus.append(tx, eventsOf(after, tip, now));
      return after;
    }, { rerunLostCommit: true });
  }

  async #store(command: RefundTip): Promise<Stored> {
    const { db, clock } = this.#options;
    const tip = await readPaidTip(db, command.tipId);
    const accounts = tip && (await openTipAccounts(db, tip, clock.now()));
    if (tip) await openStreams(db, command.personId, tip);
    return transaction(db, (tx) => this.#storeOnce(tx, command, accounts), { rerunLostCommit: true });
  }

  /** The ladder of checks. The key comes before all of them: what was stored once stays the answer, whatever the rules say today. */
  async #storeOnce(tx: Tx, command: RefundTip, accounts: TipAccounts | null): Promise<Stored> {
    const { personId, idempotencyKey, inputHash, amount } = command;
    const person = (await lockPeople(tx, [personId])).get(personId);
    if (!person) return { kind: 'PERSON_NOT_FOUND' };
    const known = await readKeyedRefund(tx, 'TIP', personId, idempotencyKey);
    if (known && !isSameInput(known.inputHash, inputHash)) return { kind: 'IDEMPOTENCY_MISMATCH' };
    if (known) return { kind: 'STORED', refund: known.refund, isNew: false };
    if (!accounts) return { kind: 'TIP_NOT_FOUND' };
    const tip = await lockPaidTip(tx, command.tipId);
    const target = (await readTipTargets(tx, [tip.creatorId])).get(tip.creatorId);
    if (target?.ownerId !== personId) return { kind: 'NOT_OWNER' };
    if (person.frozenAt) return { kind: 'ACCOUNT_FROZEN' };
    if (tip.status === 'REFUNDED') return { kind: 'REFUND_EXCEEDS_CHARGE', left: money(0n, tip.currency) };
    if (tip.status !== 'SUCCEEDED' && tip.status !== 'PARTIALLY_REFUNDED') return { kind: 'INVALID_STATE', status: tip.status };
    if (amount && amount.currency !== tip.currency) return { kind: 'CURRENCY_MISMATCH', expected: tip.currency };
    const standing = await readStanding(tx, tip);
    const amountMicros = amount?.micros ?? standing.leftMicros;
    if (amountMicros === 0n || amountMicros > standing.leftMicros) return { kind: 'REFUND_EXCEEDS_CHARGE', left: money(standing.leftMicros, tip.currency) };
    const refusal = this.#railRefusal(tip, amountMicros, standing.leftMicros);
    if (refusal) return refusal;
    const refund = this.#make(command, tip, { amountMicros, feeReturnedMicros: feeReturned(standing, amountMicros) });
    return this.#take(tx, { command, tip, refund, accounts });
  }

  /** What a card's rail has against the amount; a wallet takes every micro. */
  #railRefusal({ provider, currency }: PaidTip, amountMicros: bigint, leftMicros: bigint): RefundTipRefusal | null {
    if (provider === null) return null;
    const rail = this.#options.providers.get(provider)?.rail(currency, 'REFUND');
    if (!rail) return { kind: 'PROVIDER_UNAVAILABLE', provider };
    if (!isWholeSteps(amountMicros, rail.stepMicros)) return { kind: 'NOT_WHOLE_STEPS', step: money(rail.stepMicros, currency) };
    if (amountMicros >= rail.minimumMicros) return null;
    return { kind: 'AMOUNT_OUT_OF_RANGE', minimum: money(rail.minimumMicros, currency), maximum: money(leftMicros, currency) };
  }

  #make({ personId, reason }: RefundTip, tip: PaidTip, parts: Pick<Refund, 'amountMicros' | 'feeReturnedMicros'>): Refund {
    const id = newId();
    const { provider, chargeId } = tip;
    return {
      id,
      kind: 'TIP',
      paymentId: tip.id,
      askedBy: personId,
      personId: tip.senderId,
      currency: tip.currency,
      ...parts,
      withheldMicros: 0n,
      card: provider === null || chargeId === null ? null : { provider, key: encodeId(refundPrefix, id), chargeId },
      status: provider === null ? 'SUCCEEDED' : 'PENDING',
      reason,
      failure: null,
      createdAt: this.#options.clock.now(),
    };
  }

  async #take(tx: Tx, { command, tip, refund, accounts }: Taking): Promise<Stored> {
    const book = await Book.lock(tx, accountIds(accounts));
    const posted = book.post(refundPosting(refund, [
      ...givingEntries(tip, refund, accounts),
      { accountId: accounts.walletId ?? (accounts.card?.reservedId as string), amountMicros: refund.amountMicros },
    ]));
    if (!posted.ok) {
      return { kind: 'INSUFFICIENT_FUNDS', balance: money(posted.balanceMicros, tip.currency), shortfall: money(posted.shortfallMicros, tip.currency) };
    }
    await insertRefund(tx, refund, command.idempotencyKey, command.inputHash);
    if (refund.status === 'SUCCEEDED') await followRefunds(tx, tip);
    await book.write(tx);
    if (refund.status === 'SUCCEEDED') await recordTips(tx, [correctionOf(tip, -refund.amountMicros)]);
    await this.#options.bus.append(tx, eventsOf(refund, tip, refund.createdAt));
    return { kind: 'STORED', refund, isNew: true };
  }
}

interface Taking {
  readonly command: RefundTip;
  readonly tip: PaidTip;
  readonly refund: Refund;
  readonly accounts: TipAccounts;
}

/** Has the disputes of a tip take over the fee of a refund that failed, as far as the platform would keep more than the fee of what stands. */
async function passFee(tx: Tx, tip: PaidTip, { feeReturnedMicros }: Refund): Promise<bigint> {
  const payment = { kind: 'TIP', id: tip.id } as const;
  if (!(await readDisputeSums(tx, payment)).isDisputed) return 0n;
  const surplusMicros = feeSurplus(await readStanding(tx, tip), feeReturnedMicros);
  return passToDisputes(tx, payment, surplusMicros, (dispute) => dispute.amountMicros - feeGiven(dispute));
}

/** Both sides' pages are told. */
async function openStreams(db: Database, askedBy: string, { payerId }: PaidTip): Promise<void> {
  for (const readerId of [askedBy, payerId]) await openPaymentStream(db, readerId);
}

function eventsOf(refund: Refund, { payerId }: PaidTip, at: Date): NewEvent[] {
  return [refund.askedBy, payerId].flatMap((readerId) => [paymentEvent(readerId, 'Refund', refund.id, at), paymentEvent(readerId, 'Tip', refund.paymentId, at)]);
}

export const tipRefundsService = service<TipRefunds>(
  'tips.refunds',
  (services) =>
    new TipRefunds({
      db: services.get(databaseService),
      clock: services.get(clockService),
      bus: services.get(eventHubService),
      providers: services.get(paymentProvidersService),
      outcomes: services.get(outcomesService),
    }),
);

/** How payments settles refunds whose process died or whose provider was late. */
export const tipRefundIntents: IntentKind<'REFUND'> = {
  name: 'tip refund',
  operation: 'REFUND',
  readPending: async (sql, page) => (await readPendingRefunds(sql, 'TIP', page)).map(refundIntent),
  findByKey: async (sql, provider, key) => {
    const refund = await findRefundByKey(sql, 'TIP', provider, key);
    return refund && refundIntent(refund);
  },
  settle: async (services, refundId, outcome) => {
    const [refund] = await readRefunds(services.get(databaseService), [refundId]);
    if (!refund) throw new Error(`There is no refund ${refundId}.`);
    await services.get(tipRefundsService).settle(refund, outcome);
  },
};
