import { newId, type Tx } from '../database/room.ts';
import type { LockedPerson } from '../identity/room.ts';
import { readTipTargets, type TipTarget } from '../creators/room.ts';
import { findAccounts, PLATFORM_OWNER_ID, type PostOutcome } from '../ledger/room.ts';
import { splitFee } from '../money/room.ts';
import { readSpending, type CapRefusal, type Spending } from '../wallets/room.ts';
import type { Charge, ChargeKind, FailureReason } from './charge.ts';
import { ForecastPurse, LockedPurse, type Purse } from './purse.ts';
import type { Subscription } from './subscription.ts';

export interface ChargeRequest {
  readonly subscription: Pick<Subscription, 'id' | 'personId' | 'creatorId' | 'currency'>;
  readonly kind: ChargeKind;
  readonly periodIndex: number;
  readonly amountMicros: bigint;
  /** The FAILED charge of the same period: its row is what succeeds, or fails again. */
  readonly failed?: Charge | null;
}

export type ChargeOutcome = { readonly kind: 'CHARGED'; readonly charge: Charge } | ChargeRefusal;

/** Why nothing was taken; the first that holds, in this order. */
export type ChargeRefusal =
  | { readonly kind: 'LEDGER_HALTED'; readonly currency: string; readonly reason: string }
  | { readonly kind: 'ACCOUNT_FROZEN' }
  | { readonly kind: 'CAP_EXCEEDED'; readonly cap: CapRefusal }
  | { readonly kind: 'INSUFFICIENT_FUNDS'; readonly balanceMicros: bigint; readonly shortfallMicros: bigint };

export interface TillOptions {
  readonly people: ReadonlyMap<string, LockedPerson>;
  readonly feeBps: number;
  readonly now: Date;
  /**
   * Decides by balances read without a lock, and locks the accounts only when `writeBook` stores the postings, which then may throw
   * `ForecastMissed`: for large batches.
   */
  readonly isForecast?: boolean;
}

interface TillAccounts {
  readonly targets: ReadonlyMap<string, TipTarget>;
  /** By person and currency; somebody who never had a wallet in a currency has none here. */
  readonly walletIds: ReadonlyMap<string, string>;
  readonly platformFeeIds: ReadonlyMap<string, string>;
}

/**
 * Takes the money of one transaction's charges: each is decided against what the accepted ones before it left, and `write` stores all
 * of them. Joining, changing and the renewal run charge through this alone.
 */
export class Till {
  readonly #accounts: TillAccounts;
  readonly #purse: Purse;
  readonly #spending: Spending;
  readonly #options: TillOptions;

  private constructor(accounts: TillAccounts, purse: Purse, spending: Spending, options: TillOptions) {
    this.#accounts = accounts;
    this.#purse = purse;
    this.#spending = spending;
    this.#options = options;
  }

  /**
   * Reads caps and locks accounts for the charges that may come, under the locks of people, subscriptions and tiers; once a
   * transaction. Throws for a currency in which the platform's fee account was never opened.
   */
  static async open(tx: Tx, charged: readonly ChargeRequest['subscription'][], options: TillOptions): Promise<Till> {
    const payers = new Map(charged.map((subscription) => [payerOf(subscription), subscription]));
    const spenders = [...payers.values()].map(({ personId, currency }) => ({ personId, currency }));
    const spending = await readSpending(tx, spenders, options.now);
    const targets = await readTipTargets(tx, charged.map(({ creatorId }) => creatorId));
    const currencies = [...new Set(charged.map(({ currency }) => currency))];
    const found = await findAccounts(tx, [
      ...spenders.map(({ personId, currency }) => ({ ownerId: personId, kind: 'wallet' as const, currency })),
      ...currencies.map((currency) => ({ ownerId: PLATFORM_OWNER_ID, kind: 'platform_fee' as const, currency })),
    ]);
    const walletIds = named([...payers.keys()], found);
    const platformFeeIds = named(currencies, found.slice(payers.size));
    const missing = currencies.find((currency) => !platformFeeIds.has(currency));
    if (missing) throw new Error(`The platform's fee account in ${missing} was not opened before the charge.`);
    const creatorIds = [...targets.values()].flatMap((target) => [target.earningsAccountId, target.debtAccountId]);
    const accountIds = [...walletIds.values(), ...creatorIds, ...platformFeeIds.values()];
    const purse = await (options.isForecast ? ForecastPurse.open(tx, accountIds, [...walletIds.values()]) : LockedPurse.open(tx, accountIds));
    return new Till({ targets, walletIds, platformFeeIds }, purse, spending, options);
  }

  /** Takes an amount above zero from the fan's wallet, or says why not; a refusal leaves no trace. */
  charge(request: ChargeRequest): ChargeOutcome {
    const { subscription, amountMicros } = request;
    const { personId, currency } = subscription;
    const halted = this.#purse.haltReason(currency);
    if (halted !== null) return { kind: 'LEDGER_HALTED', currency, reason: halted };
    const person = this.#options.people.get(personId);
    if (!person) throw new Error(`The person ${personId} is charged without having been locked.`);
    if (person.frozenAt) return { kind: 'ACCOUNT_FROZEN' };
    const cap = this.#spending.refusal(personId, currency, amountMicros);
    if (cap) return { kind: 'CAP_EXCEEDED', cap };
    const walletId = this.#accounts.walletIds.get(payerOf(subscription));
    if (!walletId) return { kind: 'INSUFFICIENT_FUNDS', balanceMicros: 0n, shortfallMicros: amountMicros };
    const charge = makeCharge(request, null, this.#options);
    const posted = this.#post(charge, walletId, subscription);
    if (!posted.ok) return { kind: 'INSUFFICIENT_FUNDS', balanceMicros: posted.balanceMicros, shortfallMicros: posted.shortfallMicros };
    this.#spending.spend(personId, currency, amountMicros);
    return { kind: 'CHARGED', charge };
  }

  /** The row of a charge that took nothing. */
  fail(request: ChargeRequest, reason: FailureReason): Charge {
    return makeCharge(request, reason, this.#options);
  }

  /** Stores postings and balances. Subscriptions and charges come before, counters after: `writeMoves` keeps the order. */
  async writeBook(tx: Tx): Promise<void> {
    await this.#purse.write(tx);
  }

  /** Stores what people spent, among the counters. */
  async writeSpending(tx: Tx): Promise<void> {
    await this.#spending.write(tx);
  }

  #post(charge: Charge, walletId: string, { creatorId, currency }: ChargeRequest['subscription']): PostOutcome {
    const target = this.#accounts.targets.get(creatorId);
    if (!target) throw new Error(`The charge ${charge.id} is for a creator ${creatorId} whom its till was not opened for.`);
    return this.#purse.post({
      charge,
      walletId,
      earningsId: target.earningsAccountId,
      debtId: target.debtAccountId,
      platformFeeId: this.#accounts.platformFeeIds.get(currency) as string,
      createdAt: this.#options.now,
    });
  }
}

function makeCharge(request: ChargeRequest, failureReason: FailureReason | null, { feeBps, now }: TillOptions): Charge {
  const { subscription, kind, periodIndex, amountMicros, failed } = request;
  return {
    id: failed?.id ?? newId(),
    subscriptionId: subscription.id,
    kind,
    periodIndex,
    currency: subscription.currency,
    amountMicros,
    feeBps,
    ...splitFee(amountMicros, feeBps),
    status: failureReason ? 'FAILED' : 'SUCCEEDED',
    failureReason,
    createdAt: failed?.createdAt ?? now,
    chargedAt: failureReason ? null : now,
  };
}

/** The ids that were found, by the names that were asked for. */
function named(names: readonly string[], ids: readonly (string | null)[]): Map<string, string> {
  return new Map(names.flatMap((name, index) => (ids[index] ? [[name, ids[index]] as const] : [])));
}

/** A UUID holds no space, so no two payers share a name. */
function payerOf({ personId, currency }: { readonly personId: string; readonly currency: string }): string {
  return `${personId} ${currency}`;
}
