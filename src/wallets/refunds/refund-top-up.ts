import { encodeId, isSameInput } from '../../api/room.ts';
import { clockService, databaseService, newId, service, transaction, type Clock, type Database, type Tx } from '../../database/room.ts';
import { eventHubService, openPaymentStream, type EventBus } from '../../events/room.ts';
import { lockPeople } from '../../identity/room.ts';
import { Book, openAccounts, PLATFORM_OWNER_ID, providerOwnerId, transferEntries, type AccountName } from '../../ledger/room.ts';
import { floorToStep, money, type Money } from '../../money/room.ts';
import {
  lossBorne, outcomesService, passToDisputes, paymentProvidersService, wasPaid,
  type FinalOutcome, type IntentKind, type Outcomes, type PaymentProviders, type Rail,
} from '../../payments/room.ts';
import { paymentEvent } from '../payment-events.ts';
import { lockTopUp, readTopUps } from '../top-up-rows.ts';
import type { TopUp, TopUpStatus } from '../top-up.ts';
import { chargeOf, followRefunds } from './paid-top-ups.ts';
import { endRefund, refundPosting, type RefundPassage } from './refund-postings.ts';
import { findRefundByKey, insertRefund, readKeyedRefund, readPendingRefunds, readRefunds, readRefundSums } from './refund-rows.ts';
import { refundIntent } from './refund-intent.ts';
import { refundPrefix, type Refund } from './refund.ts';
import { thawIfFree } from './thaw.ts';
import { leastTaken, readBorne, withheldOf, type Withholding } from './withheld.ts';

/** A fan's wish, parsed and well-formed, with nothing looked up yet. */
export interface RefundTopUp {
  readonly personId: string;
  readonly idempotencyKey: string;
  readonly inputHash: Buffer;
  readonly topUpId: string;
}

/** Everything that can come of it. Only ANSWERED has a row: a refund that succeeded, failed, or is pending still. */
export type RefundTopUpOutcome = { readonly kind: 'ANSWERED'; readonly refund: Refund } | RefundTopUpRefusal;

export type RefundTopUpRefusal =
  | { readonly kind: 'PERSON_NOT_FOUND' }
  | { readonly kind: 'IDEMPOTENCY_MISMATCH' }
  | { readonly kind: 'TOP_UP_NOT_FOUND' }
  | { readonly kind: 'ACCOUNT_FROZEN' }
  | { readonly kind: 'INVALID_STATE'; readonly status: TopUpStatus }
  | { readonly kind: 'REFUND_EXCEEDS_CHARGE' }
  | { readonly kind: 'PROVIDER_UNAVAILABLE'; readonly provider: string }
  | { readonly kind: 'INSUFFICIENT_FUNDS'; readonly balance: Money; readonly shortfall: Money };

interface TopUpRefundsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly bus: EventBus;
  readonly providers: PaymentProviders;
  readonly outcomes: Outcomes;
}

type Stored = { readonly kind: 'STORED'; readonly refund: Refund; readonly isNew: boolean } | RefundTopUpRefusal;

interface RefundAccounts extends RefundPassage {
  readonly walletId: string;
}

/**
 * Sends what is left of top-ups back to where it came from, in stages: the money is reserved with the refund's row, the provider is
 * asked, the outcome is stored. Whatever is cut off between two of them is taken up by the same key, or by the reconciler.
 */
export class TopUpRefunds {
  readonly #options: TopUpRefundsOptions;

  constructor(options: TopUpRefundsOptions) {
    this.#options = options;
  }

  /** The same command again answers the same refund in the state it has by then. Throws `LedgerHalted`, `Unavailable` and `OutcomeUnknown`. */
  async refund(command: RefundTopUp): Promise<RefundTopUpOutcome> {
    const { db, outcomes } = this.#options;
    const stored = await this.#store(command);
    if (stored.kind !== 'STORED') return stored;
    const { refund, isNew } = stored;
    if (refund.status !== 'PENDING') return { kind: 'ANSWERED', refund };
    await db.failpoint('top-up-refund-stored');
    const outcome = await outcomes.ask(refundIntent(refund), { isNew });
    await db.failpoint('top-up-refund-answered');
    if (outcome.status !== 'PENDING') return { kind: 'ANSWERED', refund: await this.settle(refund, outcome) };
    // A webhook may have settled it while the provider was waited for.
    const [now] = await readRefunds(db, [refund.id]);
    return { kind: 'ANSWERED', refund: now ?? refund };
  }

  /**
   * Stores what became of a refund: what was reserved has left, or is in the wallet again. Had a dispute opened meanwhile that the
   * wallet could not cover, the platform's loss by it is made good first.
   */
  async settle(refund: Refund, outcome: FinalOutcome<'REFUND'>): Promise<Refund> {
    const { db, clock, bus } = this.#options;
    const [paid] = await readTopUps(db, [refund.paymentId]);
    if (!paid) throw new Error(`The refund ${refund.id} is of a top-up ${refund.paymentId} that is not there.`);
    const accounts = await openRefundAccounts(db, paid, clock.now());
    await openPaymentStream(db, paid.personId);
    return transaction(db, async (tx) => {
      const now = clock.now();
      await lockPeople(tx, [paid.personId]);
      const topUp = await lockTopUp(tx, paid.id);
      const { before, after } = await endRefund(tx, {
        refundId: refund.id, outcome, passage: accounts, giverIds: [accounts.walletId], now,
        passOn: (failed) => passToDisputes(tx, { kind: 'TOP_UP', id: topUp.id }, takenOf(failed), lossBorne),
        giveBack: (_, failed, passedMicros) => (
          { entries: [{ accountId: accounts.walletId, amountMicros: takenOf(failed) - passedMicros }], lossMicros: passedMicros }),
      });
      if (before === after) return after;
      await followRefunds(tx, topUp);
      if (after.status === 'FAILED') await thawIfFree(tx, topUp.personId, now);
      await bus.append(tx, [paymentEvent(topUp.personId, 'Refund', refund.id, now), paymentEvent(topUp.personId, 'TopUp', topUp.id, now)]);
      return after;
    }, { rerunLostCommit: true });
  }

  async #store(command: RefundTopUp): Promise<Stored> {
    const { db, clock } = this.#options;
    const [topUp] = await readTopUps(db, [command.topUpId]);
    const isOwn = topUp?.personId === command.personId;
    const accounts = isOwn ? await openRefundAccounts(db, topUp, clock.now()) : null;
    if (isOwn) await openPaymentStream(db, topUp.personId);
    return transaction(db, (tx) => this.#storeOnce(tx, command, accounts), { rerunLostCommit: true });
  }

  /** The ladder of checks. The key comes before all of them: what was stored once stays the answer, whatever the rules say today. */
  async #storeOnce(tx: Tx, command: RefundTopUp, accounts: RefundAccounts | null): Promise<Stored> {
    const { personId, idempotencyKey, inputHash } = command;
    const person = (await lockPeople(tx, [personId])).get(personId);
    if (!person) return { kind: 'PERSON_NOT_FOUND' };
    const known = await readKeyedRefund(tx, 'TOP_UP', personId, idempotencyKey);
    if (known && !isSameInput(known.inputHash, inputHash)) return { kind: 'IDEMPOTENCY_MISMATCH' };
    if (known) return { kind: 'STORED', refund: known.refund, isNew: false };
    if (!accounts) return { kind: 'TOP_UP_NOT_FOUND' };
    if (person.frozenAt) return { kind: 'ACCOUNT_FROZEN' };
    const topUp = await lockTopUp(tx, command.topUpId);
    const sums = await readRefundSums(tx, 'TOP_UP', topUp.id);
    const leftMicros = topUp.amountMicros - sums.promisedMicros;
    if (wasPaid(topUp.status) && topUp.status !== 'DISPUTED' && leftMicros === 0n) return { kind: 'REFUND_EXCEEDS_CHARGE' };
    if (topUp.status !== 'SUCCEEDED' && topUp.status !== 'PARTIALLY_REFUNDED') return { kind: 'INVALID_STATE', status: topUp.status };
    const rail = this.#options.providers.get(topUp.provider)?.rail(topUp.currency, 'REFUND');
    if (!rail) return { kind: 'PROVIDER_UNAVAILABLE', provider: topUp.provider };
    const withholding = { topUp, borneMicros: await readBorne(tx, topUp.id), sums, stepMicros: rail.stepMicros };
    return this.#reserve(tx, { command, topUp, accounts, leftMicros, rail, withholding });
  }

  async #reserve(tx: Tx, { command, topUp, accounts, leftMicros, rail, withholding }: Reserving): Promise<Stored> {
    const { clock, bus } = this.#options;
    const book = await Book.lock(tx, [accounts.walletId, accounts.reservedId]);
    const balanceMicros = book.balance(accounts.walletId);
    const takenMicros = floorToStep(balanceMicros < leftMicros ? balanceMicros : leftMicros, rail.stepMicros);
    const leastMicros = leastTaken(withholding, rail.minimumMicros > rail.stepMicros ? rail.minimumMicros : rail.stepMicros, leftMicros);
    if (leastMicros === null) return { kind: 'REFUND_EXCEEDS_CHARGE' };
    if (takenMicros < leastMicros) {
      const { currency } = topUp;
      return { kind: 'INSUFFICIENT_FUNDS', balance: money(balanceMicros, currency), shortfall: money(leastMicros - balanceMicros, currency) };
    }
    const refund = refundOf(topUp, await chargeOf(tx, topUp), { takenMicros, withheldMicros: withheldOf(withholding, takenMicros) }, clock.now());
    const posted = book.post(refundPosting(refund, transferEntries(accounts.walletId, accounts.reservedId, takenMicros)));
    if (!posted.ok) throw new Error(`The refund of the top-up ${topUp.id} takes no more than the wallet has, yet it was refused.`);
    await insertRefund(tx, refund, command.idempotencyKey, command.inputHash);
    await book.write(tx);
    await bus.append(tx, [paymentEvent(topUp.personId, 'Refund', refund.id, refund.createdAt)]);
    return { kind: 'STORED', refund, isNew: true };
  }
}

interface Reserving {
  readonly command: RefundTopUp;
  readonly topUp: TopUp;
  readonly accounts: RefundAccounts;
  readonly leftMicros: bigint;
  readonly rail: Rail;
  readonly withholding: Withholding;
}

/** What a refund takes from the wallet. */
function takenOf({ amountMicros, withheldMicros }: Refund): bigint {
  return amountMicros + withheldMicros;
}

interface RefundParts {
  readonly takenMicros: bigint;
  readonly withheldMicros: bigint;
}

function refundOf(topUp: TopUp, chargeId: string, { takenMicros, withheldMicros }: RefundParts, now: Date): Refund {
  const id = newId();
  return {
    id,
    kind: 'TOP_UP',
    paymentId: topUp.id,
    askedBy: topUp.personId,
    personId: topUp.personId,
    currency: topUp.currency,
    amountMicros: takenMicros - withheldMicros,
    feeReturnedMicros: 0n,
    withheldMicros,
    card: { provider: topUp.provider, key: encodeId(refundPrefix, id), chargeId },
    status: 'PENDING',
    reason: null,
    failure: null,
    createdAt: now,
  };
}

/** Opens what a refund will move, and commits that, as the postings need. */
async function openRefundAccounts(db: Database, { personId, provider, currency }: TopUp, now: Date): Promise<RefundAccounts> {
  const names: AccountName[] = [
    { ownerId: personId, kind: 'wallet', currency },
    { ownerId: personId, kind: 'reserved', currency },
    { ownerId: providerOwnerId(provider), kind: 'clearing', currency },
    { ownerId: PLATFORM_OWNER_ID, kind: 'platform_loss', currency },
  ];
  const [walletId, reservedId, clearingId, lossId] = await transaction(db, (tx) => openAccounts(tx, names, now), { rerunLostCommit: true });
  return { walletId, reservedId, clearingId, lossId } as RefundAccounts;
}

export const topUpRefundsService = service<TopUpRefunds>(
  'wallets.topUpRefunds',
  (services) =>
    new TopUpRefunds({
      db: services.get(databaseService),
      clock: services.get(clockService),
      bus: services.get(eventHubService),
      providers: services.get(paymentProvidersService),
      outcomes: services.get(outcomesService),
    }),
);

/** How payments settles refunds whose process died or whose provider was late. */
export const topUpRefundIntents: IntentKind<'REFUND'> = {
  name: 'top-up refund',
  operation: 'REFUND',
  readPending: async (sql, page) => (await readPendingRefunds(sql, 'TOP_UP', page)).map(refundIntent),
  findByKey: async (sql, provider, key) => {
    const refund = await findRefundByKey(sql, 'TOP_UP', provider, key);
    return refund && refundIntent(refund);
  },
  settle: async (services, refundId, outcome) => {
    const [refund] = await readRefunds(services.get(databaseService), [refundId]);
    if (!refund) throw new Error(`There is no refund ${refundId}.`);
    await services.get(topUpRefundsService).settle(refund, outcome);
  },
};
