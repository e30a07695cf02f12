import { defineEntity, p } from '@mikro-orm/core';
import { logService, service, type Log, type Sql } from '../database/room.ts';

/** Somebody whose wallet got money, so that what they owe can be tried again at once. Written here, and taken away by billing. */
export const SettlementEntity = defineEntity({
  name: 'Settlement',
  tableName: 'settlement',
  properties: {
    personId: p.uuid().primary(),
    requestedAt: p.datetime().columnType('timestamptz'),
  },
});

/** Asks for a person's settlement, in the transaction that brings the money and under the person's lock. */
export async function requestSettlement(tx: Sql, personId: string, now: Date): Promise<void> {
  await tx.query(
    `INSERT INTO settlement (person_id, requested_at) VALUES ($1, $2)
     ON CONFLICT (person_id) DO UPDATE SET requested_at = excluded.requested_at`,
    [personId, now],
  );
}

/** Tells the rooms above that a settlement was asked for by this process. Only a hint: other processes read the table. */
export class SettlementRequests {
  readonly #listeners = new Set<(personId: string) => void>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Has `listener` called with the person's id after each commit. Answers what ends that. */
  listen(listener: (personId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Call it after the commit. A listener that throws is logged, since what it listens to has happened all the same. */
  announce(personId: string): void {
    for (const listener of this.#listeners) {
      try {
        listener(personId);
      } catch (error) {
        this.#log.error({ err: error }, 'A listener to settlement requests failed; the top-up stands.');
      }
    }
  }
}

export const settlementRequestsService = service<SettlementRequests>(
  'wallets.settlementRequests',
  (services) => new SettlementRequests(services.get(logService)),
);
