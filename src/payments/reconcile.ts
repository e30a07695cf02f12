import { clockService, databaseService, logService, type Services } from '../database/room.ts';
import { intentKindsService, type Intent, type IntentKind, type OutcomeOf, type Operation } from './intent.ts';
import { outcomesService } from './outcomes.ts';
import { paymentProvidersService } from './providers.ts';
import { forgetWebhooks, webhookTakerService } from './webhook-taker.ts';

/** Younger intents are most likely being answered by whoever made them. */
const leaveAloneMs = 30_000;
/** How long a payer may take to act where the provider itself would wait for ever. */
const actWithinMs = 24 * 3_600_000;
const pageSize = 100;

/** What one run of the reconciler did. */
export interface ReconcileReport {
  /** By kind of payment: how many have an outcome now, have none yet, and could not be settled. */
  readonly kinds: readonly { readonly name: string; readonly settled: number; readonly waiting: number; readonly failed: number }[];
  /** Providers that are not set up here, with how many of those payments wait for each. */
  readonly withoutProvider: readonly { readonly provider: string; readonly payments: number }[];
  readonly webhooksWaiting: number;
}

/**
 * Asks the providers about every intent that has no outcome yet (its process died, the provider did not answer, the payer has not
 * acted) and settles those that have one now; takes the webhooks that wait. It moves no money. Any number of processes may run it at
 * once, and it may be cut off at any moment.
 */
export async function reconcile(services: Services): Promise<ReconcileReport> {
  await services.get(webhookTakerService).takeDue();
  const kinds: ReconcileReport['kinds'][number][] = [];
  const withoutProvider = new Map<string, number>();
  for (const kind of services.get(intentKindsService)) {
    const counts = { settled: 0, waiting: 0, failed: 0 };
    for await (const intent of pendingOf(services, kind)) {
      const { provider } = intent;
      if (!services.get(paymentProvidersService).has(provider)) withoutProvider.set(provider, (withoutProvider.get(provider) ?? 0) + 1);
      try {
        counts[await reconcileOne(services, kind, intent)] += 1;
      } catch (error) {
        counts.failed += 1;
        services.get(logService).error({ err: error, kind: kind.name, intent: intent.id }, 'A payment could not be settled; it is tried again.');
      }
    }
    kinds.push({ name: kind.name, ...counts });
  }
  await forgetWebhooks(services);
  return {
    kinds,
    withoutProvider: [...withoutProvider].map(([provider, payments]) => ({ provider, payments })),
    webhooksWaiting: await countWaiting(services),
  };
}

async function reconcileOne(services: Services, kind: IntentKind, intent: Intent): Promise<'settled' | 'waiting'> {
  const outcome = await currentOutcome(services, intent);
  if (outcome.status === 'PENDING') return 'waiting';
  await kind.settle(services, intent.id, outcome);
  services.get(outcomesService).tell(intent, outcome);
  return outcome.status === 'ACTION_REQUIRED' ? 'waiting' : 'settled';
}

async function currentOutcome(services: Services, intent: Intent): Promise<OutcomeOf<Operation>> {
  const outcome = await services.get(outcomesService).look(intent);
  const ageMs = services.get(clockService).now().getTime() - intent.createdAt.getTime();
  if (outcome.status !== 'ACTION_REQUIRED' || ageMs < actWithinMs) return outcome;
  const provider = services.get(paymentProvidersService).get(intent.provider);
  const canceled = isOf(intent, 'METHOD') ? provider?.cancelMethod(intent.request) : provider?.cancelCharge(intent.request.key);
  return (await canceled) ?? outcome;
}

function isOf<O extends Operation>(intent: Intent, operation: O): intent is Intent<O> {
  return intent.operation === operation;
}

async function* pendingOf(services: Services, kind: IntentKind): AsyncGenerator<Intent> {
  const madeBefore = new Date(services.get(clockService).now().getTime() - leaveAloneMs);
  for (let afterId: string | null = null; ; ) {
    const page: readonly Intent[] = await kind.readPending(services.get(databaseService), { madeBefore, afterId, limit: pageSize });
    yield* page;
    if (page.length < pageSize) return;
    afterId = page.at(-1)?.id ?? null;
  }
}

async function countWaiting(services: Services): Promise<number> {
  const [row] = await services.get(databaseService).query<{ count: bigint }>('SELECT count(*) FROM webhook_event WHERE taken_at IS NULL');
  return Number(row?.count);
}
