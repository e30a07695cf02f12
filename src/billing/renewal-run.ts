import { setTimeout as delay } from 'node:timers/promises';
import { clockService, databaseService, failureKind, logService, OutcomeUnknown, transaction, Unavailable, type Database, type Log, type Services } from '../database/room.ts';
import { ForecastMissed } from '../subscriptions/room.ts';
import { dunningPausedUntil } from '../wallets/room.ts';
import { beforeAll, readDue, type DuePage, type DuePlace } from './due.ts';
import { renewPeople, type BatchOutcome } from './renew-people.ts';
import { emptyReport, sumOf, type RunReport } from './run-report.ts';
import { settle } from './settlement.ts';

export interface RenewOptions {
  /** What is due by then is charged. It is dated by the clock, or then where that is later. */
  readonly asOf: Date;
  /** Charges every period that was missed, in order, and not just the current one. */
  readonly catchUp?: boolean;
  /** About how many subscriptions one transaction renews. */
  readonly batch?: number;
  /** Aborted: the batch under way is finished, and the run ends. */
  readonly stop?: AbortSignal;
}

/** What the rest of a process is held up by a batch of this size is some hundredths of a second; larger ones win little. */
const defaultBatch = 1_000;
/** How long fans whom somebody else has locked are waited for. A stopped process loses its locks after five seconds. */
const busyPatienceMs = 30_000;
/** The pauses after which a database that gave way is tried again. */
const outagePausesMs = [1_000, 2_000, 5_000, 10_000, 20_000];
/** More failures than these are no matter of single fans. */
const mostRefusedFans = 100;

/**
 * Charges what is due, in batches of one transaction each, until nothing is. Any number of runs may go on at once, in as many processes,
 * and each may be killed at any moment: whatever was not committed is still due. Fans whom another run has locked are passed over and
 * tried again before this one ends. What top-ups have asked to settle is tried first. Throws `Unavailable` or `OutcomeUnknown` when the database stays away.
 */
export async function renew(services: Services, options: RenewOptions): Promise<RunReport> {
  return new RenewalRun(services, options).untilDone();
}

interface Pass {
  /** Where the next pass begins; null when this one left nothing. */
  readonly left: DuePlace | null;
  /** Whether it renewed anything. */
  readonly hasMoved: boolean;
}

class RenewalRun {
  readonly #services: Services;
  readonly #db: Database;
  readonly #log: Log;
  readonly #options: Required<Omit<RenewOptions, 'stop'>> & Pick<RenewOptions, 'stop'>;
  readonly #refused = new Set<string>();
  #report = emptyReport;
  #busyFans = 0;
  #hasHeld = false;
  /** As it was when the pass began: while cards are declined far too often, who is past due is not tried again. */
  #isDunningPaused = false;
  /** How many due subscriptions a row of a page has led to: fans have several, due at different times. */
  #subscriptionsPerRow = 4;

  constructor(services: Services, options: RenewOptions) {
    this.#services = services;
    this.#db = services.get(databaseService);
    this.#log = services.get(logService);
    this.#options = { catchUp: false, batch: defaultBatch, ...options };
  }

  async untilDone(): Promise<RunReport> {
    // Debts that somebody has just brought money for are older than what is due. As of a time to come no server would settle them.
    const { asOf, stop } = this.#options;
    this.#report = await settle(this.#services, { asOf, stop, attempt: (step) => this.#patiently(step) });
    let movedAt = Date.now();
    for (let from: DuePlace | null = beforeAll; from !== null && !this.#isStopped; ) {
      const { left, hasMoved }: Pass = await this.#pass(from);
      if (hasMoved) movedAt = Date.now();
      if (left === null || Date.now() - movedAt > busyPatienceMs) break;
      // At once after progress, since a period that is due again waits for nobody; else in step with how long nothing moved.
      if (!hasMoved) await this.#pause(Math.min(1_000, 20 + (Date.now() - movedAt) / 2));
      from = left;
    }
    return { ...this.#report, busyFans: this.#busyFans, refusedFans: this.#refused.size, held: this.#hasHeld ? await this.#countHeld() : 0 };
  }

  /** Goes once through what is due behind a place. */
  async #pass(from: DuePlace): Promise<Pass> {
    let left: DuePlace | null = null;
    let hasMoved = false;
    this.#busyFans = 0;
    this.#isDunningPaused = (await this.#patiently(() => dunningPausedUntil(this.#db, this.#services.get(clockService).now()))) !== null;
    for (let at: DuePlace | null = from; at !== null && !this.#isStopped; ) {
      const { asOf, batch } = this.#options;
      const rows = Math.max(1, Math.round(batch / this.#subscriptionsPerRow));
      const after: DuePlace = at;
      const page: DuePage = await this.#patiently(() => readDue(this.#db, after, { asOf, isDunningPaused: this.#isDunningPaused }, rows));
      const outcome = await this.#renewPage(page.personIds.filter((id) => !this.#refused.has(id)));
      if (outcome.busyFans > 0 || outcome.isDueAgain) left ??= at;
      if (outcome.due > 0 && outcome.busyFans === 0) this.#subscriptionsPerRow = Math.max(1, outcome.due / page.rows);
      hasMoved ||= outcome.moved > 0;
      at = page.last;
    }
    return { left, hasMoved };
  }

  /** One transaction; when the database refuses what it would write, halves, until the fan whom it is about stands alone. */
  async #renewPage(personIds: readonly string[]): Promise<BatchOutcome> {
    if (personIds.length === 0) return nothing;
    try {
      const outcome = await this.#patiently(() => this.#renewPeople(personIds));
      this.#report = sumOf(this.#report, outcome.report);
      this.#busyFans += outcome.busyFans;
      this.#hasHeld ||= outcome.held.length > 0;
      return outcome;
    } catch (error) {
      if (isOutage(error)) throw error;
      if (personIds.length > 1) {
        const middle = Math.ceil(personIds.length / 2);
        return together(await this.#renewPage(personIds.slice(0, middle)), await this.#renewPage(personIds.slice(middle)));
      }
      this.#refuse(personIds[0]!, error);
      return nothing;
    }
  }

  async #renewPeople(personIds: readonly string[]): Promise<BatchOutcome> {
    const { asOf, catchUp } = this.#options;
    const isDunningPaused = this.#isDunningPaused;
    const renewing = (isForecast: boolean) =>
      transaction(this.#db, (tx) => renewPeople(tx, personIds, this.#services, { asOf, catchUp, isForecast, isDunningPaused }), { rerunLostCommit: true });
    return renewing(true).catch((error: unknown) => {
      if (error instanceof ForecastMissed) return renewing(false);
      throw error;
    });
  }

  #refuse(personId: string, error: unknown): void {
    this.#refused.add(personId);
    this.#log.error({ err: error, personId }, 'A fan could not be renewed and is left to the next run.');
    if (this.#refused.size > mostRefusedFans) {
      throw new Unavailable(`The renewals of ${this.#refused.size} fans have failed; the last reason: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Waits for a database that gives way, as in a restart, before it gives up. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    for (const pauseMs of outagePausesMs) {
      try {
        return await work();
      } catch (error) {
        if (!isOutage(error) || this.#isStopped) throw error;
        this.#log.warn({ err: error }, 'The renewal run waits for the database.');
        await this.#pause(pauseMs);
      }
    }
    return work();
  }

  async #countHeld(): Promise<number> {
    const [row] = await this.#db.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM subscription JOIN ledger_halt USING (currency)
       WHERE next_charge_at <= $1 AND status IN ('ACTIVE', 'PAST_DUE')`,
      [this.#options.asOf],
    );
    return row!.count;
  }

  get #isStopped(): boolean {
    return this.#options.stop?.aborted ?? false;
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#options.stop }).catch(() => {});
  }
}

const nothing: BatchOutcome = { report: emptyReport, held: [], due: 0, moved: 0, busyFans: 0, isDueAgain: false };

function together(a: BatchOutcome, b: BatchOutcome): BatchOutcome {
  return {
    report: sumOf(a.report, b.report), held: [...a.held, ...b.held], due: a.due + b.due, moved: a.moved + b.moved,
    busyFans: a.busyFans + b.busyFans, isDueAgain: a.isDueAgain || b.isDueAgain,
  };
}

function isOutage(error: unknown): boolean {
  return error instanceof Unavailable || error instanceof OutcomeUnknown || failureKind(error) === 'RETRY';
}
