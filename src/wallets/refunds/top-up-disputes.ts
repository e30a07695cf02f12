import { clockService, databaseService, newId, service, transaction, type Clock, type Database, type Tx } from '../../database/room.ts';
import { eventHubService, openPaymentStream, type EventBus } from '../../events/room.ts';
import { freezePerson, lockPeople, type LockedPerson } from '../../identity/room.ts';
import { Book, openAccounts, PLATFORM_OWNER_ID, providerOwnerId, type AccountName, type EntryRequest } from '../../ledger/room.ts';
import {
  assertSameCurrency, closeDispute, insertDispute, lossBorne, readDispute, wasPaid, type Dispute, type DisputeKind, type DisputeState,
} from '../../payments/room.ts';
import { paymentEvent } from '../payment-events.ts';
import { lockTopUp } from '../top-up-rows.ts';
import type { TopUp } from '../top-up.ts';
import { findChargedTopUp, followRefunds } from './paid-top-ups.ts';
import { thawIfFree } from './thaw.ts';

interface TopUpDisputesOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly bus: EventBus;
}

interface DisputeAccounts {
  readonly walletId: string;
  readonly clearingId: string;
  readonly processorFeeId: string;
  readonly lossId: string;
}

/**
 * Takes disputes of top-ups. What the bank took back is taken from the wallet as far as it reaches, and the platform bears the rest,
 * as it bears the provider's fee; the account is frozen until every dispute of it is settled.
 */
export class TopUpDisputes {
  readonly #options: TopUpDisputesOptions;

  constructor(options: TopUpDisputesOptions) {
    this.#options = options;
  }

  /** Answers false when the charge is no top-up's. Throws for one whose own outcome is not stored yet, or in another currency: the dispute is to be told again. */
  async take(provider: string, state: DisputeState): Promise<boolean> {
    const { db, clock, bus } = this.#options;
    const charged = await findChargedTopUp(db, provider, state);
    if (!charged) return false;
    assertSameCurrency(state, { kind: 'TOP_UP', id: charged.id }, charged.currency);
    const accounts = await openDisputeAccounts(db, charged, clock.now());
    await openPaymentStream(db, charged.personId);
    await transaction(db, async (tx) => {
      const person = (await lockPeople(tx, [charged.personId])).get(charged.personId) as LockedPerson;
      const topUp = await lockTopUp(tx, charged.id);
      if (!wasPaid(topUp.status)) throw new Error(`The dispute ${state.id} came before the outcome of its top-up ${topUp.id}, which is ${topUp.status}.`);
      const known = await readDispute(tx, provider, state.id);
      if (known && (known.status !== 'OPEN' || state.status === 'OPEN')) return;
      const now = clock.now();
      const book = await Book.lock(tx, Object.values(accounts));
      const dispute = known ?? (await this.#open(tx, book, { state, topUp, person, accounts, now }));
      if (state.status !== 'OPEN') await this.#close(tx, book, { dispute, status: state.status, accounts, now });
      await book.write(tx);
      await followRefunds(tx, topUp);
      await bus.append(tx, [paymentEvent(topUp.personId, 'TopUp', topUp.id, now)]);
    }, { rerunLostCommit: true });
    return true;
  }

  async #open(tx: Tx, book: Book, { state, topUp, person, accounts, now }: Opening): Promise<Dispute> {
    const balanceMicros = book.balance(accounts.walletId);
    const takenMicros = balanceMicros < state.amountMicros ? balanceMicros : state.amountMicros;
    const dispute: Dispute = {
      id: newId(),
      provider: topUp.provider,
      providerDisputeId: state.id,
      payment: { kind: 'TOP_UP', id: topUp.id },
      personId: person.id,
      currency: topUp.currency,
      amountMicros: state.amountMicros,
      providerFeeMicros: state.feeMicros,
      feeReturnedMicros: 0n,
      lossMicros: state.amountMicros - takenMicros,
      fromRefundsMicros: 0n,
      totalsMicros: 0n,
      frozeAccount: person.frozenAt === null,
      reason: state.reason,
      status: 'OPEN',
      openedAt: now,
    };
    this.#post(book, dispute, 'DISPUTE', [
      { accountId: accounts.clearingId, amountMicros: dispute.amountMicros },
      { accountId: accounts.processorFeeId, amountMicros: dispute.providerFeeMicros },
      { accountId: accounts.walletId, amountMicros: -takenMicros },
      { accountId: accounts.lossId, amountMicros: -dispute.lossMicros - dispute.providerFeeMicros },
    ], now);
    await insertDispute(tx, dispute);
    await freezePerson(tx, person.id, now);
    return dispute;
  }

  async #close(tx: Tx, book: Book, { dispute, status, accounts, now }: Closing): Promise<void> {
    await closeDispute(tx, dispute.id, status, now);
    if (status === 'WON') {
      this.#post(book, dispute, 'DISPUTE_RETURN', [
        { accountId: accounts.clearingId, amountMicros: -dispute.amountMicros },
        { accountId: accounts.walletId, amountMicros: dispute.amountMicros - lossBorne(dispute) },
        { accountId: accounts.lossId, amountMicros: lossBorne(dispute) },
      ], now);
    }
    await thawIfFree(tx, dispute.personId as string, now);
  }

  #post(book: Book, dispute: Dispute, kind: string, entries: readonly EntryRequest[], now: Date): void {
    const posted = book.post({ id: newId(), kind, causeId: dispute.id, currency: dispute.currency, entries, createdAt: now });
    if (!posted.ok) throw new Error(`The ${kind} of ${dispute.id} takes no more than the wallet has, yet it was refused.`);
  }
}

interface Opening {
  readonly state: DisputeState;
  readonly topUp: TopUp;
  readonly person: LockedPerson;
  readonly accounts: DisputeAccounts;
  readonly now: Date;
}

interface Closing {
  readonly dispute: Dispute;
  readonly status: 'WON' | 'LOST';
  readonly accounts: DisputeAccounts;
  readonly now: Date;
}

async function openDisputeAccounts(db: Database, { personId, provider, currency }: TopUp, now: Date): Promise<DisputeAccounts> {
  const names: AccountName[] = [
    { ownerId: personId, kind: 'wallet', currency },
    { ownerId: providerOwnerId(provider), kind: 'clearing', currency },
    { ownerId: providerOwnerId(provider), kind: 'processor_fee', currency },
    { ownerId: PLATFORM_OWNER_ID, kind: 'platform_loss', currency },
  ];
  const [walletId, clearingId, processorFeeId, lossId] = await transaction(db, (tx) => openAccounts(tx, names, now), { rerunLostCommit: true });
  return { walletId, clearingId, processorFeeId, lossId } as DisputeAccounts;
}

export const topUpDisputesService = service<TopUpDisputes>(
  'wallets.topUpDisputes',
  (services) => new TopUpDisputes({ db: services.get(databaseService), clock: services.get(clockService), bus: services.get(eventHubService) }),
);

/** How payments tells of disputes that may be of a top-up. */
export const topUpDisputes: DisputeKind = {
  name: 'top-up',
  take: (services, provider, dispute) => services.get(topUpDisputesService).take(provider, dispute),
};
