import { clockService, databaseService, logService, service, transaction, type Log, type Services, type Sql, type Tx } from '../database/room.ts';
import { lockIdlePeople } from '../identity/room.ts';
import { subscriptionColumns, subscriptionOf, type Subscription, type SubscriptionRow } from '../subscriptions/room.ts';
import { settlementRequestsService } from '../wallets/room.ts';
import { chargeDue } from './charge-due.ts';
import { laterOf, limitTransaction } from './renew-people.ts';
import { emptyReport, sumOf, type RunReport } from './run-report.ts';

const peopleABatch = 100;
const nobody = '00000000-0000-0000-0000-000000000000';

/** Settles what is owed: as often as it is asked to, and at once when a top-up succeeded in this process. Never twice at a time. */
export class Settler {
  readonly #services: Services;
  readonly #log: Log;
  readonly #closed = new AbortController();
  readonly #unlisten: () => void;
  #running: Promise<void> | null = null;
  #isAskedAgain = false;

  constructor(services: Services) {
    this.#services = services;
    this.#log = services.get(logService);
    this.#unlisten = services.get(settlementRequestsService).listen(() => void this.run());
  }

  /** Resolves when all that was asked for until now has been tried. What fails is logged: the requests are still there next time. */
  run(): Promise<void> {
    this.#isAskedAgain = true;
    this.#running ??= this.#untilNobodyAsks().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#unlisten();
    await this.#running;
  }

  async #untilNobodyAsks(): Promise<void> {
    while (this.#isAskedAgain && !this.#closed.signal.aborted) {
      this.#isAskedAgain = false;
      await settle(this.#services, { stop: this.#closed.signal }).catch((error: unknown) => this.#log.error({ err: error }, 'A settlement failed; it is tried again.'));
    }
  }
}

export const settlerService = service<Settler>('billing.settler', (services) => new Settler(services), (settler) => settler.close());

export interface SettleOptions {
  /** A time ahead of the clock's, by which a rehearsal judges what is owed; left out: now. */
  readonly asOf?: Date;
  readonly stop?: AbortSignal;
  /** Carries each step out, such as again after an outage. */
  readonly attempt?: <T>(step: () => Promise<T>) => Promise<T>;
}

/**
 * Tries what is owed by the people whose wallets got money, for each the oldest debt first, until everybody who asked was tried. Any
 * number of processes may do so at once.
 */
export async function settle(services: Services, { asOf, stop, attempt = (step) => step() }: SettleOptions = {}): Promise<RunReport> {
  const db = services.get(databaseService);
  let report = emptyReport;
  for (let after = nobody; !stop?.aborted; ) {
    const place = after;
    const personIds = await attempt(() => readRequests(db, place));
    if (personIds.length === 0) break;
    report = sumOf(report, await attempt(() => transaction(db, (tx) => settlePeople(tx, personIds, services, asOf), { rerunLostCommit: true })));
    after = personIds.at(-1)!;
  }
  return report;
}

/** Whose settlement was asked for, behind a person in their order. */
async function readRequests(sql: Sql, after: string): Promise<string[]> {
  const rows = await sql.query<{ person_id: string }>('SELECT person_id FROM settlement WHERE person_id > $1 ORDER BY person_id LIMIT $2', [after, peopleABatch]);
  return rows.map((row) => row.person_id);
}

async function settlePeople(tx: Tx, personIds: readonly string[], services: Services, asOf?: Date): Promise<RunReport> {
  await limitTransaction(tx);
  const people = await lockIdlePeople(tx, personIds);
  // Requests are written under the same locks: none can come in between and be taken away unseen.
  const owing = await lockPastDue(tx, [...people.keys()]);
  const clock = services.get(clockService).now();
  const now = asOf ? laterOf(asOf, clock) : clock;
  const outcome = await chargeDue(tx, services, owing, { people, asOf: now, now, catchUp: false, onUnpaid: 'LEAVE', isForecast: false });
  // A debt that was found as of a time to come, or by a clock ahead of this one, cannot be judged yet.
  const early = owing.filter(({ periodEnd }) => periodEnd > now);
  const held = new Set([...outcome.held, ...early].map(({ personId }) => personId));
  await tx.query('DELETE FROM settlement WHERE person_id = ANY ($1::uuid[])', [[...people.keys()].filter((id) => !held.has(id))]);
  return outcome.report;
}

async function lockPastDue(tx: Tx, personIds: readonly string[]): Promise<Subscription[]> {
  const rows = await tx.query<SubscriptionRow>(
    `SELECT ${subscriptionColumns} FROM subscription s WHERE s.person_id = ANY ($1::uuid[]) AND s.status = 'PAST_DUE' ORDER BY s.id FOR NO KEY UPDATE`,
    [personIds],
  );
  return rows.map(subscriptionOf).sort((a, b) => a.pastDueSince!.getTime() - b.pastDueSince!.getTime());
}
