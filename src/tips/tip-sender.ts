import { configService } from '../config.ts';
import { clockService, databaseService, GroupCommit, service, transaction, type Clock, type Database } from '../database/room.ts';
import { eventHubService, type EventBus } from '../events/room.ts';
import { openAccounts, PLATFORM_OWNER_ID } from '../ledger/room.ts';
import type { SendTip, SendTipOutcome } from './send-tip.ts';
import { sendTips } from './send-tips.ts';

export interface TipSenderOptions {
  readonly db: Database;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly feeBps: number;
}

/** Sends tips, many to a transaction. One a process. */
export class TipSender {
  readonly #options: TipSenderOptions;
  readonly #commits: GroupCommit<SendTip, SendTipOutcome>;
  readonly #platformFeeIds = new Map<string, string>();
  readonly #opening = new Map<string, Promise<void>>();

  constructor(options: TipSenderOptions) {
    this.#options = options;
    this.#commits = new GroupCommit({
      db: options.db,
      run: (tx, commands) =>
        sendTips(tx, commands, {
          bus: options.bus,
          feeBps: options.feeBps,
          platformFeeIds: this.#platformFeeIds,
          now: options.clock.now(),
        }),
    });
  }

  /** How many tips wait for a batch. */
  get queued(): number {
    return this.#commits.queued;
  }

  /** Answers once the tip is durably stored, or why it was not. Throws `Overloaded`, `Unavailable` or `OutcomeUnknown`. */
  async send(command: SendTip): Promise<SendTipOutcome> {
    await this.#openPlatformFee(command.amount.currency);
    return this.#commits.submit(command);
  }

  drain(): Promise<void> {
    return this.#commits.drain();
  }

  /**
   * Accounts are opened and committed before a batch needs them: opening inside one would break the lock order. Tips that arrive
   * meanwhile wait for the same opening, so they queue in the order in which they came.
   */
  async #openPlatformFee(currency: string): Promise<void> {
    if (this.#platformFeeIds.has(currency)) return;
    let opening = this.#opening.get(currency);
    if (!opening) {
      opening = this.#open(currency).finally(() => this.#opening.delete(currency));
      this.#opening.set(currency, opening);
    }
    await opening;
  }

  async #open(currency: string): Promise<void> {
    const { db, clock } = this.#options;
    const name = { ownerId: PLATFORM_OWNER_ID, kind: 'platform_fee' as const, currency };
    const [id] = await transaction(db, (tx) => openAccounts(tx, [name], clock.now()), { rerunLostCommit: true });
    this.#platformFeeIds.set(currency, id as string);
  }
}

export const tipSenderService = service<TipSender>(
  'tips.sender',
  (services) =>
    new TipSender({
      db: services.get(databaseService),
      bus: services.get(eventHubService),
      clock: services.get(clockService),
      feeBps: services.get(configService).platformFeeBps,
    }),
  (sender) => sender.drain(),
);
