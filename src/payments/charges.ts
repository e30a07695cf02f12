import { clockService, logService, service, type Clock, type Log } from '../database/room.ts';
import type { Intent } from './intent.ts';
import type { ChargeOutcome, PaymentProvider } from './port.ts';
import { paymentProvidersService, type PaymentProviders } from './providers.ts';

export interface ChargesOptions {
  readonly providers: PaymentProviders;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a provider may take to answer before the outcome counts as unknown. */
  readonly answerWithinMs?: number;
}

const defaultAnswerWithinMs = 20_000;
/** Providers forget keys (Stripe's live a day at least), so an older intent is looked up and never asked for anew. */
const createWithinMs = 24 * 3_600_000;

const neverArrived: ChargeOutcome = {
  status: 'DECLINED',
  code: 'not_attempted',
  message: 'The payment never reached the provider; nothing was charged.',
  retryable: true,
};

/** Asks providers what became of intents. Call it outside of every transaction, once the intent is committed. */
export class Charges {
  readonly #options: ChargesOptions;
  readonly #asking = new Map<string, Promise<ChargeOutcome>>();

  constructor(options: ChargesOptions) {
    this.#options = options;
  }

  /**
   * Charges an intent that this caller has just stored, or reads what became of one that was there (charging it if the provider never
   * heard of it). Those who ask about one intent at a time share the answer. A provider that throws or does not answer in time leaves
   * it PENDING: whether money moved is not known, so only the same key may be tried again.
   */
  ask(intent: Intent, { isNew }: { readonly isNew: boolean }): Promise<ChargeOutcome> {
    const running = this.#asking.get(intent.id);
    if (running) return running;
    const asked = this.#answer(intent, isNew).finally(() => this.#asking.delete(intent.id));
    this.#asking.set(intent.id, asked);
    return asked;
  }

  async #answer(intent: Intent, isNew: boolean): Promise<ChargeOutcome> {
    const { providers, log, answerWithinMs = defaultAnswerWithinMs } = this.#options;
    try {
      const provider = providers.get(intent.provider);
      if (!provider) throw new Error(`The provider ${intent.provider} is not set up here.`);
      return await within(answerWithinMs, isNew ? provider.createCharge(intent.request) : this.#resume(provider, intent));
    } catch (error) {
      log.warn({ err: error, provider: intent.provider, intent: intent.id }, 'A payment provider gave no answer; the payment stays pending.');
      return { status: 'PENDING' };
    }
  }

  async #resume(provider: PaymentProvider, intent: Intent): Promise<ChargeOutcome> {
    const known = await provider.readCharge(intent.request.key);
    if (known) return known;
    const ageMs = this.#options.clock.now().getTime() - intent.createdAt.getTime();
    return ageMs < createWithinMs ? provider.createCharge(intent.request) : neverArrived;
  }
}

export const chargesService = service<Charges>(
  'payments.charges',
  (services) =>
    new Charges({ providers: services.get(paymentProvidersService), clock: services.get(clockService), log: services.get(logService) }),
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
