import { clockService, databaseService, logService, type Services } from '../database/room.ts';
import { intentKindsService, type Intent, type IntentKind } from './intent.ts';
import { outcomesService } from './outcomes.ts';

/** Younger intents are most likely being answered by whoever made them. */
const leaveAloneMs = 30_000;
const pageSize = 100;

/**
 * Asks the providers about every intent that has no outcome yet (its process died, or the provider did not answer) and settles those
 * that have one now; it moves no money. Any number of processes may run it at once, and it may be cut off at any moment.
 */
export async function reconcile(services: Services): Promise<void> {
  for (const kind of services.get(intentKindsService)) {
    for await (const intent of pendingOf(services, kind)) {
      try {
        await reconcileOne(services, kind, intent);
      } catch (error) {
        services.get(logService).error({ err: error, kind: kind.name, intent: intent.id }, 'A payment could not be settled; it is tried again.');
      }
    }
  }
}

async function reconcileOne(services: Services, kind: IntentKind, intent: Intent): Promise<void> {
  const outcome = await services.get(outcomesService).look(intent);
  if (outcome.status !== 'PENDING') await kind.settle(services, intent.id, outcome);
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
