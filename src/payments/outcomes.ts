import { clockService, logService, service, type Clock, type Log } from '../database/room.ts';
import type { Intent, Operation, OutcomeOf, Operations, ReportedOutcome } from './intent.ts';
import { ProviderDeniesUs, type Declined, type Pending, type PaymentProvider } from './port.ts';
import { paymentProvidersService, type PaymentProviders } from './providers.ts';

export interface OutcomesOptions {
  readonly providers: PaymentProviders;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a provider may take to answer before the outcome counts as unknown. */
  readonly answerWithinMs?: number;
}

type Asked<O extends Operation> = {
  create(provider: PaymentProvider, request: Operations[O]['request']): Promise<OutcomeOf<O>>;
  read(provider: PaymentProvider, request: Operations[O]['request']): Promise<OutcomeOf<O> | null>;
};

const asked: { readonly [O in Operation]: Asked<O> } = {
  CHARGE: { create: (provider, request) => provider.createCharge(request), read: (provider, { key }) => provider.readCharge(key) },
  REFUND: { create: (provider, request) => provider.createRefund(request), read: (provider, request) => provider.readRefund(request) },
  PAYOUT: { create: (provider, request) => provider.createPayout(request), read: (provider, { key }) => provider.readPayout(key) },
  METHOD: { create: (provider, request) => provider.saveMethod(request), read: (provider, request) => provider.readMethod(request) },
};

const defaultAnswerWithinMs = 20_000;
/** Providers forget keys (Stripe's live a day at least), so an older intent is looked up and never asked for anew. */
const createWithinMs = 3_600_000;
/** Between the last creation and giving up: no call takes as long, so none that we gave up can have been under way still. */
const graceMs = 600_000;

const pending: Pending = { status: 'PENDING' };
const neverArrived: Declined = {
  status: 'DECLINED',
  code: 'not_attempted',
  message: 'The payment never reached the provider; no money moved.',
  retryable: true,
};

const denied: Declined = {
  status: 'DECLINED',
  code: 'provider_unavailable',
  message: 'The payment provider cannot be used at the moment; no money moved.',
  retryable: true,
};

/** Asks providers what became of intents. Call it outside of every transaction, once the intent is committed. */
export class Outcomes {
  readonly #options: OutcomesOptions;
  readonly #asking = new Map<string, { readonly answer: Promise<unknown>; readonly tell: (outcome: ReportedOutcome) => void }>();

  constructor(options: OutcomesOptions) {
    this.#options = options;
  }

  /**
   * Has an intent done that this caller has just stored, or reads what became of one that was there (within an hour it is done after all
   * if the provider never heard of it). Those who ask about one intent at a time share the answer. A provider that throws or does not
   * answer in time leaves it PENDING: whether money moved is not known, so only the same key may be tried again.
   */
  ask<O extends Operation>(intent: Intent<O>, { isNew }: { readonly isNew: boolean }): Promise<OutcomeOf<O>> {
    const running = this.#asking.get(intent.id);
    if (running) return running.answer as Promise<OutcomeOf<O>>;
    let tell!: (outcome: OutcomeOf<O>) => void;
    const told = new Promise<OutcomeOf<O>>((resolve) => (tell = resolve));
    const answer = this.#answered(intent, (provider) =>
      Promise.race([told, isNew ? this.#create(provider, intent) : this.#resume(provider, intent)]))
      .finally(() => this.#asking.delete(intent.id));
    this.#asking.set(intent.id, { answer, tell: tell as (outcome: ReportedOutcome) => void });
    return answer;
  }

  /** What was learned of an intent otherwise, by a webhook or the reconciler: whoever asks about it here need not wait any longer. */
  tell<O extends Operation>({ id }: Intent<O>, outcome: ReportedOutcome<O>): void {
    this.#asking.get(id)?.tell(outcome);
  }

  /**
   * What became of an intent, without having it done: of one that the provider never heard of, DECLINED with the code "not_attempted"
   * once nobody can have it done any more, PENDING until then.
   */
  look<O extends Operation>(intent: Intent<O>): Promise<OutcomeOf<O>> {
    return this.#answered(intent, (provider) => this.#look(provider, intent));
  }

  /** What a provider says of an intent. Throws when it gives no answer, or knows nothing of it. */
  async read<O extends Operation>(intent: Intent<O>): Promise<OutcomeOf<O>> {
    const provider = this.#providerOf(intent);
    const known = await within(this.#answerWithinMs, asked[intent.operation].read(provider, intent.request));
    if (!known) throw new Error(`${provider.name} knows nothing of ${intent.request.key}.`);
    return known;
  }

  async #answered<O extends Operation>(intent: Intent<O>, ask: (provider: PaymentProvider) => Promise<OutcomeOf<O>>): Promise<OutcomeOf<O>> {
    try {
      return await within(this.#answerWithinMs, ask(this.#providerOf(intent)));
    } catch (error) {
      this.#options.log.warn({ err: error, provider: intent.provider, intent: intent.id }, 'A payment provider gave no answer; the payment stays pending.');
      return pending;
    }
  }

  /** A first request that was turned away at the door moved nothing. One that is sent again may have been heard the first time. */
  async #create<O extends Operation>(provider: PaymentProvider, intent: Intent<O>): Promise<OutcomeOf<O>> {
    try {
      return await asked[intent.operation].create(provider, intent.request);
    } catch (error) {
      if (!(error instanceof ProviderDeniesUs)) throw error;
      this.#options.log.error({ err: error, provider: intent.provider, intent: intent.id }, 'A payment provider does not accept our key: the payment failed.');
      return denied;
    }
  }

  async #resume<O extends Operation>(provider: PaymentProvider, intent: Intent<O>): Promise<OutcomeOf<O>> {
    return this.#ageMs(intent) < createWithinMs
      ? (await asked[intent.operation].read(provider, intent.request)) ?? asked[intent.operation].create(provider, intent.request)
      : this.#look(provider, intent);
  }

  async #look<O extends Operation>(provider: PaymentProvider, intent: Intent<O>): Promise<OutcomeOf<O>> {
    const known = await asked[intent.operation].read(provider, intent.request);
    if (known) return known;
    return this.#ageMs(intent) < createWithinMs + graceMs + provider.readLagMs ? pending : neverArrived;
  }

  get #answerWithinMs(): number {
    return this.#options.answerWithinMs ?? defaultAnswerWithinMs;
  }

  #providerOf(intent: Intent): PaymentProvider {
    const provider = this.#options.providers.get(intent.provider);
    if (!provider) throw new Error(`The provider ${intent.provider} is not set up here.`);
    return provider;
  }

  #ageMs(intent: Intent): number {
    return this.#options.clock.now().getTime() - intent.createdAt.getTime();
  }
}

export const outcomesService = service<Outcomes>(
  'payments.outcomes',
  (services) =>
    new Outcomes({ providers: services.get(paymentProvidersService), clock: services.get(clockService), log: services.get(logService) }),
);

async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer came within ${milliseconds} ms.`)), milliseconds);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
