import { hashInput } from '../api/room.ts';
import { clockService, databaseService, logService, newId, service, transaction, type Clock, type Database, type Log } from '../database/room.ts';
import { lockPeople } from '../identity/room.ts';
import { money, type Money } from '../money/room.ts';
import { readDueAutoTopUps, readDueAutoTopUpsOf, storeAutoTopUp } from './auto-top-up-rows.ts';
import type { AutoTopUp } from './auto-top-up.ts';
import { dunningPausedUntil } from './dunning-pause.ts';
import { readSavedMethodsOf } from './payment-method-rows.ts';
import { encodePaymentMethodId } from './payment-method.ts';
import { topUpsService, type PriceOutcome, type TopUps } from './top-ups.ts';

/** A fan's wish, parsed and well-formed. */
export interface SetAutoTopUp {
  readonly personId: string;
  readonly below: Money;
  readonly amount: Money;
  /** Null: the default method. */
  readonly paymentMethodId: string | null;
}

export type SetAutoTopUpOutcome =
  | { readonly kind: 'DONE' }
  | { readonly kind: 'PERSON_NOT_FOUND' | 'METHOD_NOT_FOUND' | 'NO_PAYMENT_METHOD' }
  | { readonly kind: 'PRICE'; readonly price: Exclude<PriceOutcome, { kind: 'QUOTED' }> };

interface AutoTopUpsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly topUps: TopUps;
}

const pageSize = 100;
/** How many providers' answers are waited for at once. */
const atOnce = 8;

/** Fills wallets that run low, never inside the transaction that spends. Those who spent are looked at within a second, everybody once a minute. */
export class AutoTopUps {
  readonly #options: AutoTopUpsOptions;
  readonly #spenders = new Set<string>();

  constructor(options: AutoTopUpsOptions) {
    this.#options = options;
  }

  /** Tells that somebody's wallet may have run low. Costs next to nothing: it is called for every tip. */
  hint(personId: string): void {
    this.#spenders.add(personId);
  }

  /** Tops up those who were named by hints of this process since the last time. */
  async runHinted(): Promise<void> {
    const personIds = [...this.#spenders];
    this.#spenders.clear();
    if (personIds.length === 0 || (await this.#isPaused())) return;
    await this.#topUpAll(await readDueAutoTopUpsOf(this.#options.db, personIds));
  }

  /** Tops up whoever is due: any number of processes may do so at once, and a wallet is topped up once. */
  async runAll(stop?: AbortSignal): Promise<void> {
    if (await this.#isPaused()) return;
    for (let after: string | null = null; !stop?.aborted; ) {
      const due: AutoTopUp[] = await readDueAutoTopUps(this.#options.db, after, pageSize);
      await this.#topUpAll(due);
      if (due.length < pageSize) return;
      after = due.at(-1)!.personId;
    }
  }

  /** Sets when and by how much the wallet fills itself; what was stopped runs again. */
  set({ personId, below, amount, paymentMethodId }: SetAutoTopUp): Promise<SetAutoTopUpOutcome> {
    const { db, clock, topUps } = this.#options;
    return transaction(db, async (tx): Promise<SetAutoTopUpOutcome> => {
      if (!(await lockPeople(tx, [personId])).has(personId)) return { kind: 'PERSON_NOT_FOUND' };
      const methods = await readSavedMethodsOf(tx, personId);
      const method = methods.find(({ id, isDefault }) => (paymentMethodId === null ? isDefault : id === paymentMethodId));
      if (!method) return { kind: paymentMethodId === null ? 'NO_PAYMENT_METHOD' : 'METHOD_NOT_FOUND' };
      const price = topUps.price(amount, method.provider);
      if (price.kind !== 'QUOTED') return { kind: 'PRICE', price };
      const auto = { currency: amount.currency, belowMicros: below.micros, amountMicros: amount.micros, paymentMethodId: method.id };
      await storeAutoTopUp(tx, personId, auto, clock.now());
      return { kind: 'DONE' };
    }, { rerunLostCommit: true });
  }

  turnOff(personId: string): Promise<SetAutoTopUpOutcome> {
    const { db, clock } = this.#options;
    return transaction(db, async (tx): Promise<SetAutoTopUpOutcome> => {
      if (!(await lockPeople(tx, [personId])).has(personId)) return { kind: 'PERSON_NOT_FOUND' };
      await storeAutoTopUp(tx, personId, null, clock.now());
      return { kind: 'DONE' };
    }, { rerunLostCommit: true });
  }

  async #isPaused(): Promise<boolean> {
    const { db, clock } = this.#options;
    return (await dunningPausedUntil(db, clock.now())) !== null;
  }

  async #topUpAll(due: readonly AutoTopUp[]): Promise<void> {
    const waiting = [...due];
    const work = async () => {
      for (let auto = waiting.shift(); auto; auto = waiting.shift()) await this.#topUp(auto);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  }

  async #topUp({ personId, currency, amountMicros, paymentMethodId }: AutoTopUp): Promise<void> {
    const { topUps, log } = this.#options;
    const wish = { currency, amountMicros, paymentMethodId };
    const command = {
      personId, amount: money(amountMicros, currency), provider: null, paymentMethod: encodePaymentMethodId(paymentMethodId),
      idempotencyKey: `automatic ${newId()}`, inputHash: hashInput('automaticTopUp', wish), isAutomatic: true,
    };
    try {
      const outcome = await topUps.topUp(command);
      if (outcome.kind !== 'ANSWERED' && outcome.kind !== 'NOT_DUE') log.warn({ personId, refusal: outcome.kind }, 'An automatic top-up was refused; it is tried again.');
    } catch (error) {
      log.error({ err: error, personId }, 'An automatic top-up failed; it is tried again.');
    }
  }
}

export const autoTopUpsService = service<AutoTopUps>('wallets.autoTopUps', (services) => new AutoTopUps({
  db: services.get(databaseService),
  clock: services.get(clockService),
  log: services.get(logService),
  topUps: services.get(topUpsService),
}));
