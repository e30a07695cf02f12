import { recordTips } from '../../creators/room.ts';
import { clockService, databaseService, newId, service, transaction, type Clock, type Database, type Tx } from '../../database/room.ts';
import { eventHubService, openPaymentStream, type EventBus } from '../../events/room.ts';
import { Book, type EntryRequest } from '../../ledger/room.ts';
import {
  assertSameCurrency, closeDispute, feeGiven, insertDispute, readDispute, wasPaid, type Dispute, type DisputeKind, type DisputeState,
} from '../../payments/room.ts';
import { paymentEvent } from '../../wallets/room.ts';
import { feeReturned } from './fee-returned.ts';
import { correctionOf, findChargedTip, followRefunds, heldAgainFrom, lockPaidTip, readStanding, type PaidTip } from './paid-tip.ts';
import { accountIds, openTipAccounts, returningEntries, type CardAccounts, type TipAccounts } from './tip-accounts.ts';

interface TipDisputesOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly bus: EventBus;
}

/**
 * Takes disputes of tips by card. The creator bears them: from earnings as far as those reach, the rest as debt that later earnings
 * repay first. The platform gives its fee of what went back, as it does for a refund, and bears the provider's fee for the dispute.
 */
export class TipDisputes {
  readonly #options: TipDisputesOptions;

  constructor(options: TipDisputesOptions) {
    this.#options = options;
  }

  /** Answers false when the charge is no tip's. Throws for one whose own outcome is not stored yet, or in another currency: the dispute is to be told again. */
  async take(provider: string, state: DisputeState): Promise<boolean> {
    const { db, clock, bus } = this.#options;
    const charged = await findChargedTip(db, provider, state);
    if (!charged) return false;
    assertSameCurrency(state, { kind: 'TIP', id: charged.id }, charged.currency);
    const accounts = await openTipAccounts(db, charged, clock.now());
    if (!accounts.card) throw new Error(`The tip ${charged.id} was charged by ${provider}, but it is none by card.`);
    const { card } = accounts;
    await openPaymentStream(db, charged.payerId);
    await transaction(db, async (tx) => {
      const tip = await lockPaidTip(tx, charged.id);
      if (!wasPaid(tip.status)) throw new Error(`The dispute ${state.id} came before the outcome of its tip ${tip.id}, which is ${tip.status}.`);
      const known = await readDispute(tx, provider, state.id);
      if (known && (known.status !== 'OPEN' || state.status === 'OPEN')) return;
      const now = clock.now();
      const scene = { tip, accounts, card, now, provider };
      const dispute = known ?? (await describe(tx, scene, state));
      const book = await Book.lock(tx, accountIds(accounts));
      if (!known) await open(tx, book, scene, dispute);
      if (state.status !== 'OPEN') await close(tx, book, scene, dispute, state.status);
      await book.write(tx);
      await followRefunds(tx, tip);
      const goneMicros = (known ? 0n : dispute.totalsMicros) - (state.status === 'WON' ? dispute.totalsMicros : 0n);
      if (goneMicros !== 0n) await recordTips(tx, [correctionOf(tip, -goneMicros)]);
      await bus.append(tx, [paymentEvent(tip.payerId, 'Tip', tip.id, now)]);
    }, { rerunLostCommit: true });
    return true;
  }
}

interface Scene {
  readonly tip: PaidTip;
  readonly accounts: TipAccounts;
  readonly card: CardAccounts;
  readonly now: Date;
  readonly provider: string;
}

async function describe(tx: Tx, { tip, provider, now }: Scene, state: DisputeState): Promise<Dispute> {
  const standing = await readStanding(tx, tip);
  const { amountMicros } = state;
  return {
    id: newId(),
    provider,
    providerDisputeId: state.id,
    payment: { kind: 'TIP', id: tip.id },
    personId: tip.senderId,
    currency: tip.currency,
    amountMicros,
    providerFeeMicros: state.feeMicros,
    feeReturnedMicros: feeReturned(standing, amountMicros),
    lossMicros: 0n,
    fromRefundsMicros: 0n,
    // A refund that was on its way already takes its own part of the totals.
    totalsMicros: amountMicros < standing.leftMicros ? amountMicros : standing.leftMicros,
    frozeAccount: false,
    reason: state.reason,
    status: 'OPEN',
    openedAt: now,
  };
}

async function open(tx: Tx, book: Book, scene: Scene, dispute: Dispute): Promise<void> {
  const { tip, accounts, card } = scene;
  const bornMicros = dispute.amountMicros - dispute.feeReturnedMicros;
  const earnedMicros = book.balance(accounts.earningsId);
  const takenMicros = earnedMicros < bornMicros ? earnedMicros : bornMicros;
  post(book, dispute, 'DISPUTE', [
    { accountId: card.clearingId, amountMicros: dispute.amountMicros },
    { accountId: card.processorFeeId, amountMicros: dispute.providerFeeMicros },
    { accountId: card.lossId, amountMicros: -dispute.providerFeeMicros },
    { accountId: accounts.platformFeeId, amountMicros: -dispute.feeReturnedMicros },
    { accountId: accounts.earningsId, amountMicros: -takenMicros, ...(tip.heldFrom && { takesBackFrom: tip.heldFrom }) },
    { accountId: accounts.debtId, amountMicros: takenMicros - bornMicros },
  ], scene);
  await insertDispute(tx, dispute);
}

async function close(tx: Tx, book: Book, scene: Scene, dispute: Dispute, status: 'WON' | 'LOST'): Promise<void> {
  const { accounts, card, now } = scene;
  await closeDispute(tx, dispute.id, status, now);
  if (status === 'LOST') return;
  const { amountMicros } = dispute;
  post(book, dispute, 'DISPUTE_RETURN', [
    { accountId: card.clearingId, amountMicros: -amountMicros }, ...returningEntries(book, { amountMicros, feeReturnedMicros: feeGiven(dispute) }, accounts),
  ], scene);
}

function post(book: Book, dispute: Dispute, kind: string, entries: readonly EntryRequest[], { tip, now }: Scene): void {
  const heldFrom = heldAgainFrom(tip, now);
  const posted = book.post({ id: newId(), kind, causeId: dispute.id, currency: dispute.currency, entries, createdAt: now, heldFrom });
  if (!posted.ok) throw new Error(`The ${kind} of ${dispute.id} takes no more than the creator has, yet it was refused.`);
}

export const tipDisputesService = service<TipDisputes>(
  'tips.disputes',
  (services) => new TipDisputes({ db: services.get(databaseService), clock: services.get(clockService), bus: services.get(eventHubService) }),
);

/** How payments tells of disputes that may be of a tip. */
export const tipDisputes: DisputeKind = {
  name: 'tip',
  take: (services, provider, dispute) => services.get(tipDisputesService).take(provider, dispute),
};
