import { encodeId } from '../api/room.ts';
import { configService, type Config } from '../config.ts';
import { clockService, databaseService, logService, newId, service, transaction, type Clock, type Database, type Log, type Services, type Tx } from '../database/room.ts';
import { eventHubService, openPaymentStream, type EventBus } from '../events/room.ts';
import { lockPeople } from '../identity/room.ts';
import {
  outcomesService, paymentProvidersService, type Intent, type IntentKind, type Outcomes, type PaymentProviders, type ReportedOutcome,
} from '../payments/room.ts';
import { answerAttempt, takeAttempt, type AttemptRefusal } from './card-attempts.ts';
import { isOpen, returnTo, stepOf } from './charge-step.ts';
import { paymentEvent } from './payment-events.ts';
import {
  insertMethod, keepCustomer, makeDefault, readCustomer, readMethod, readMethodByKey, readPendingMethods, readSavedMethodsOf, storeMethodStep,
} from './payment-method-rows.ts';
import { paymentMethodPrefix, type PaymentMethod } from './payment-method.ts';

/** A fan's wish, parsed and well-formed. */
export interface AddPaymentMethod {
  readonly personId: string;
  readonly email: string;
  readonly provider: string;
  readonly token: string;
  readonly makeDefault: boolean;
  readonly addressHash: Buffer;
}

/** ANSWERED may be a method that was saved, waits, or was declined. */
export type AddMethodOutcome = { readonly kind: 'ANSWERED'; readonly method: PaymentMethod } | AddMethodRefusal;

export type AddMethodRefusal =
  | { readonly kind: 'PROVIDER_UNAVAILABLE' | 'PROVIDER_SILENT'; readonly provider: string }
  | { readonly kind: 'PERSON_NOT_FOUND' | 'ACCOUNT_FROZEN' }
  | { readonly kind: 'TOO_MANY_METHODS'; readonly most: number }
  | AttemptRefusal;

export type ChangeMethodOutcome = 'DONE' | 'METHOD_NOT_FOUND' | 'PERSON_NOT_FOUND';

interface PaymentMethodsOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly bus: EventBus;
  readonly providers: PaymentProviders;
  readonly outcomes: Outcomes;
  readonly config: Config;
}

const mostMethods = 20;

/** Keeps cards at their providers, in the stages of a top-up: intent, provider, outcome. */
export class PaymentMethods {
  readonly #options: PaymentMethodsOptions;

  constructor(options: PaymentMethodsOptions) {
    this.#options = options;
  }

  /** Has a card kept. Throws `Unavailable` and `OutcomeUnknown`; nothing was charged then, and the wish may be sent again. */
  async add(command: AddPaymentMethod): Promise<AddMethodOutcome> {
    const { db, clock, outcomes } = this.#options;
    if (!this.#options.providers.has(command.provider)) return { kind: 'PROVIDER_UNAVAILABLE', provider: command.provider };
    const customer = await this.#customerOf(command);
    if (customer === null) return { kind: 'PROVIDER_SILENT', provider: command.provider };
    await openPaymentStream(db, command.personId);
    const id = newId();
    const stored = await transaction(db, (tx) => this.#store(tx, id, command, customer, clock.now()), { rerunLostCommit: true });
    if (stored.kind !== 'ANSWERED') return stored;
    await db.failpoint('method-stored');
    const outcome = await outcomes.ask(intentOf(stored.method), { isNew: true });
    await db.failpoint('method-answered');
    // A webhook may have settled it while the provider was waited for.
    return { kind: 'ANSWERED', method: outcome.status === 'PENDING' ? await readMethod(db, id) : await this.settle(stored.method, outcome) };
  }

  /** Stores what became of a card that was to be kept. The first that is saved becomes the default. */
  settle({ id, personId }: PaymentMethod, outcome: ReportedOutcome<'METHOD'>): Promise<PaymentMethod> {
    const { db, clock, bus } = this.#options;
    return transaction(db, async (tx) => {
      const now = clock.now();
      await lockPeople(tx, [personId]);
      const method = await readMethod(tx, id);
      const step = stepOf(method.status, outcome);
      if (!step) return method;
      await storeMethodStep(tx, id, step, now);
      if (step.status === 'SUCCEEDED' && (method.wantsDefault || (await readSavedMethodsOf(tx, personId)).length === 1)) await makeDefault(tx, personId, id);
      if (step.status !== 'ACTION_REQUIRED') await answerAttempt(tx, id, step.status === 'FAILED');
      // Only what was saved can be shown as a node.
      if (step.status === 'SUCCEEDED') await bus.append(tx, [paymentEvent(personId, 'PaymentMethod', id, now)]);
      return readMethod(tx, id);
    }, { rerunLostCommit: true });
  }

  /** Takes a method from its person, and with it an automatic top-up that used it; then the provider forgets it. */
  async remove(personId: string, id: string): Promise<ChangeMethodOutcome> {
    const { clock } = this.#options;
    const outcome = await this.#change(personId, id, async (tx) => {
      await tx.query('DELETE FROM auto_top_up WHERE person_id = $1 AND payment_method_id = $2', [personId, id]);
      await tx.query('UPDATE payment_method SET removed_at = $2, is_default = false WHERE id = $1', [id, clock.now()]);
    });
    if (outcome === 'DONE') await this.forgetRemoved();
    return outcome;
  }

  setDefault(personId: string, id: string): Promise<ChangeMethodOutcome> {
    return this.#change(personId, id, (tx) => makeDefault(tx, personId, id));
  }

  /** Tells providers of the methods that were removed; what fails is tried again by the job. */
  async forgetRemoved(): Promise<void> {
    const { db, providers, clock, log } = this.#options;
    const removed = await db.query<{ id: string; provider: string; token: string }>(
      'SELECT id, provider, token FROM payment_method WHERE removed_at IS NOT NULL AND forgotten_at IS NULL ORDER BY id LIMIT 100',
    );
    for (const { id, provider, token } of removed) {
      try {
        await providers.get(provider)?.forgetMethod(token);
        await db.query('UPDATE payment_method SET forgotten_at = $2 WHERE id = $1', [id, clock.now()]);
      } catch (error) {
        log.warn({ err: error, provider, paymentMethod: id }, 'A provider did not forget a payment method; it is told again.');
      }
    }
  }

  #change(personId: string, id: string, change: (tx: Tx) => Promise<void>): Promise<ChangeMethodOutcome> {
    return transaction(this.#options.db, async (tx) => {
      if (!(await lockPeople(tx, [personId])).has(personId)) return 'PERSON_NOT_FOUND';
      if (!(await readSavedMethodsOf(tx, personId)).some((method) => method.id === id)) return 'METHOD_NOT_FOUND';
      await change(tx);
      return 'DONE';
    }, { rerunLostCommit: true });
  }

  async #store(tx: Tx, id: string, command: AddPaymentMethod, customer: string, now: Date): Promise<AddMethodOutcome> {
    const { personId, provider, token } = command;
    const person = (await lockPeople(tx, [personId])).get(personId);
    if (!person) return { kind: 'PERSON_NOT_FOUND' };
    if (person.frozenAt) return { kind: 'ACCOUNT_FROZEN' };
    const [written] = await tx.query('SELECT FROM payment_method WHERE id = $1', [id]);
    if (written) return { kind: 'ANSWERED', method: await readMethod(tx, id) };
    if ((await readSavedMethodsOf(tx, personId)).length >= mostMethods) return { kind: 'TOO_MANY_METHODS', most: mostMethods };
    const refusal = await takeAttempt(tx, { id, accountId: personId, addressHash: command.addressHash, creatorId: null }, this.#options.config.limits, now);
    if (refusal) return refusal;
    const method: PaymentMethod = {
      id, personId, provider, customer, providerKey: encodeId(paymentMethodPrefix, id), givenToken: token,
      returnUrl: returnTo(this.#options.config.paymentReturnUrl, encodeId(paymentMethodPrefix, id)), wantsDefault: command.makeDefault, status: 'PENDING', action: null, failure: null, token: null,
      label: null, expiresOn: null, isDefault: false, createdAt: now,
    };
    await insertMethod(tx, method);
    return { kind: 'ANSWERED', method };
  }

  /** The person as the provider knows them, made known under a key of theirs; null when the provider does not answer. */
  async #customerOf({ personId, email, provider }: AddPaymentMethod): Promise<string | null> {
    const { db, providers, clock, log } = this.#options;
    const known = await readCustomer(db, personId, provider);
    if (known !== null) return known;
    try {
      const customer = await providers.get(provider)!.createCustomer({ key: encodeId('cus', personId), email, name: null });
      return await keepCustomer(db, personId, provider, customer, clock.now());
    } catch (error) {
      log.warn({ err: error, provider }, 'A provider did not take a customer.');
      return null;
    }
  }
}

export const paymentMethodsService = service<PaymentMethods>('wallets.paymentMethods', (services) => new PaymentMethods({
  db: services.get(databaseService),
  clock: services.get(clockService),
  log: services.get(logService),
  bus: services.get(eventHubService),
  providers: services.get(paymentProvidersService),
  outcomes: services.get(outcomesService),
  config: services.get(configService),
}));

/** How payments settles cards whose saving waited for the fan or the provider. */
export const paymentMethodIntents: IntentKind<'METHOD'> = {
  name: 'payment method',
  operation: 'METHOD',
  readPending: async (sql, page) => (await readPendingMethods(sql, page)).map(intentOf),
  findByKey: async (sql, provider, key) => {
    const method = await readMethodByKey(sql, provider, key);
    return method && intentOf(method);
  },
  settle: async (services: Services, id, outcome) => {
    const method = await readMethod(services.get(databaseService), id);
    if (isOpen(method.status)) await services.get(paymentMethodsService).settle(method, outcome);
  },
};

function intentOf(method: PaymentMethod): Intent<'METHOD'> {
  const { id, provider, providerKey: key, givenToken: token, customer, returnUrl, createdAt } = method;
  return { id, operation: 'METHOD', provider, request: { key, token, customer, returnUrl }, createdAt };
}
