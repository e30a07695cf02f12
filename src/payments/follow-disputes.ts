import { databaseService, logService, type Services } from '../database/room.ts';
import { disputeKindsService } from './intent.ts';
import type { DisputeState, DisputeStatus, Inquiry, PaymentProvider } from './port.ts';
import { paymentProvidersService } from './providers.ts';

/** What one look at the disputes did. */
export interface DisputesReport {
  /** Open still, as far as we know. */
  readonly open: number;
  /** Of which no webhook had told: opened or closed unheard. */
  readonly taken: number;
  /** That could not be read or taken. */
  readonly failed: number;
}

/** Hands a dispute as its provider knows it now to the kind of payment that it is about; an inquiry is none, and is left alone. */
export async function takeDispute(services: Services, provider: string, dispute: DisputeState | Inquiry): Promise<void> {
  if (dispute.status === 'INQUIRY') return;
  for (const kind of services.get(disputeKindsService)) {
    if (await kind.take(services, provider, dispute)) return;
  }
  services.get(logService).warn({ provider, dispute: dispute.id }, 'A dispute is about a payment that is none of ours.');
}

/**
 * Finds what a lost webhook did not tell: reads every dispute that is open here again, and takes those that the providers opened on
 * these days (UTC) and that are not known here. Any number of processes may do it at once.
 */
export async function followDisputes(services: Services, days: readonly string[]): Promise<DisputesReport> {
  const counts = { taken: 0, failed: 0 };
  const providers = services.get(paymentProvidersService);
  for (const provider of providers.values()) {
    const listed = await tried(services, provider, counts, () => listDays(provider, days)) ?? [];
    const known = await readKnown(services, provider.name, listed);
    const others = [...known].filter(([id, status]) => status === 'OPEN' && !listed.some((dispute) => dispute.id === id));
    for (const dispute of listed) await tried(services, provider, counts, () => takeNews(services, provider, known, dispute, counts));
    for (const [id] of others) {
      await tried(services, provider, counts, async () => {
        const dispute = await provider.readDispute(id);
        if (!dispute || dispute.status === 'INQUIRY') throw new Error(`${provider.name} knows no dispute ${id}, which is open here.`);
        await takeNews(services, provider, known, dispute, counts);
      });
    }
  }
  return { open: await countOpen(services), ...counts };
}

async function listDays(provider: PaymentProvider, days: readonly string[]): Promise<DisputeState[]> {
  const listed: DisputeState[] = [];
  // One that has no key of ours is other business of the same account.
  for (const day of days) listed.push(...(await provider.listDisputes(day)).filter(({ key }) => key !== null));
  return listed;
}

async function takeNews(services: Services, { name }: PaymentProvider, known: ReadonlyMap<string, DisputeStatus>, dispute: DisputeState, counts: { taken: number }): Promise<void> {
  const status = known.get(dispute.id);
  if (status !== undefined && (status !== 'OPEN' || dispute.status === 'OPEN')) return;
  await takeDispute(services, name, dispute);
  counts.taken += 1;
  services.get(logService).warn({ provider: name, dispute: dispute.id, status: dispute.status }, 'A dispute was found that no webhook had told of.');
}

async function tried<T>(services: Services, { name }: PaymentProvider, counts: { failed: number }, work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    counts.failed += 1;
    services.get(logService).error({ err: error, provider: name }, 'Disputes could not be read or taken; they are tried again.');
    return null;
  }
}

/** The disputes of a provider that are open here, and those of a list that are known, with where they stand here. */
async function readKnown(services: Services, provider: string, listed: readonly DisputeState[]): Promise<Map<string, DisputeStatus>> {
  const rows = await services.get(databaseService).query<{ id: string; status: DisputeStatus }>(
    `SELECT provider_dispute_id AS id, status FROM dispute WHERE provider = $1 AND (status = 'OPEN' OR provider_dispute_id = ANY ($2))`,
    [provider, listed.map(({ id }) => id)],
  );
  return new Map(rows.map(({ id, status }) => [id, status]));
}

async function countOpen(services: Services): Promise<number> {
  const [row] = await services.get(databaseService).query<{ count: bigint }>(`SELECT count(*) FROM dispute WHERE status = 'OPEN'`);
  return Number(row?.count);
}
