import { configService } from '../config.ts';
import { clockService, databaseService, service, transaction, type Clock, type Database, type Services, type Tx } from '../database/room.ts';
import { eventHubService, type EventBus } from '../events/room.ts';
import { openAccounts, PLATFORM_OWNER_ID } from '../ledger/room.ts';

/** What the rules of subscriptions work with, one a process. */
export class Desk {
  readonly db: Database;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly feeBps: number;
  readonly #opened = new Set<string>();

  constructor(services: Services) {
    this.db = services.get(databaseService);
    this.bus = services.get(eventHubService);
    this.clock = services.get(clockService);
    this.feeBps = services.get(configService).platformFeeBps;
  }

  /** Runs work whose every step is safe to run again after a lost COMMIT: keys and states are read under locks first. */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return transaction(this.db, work, { rerunLostCommit: true });
  }

  /** Opens the platform's fee account before the first charge in a currency: opening one inside a charge would break the lock order. */
  async openPlatformFee(currency: string): Promise<void> {
    if (this.#opened.has(currency)) return;
    await this.write((tx) => openAccounts(tx, [{ ownerId: PLATFORM_OWNER_ID, kind: 'platform_fee', currency }], this.clock.now()));
    this.#opened.add(currency);
  }
}

export const subscriptionDeskService = service<Desk>('subscriptions.desk', (services) => new Desk(services));
