import { clockService, databaseService, logService, service, transaction, type Services } from '../database/room.ts';
import { takeDispute } from './follow-disputes.ts';
import { intentKindsService, type Intent, type IntentKind } from './intent.ts';
import { outcomesService } from './outcomes.ts';
import type { PaymentProvider, WebhookSubject } from './port.ts';
import { paymentProvidersService } from './providers.ts';

const leaseSeconds = 60;
const longestPauseSeconds = 3_600;
const batchSize = 50;
/** Providers repeat a webhook for some days at most; a later repeat would only be looked up once more. */
const keptForDays = 90;

interface Waiting {
  readonly provider: string;
  readonly id: string;
  readonly kind: WebhookSubject['kind'];
  readonly key: string | null;
  readonly subjectId: string;
  readonly attempts: number;
}

/**
 * Works off stored webhooks: asks the provider what is true now and hands that to the kind of payment that it concerns. Any number of
 * processes may do it; one that dies leaves its webhooks to the others.
 */
export class WebhookTaker {
  readonly #services: Services;
  #running: Promise<void> | undefined;
  #isNudged = false;

  constructor(services: Services) {
    this.#services = services;
  }

  /** Has what waits taken soon. Failures are logged, and tried again by the job. */
  nudge(): void {
    this.#isNudged = true;
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  /** Takes all that is due. */
  async takeDue(): Promise<void> {
    for (;;) {
      const claimed = await this.#claim();
      for (const events of bySubject(claimed)) await this.#take(events);
      if (claimed.length < batchSize) return;
    }
  }

  async close(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#isNudged) {
      this.#isNudged = false;
      await this.takeDue().catch((error: unknown) =>
        this.#services.get(logService).error({ err: error }, 'Webhooks could not be read; they are tried again.'));
    }
  }

  async #claim(): Promise<Waiting[]> {
    return transaction(this.#services.get(databaseService), (tx) =>
      tx.query<Waiting>(
        `WITH due AS (
           SELECT provider, id FROM webhook_event WHERE taken_at IS NULL AND take_after <= $1
           ORDER BY take_after LIMIT $2 FOR UPDATE SKIP LOCKED)
         UPDATE webhook_event event SET attempts = attempts + 1, take_after = $1::timestamptz + $3 * interval '1 s'
         FROM due WHERE event.provider = due.provider AND event.id = due.id
         RETURNING event.provider, event.id, event.subject_kind AS kind, event.subject_key AS key, event.subject_id AS "subjectId", event.attempts`,
        [this.#now(), batchSize, leaseSeconds],
      ));
  }

  /** Many webhooks about one payment ask for one look at it. */
  async #take(events: readonly Waiting[]): Promise<void> {
    const [first] = events as [Waiting];
    const ids = events.map(({ id }) => id);
    const db = this.#services.get(databaseService);
    try {
      await takeSubject(this.#services, first.provider, { kind: first.kind, key: first.key, providerId: first.subjectId });
      await db.query('UPDATE webhook_event SET taken_at = $3 WHERE provider = $1 AND id = ANY ($2)', [first.provider, ids, this.#now()]);
    } catch (error) {
      const details = { err: error, provider: first.provider, webhooks: ids, attempts: first.attempts };
      this.#services.get(logService).error(details, 'A webhook could not be taken; it is tried again.');
      const pauseSeconds = Math.min(2 ** first.attempts, longestPauseSeconds);
      await db.query(`UPDATE webhook_event SET take_after = $3::timestamptz + $4 * interval '1 s' WHERE provider = $1 AND id = ANY ($2)`,
        [first.provider, ids, this.#now(), pauseSeconds]);
    }
  }

  #now(): Date {
    return this.#services.get(clockService).now();
  }
}

export const webhookTakerService = service<WebhookTaker>('payments.webhookTaker', (services) => new WebhookTaker(services), (taker) => taker.close());

/** Forgets webhooks that were taken long ago. */
export async function forgetWebhooks(services: Services): Promise<void> {
  await services.get(databaseService).query(`DELETE FROM webhook_event WHERE taken_at < $1::timestamptz - $2 * interval '1 day'`,
    [services.get(clockService).now(), keptForDays]);
}

function bySubject(events: readonly Waiting[]): Waiting[][] {
  return [...Map.groupBy(events, ({ provider, kind, subjectId }) => `${provider} ${kind} ${subjectId}`).values()];
}

async function takeSubject(services: Services, providerName: string, subject: WebhookSubject): Promise<void> {
  const provider = services.get(paymentProvidersService).get(providerName);
  if (!provider) throw new Error(`The provider ${providerName} is not set up here.`);
  if (subject.kind === 'DISPUTE') return readAndTake(services, provider, subject.providerId);
  const found = subject.key === null ? null : await findIntent(services, providerName, { ...subject, key: subject.key });
  if (!found) {
    services.get(logService).warn({ provider: providerName, subject }, 'A webhook is about a payment that is none of ours.');
    return;
  }
  const { kind, intent } = found;
  const state = subject.kind === 'CHARGE' ? await provider.readChargeById(subject.providerId) : null;
  // By the provider's id it is true at once; looking up by key may lag behind.
  const outcome = state?.key === intent.request.key ? state.outcome : await services.get(outcomesService).read(intent);
  if (outcome.status !== 'PENDING') {
    await kind.settle(services, intent.id, outcome);
    services.get(outcomesService).tell(intent, outcome);
  }
  for (const disputeId of state?.disputeIds ?? []) await readAndTake(services, provider, disputeId);
  if (state) await watchRefunded(services, kind, intent, state.refundedMicros);
  if ('returnedMicros' in outcome) {
    services.get(logService).error({ provider: providerName, payout: intent.request.key, returnedMicros: String(outcome.returnedMicros) },
      'A part of a payout came back. The books have all of it as paid: give the part back by hand, or have the rest reversed too.');
  }
}

/** Sounds the alarm for a charge of which more went back than we asked for, as by a refund from the provider's own pages: nobody here gave that money. */
async function watchRefunded(services: Services, kind: IntentKind, { id, provider, request }: Intent, theirsMicros: bigint): Promise<void> {
  const oursMicros = await kind.readRefunded?.(services.get(databaseService), id);
  if (oursMicros === undefined || theirsMicros <= oursMicros) return;
  services.get(logService).error({ provider, charge: request.key, theirsMicros: String(theirsMicros), oursMicros: String(oursMicros) },
    'More of a charge was refunded than was asked for here: whoever was paid has that money still.');
}

async function findIntent(
  services: Services, provider: string, { kind: operation, key }: { readonly kind: WebhookSubject['kind']; readonly key: string },
): Promise<{ readonly kind: IntentKind; readonly intent: Intent } | null> {
  for (const kind of services.get(intentKindsService)) {
    if (kind.operation !== operation) continue;
    const intent = await kind.findByKey(services.get(databaseService), provider, key);
    if (intent) return { kind, intent };
  }
  return null;
}

async function readAndTake(services: Services, provider: PaymentProvider, disputeId: string): Promise<void> {
  const dispute = await provider.readDispute(disputeId);
  if (!dispute) throw new Error(`${provider.name} knows no dispute ${disputeId}.`);
  await takeDispute(services, provider.name, dispute);
}
