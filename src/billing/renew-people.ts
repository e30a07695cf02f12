import { clockService, type Services, type Tx } from '../database/room.ts';
import { lockIdlePeople } from '../identity/room.ts';
import { subscriptionColumns, subscriptionOf, type Subscription, type SubscriptionRow } from '../subscriptions/room.ts';
import { chargeDue, type ChargeDueOptions, type ChargeDueOutcome } from './charge-due.ts';
import type { DueBy } from './due.ts';

export interface BatchOutcome extends ChargeDueOutcome {
  /** How many subscriptions were due. */
  readonly due: number;
  /** People whom somebody else had locked: left out. */
  readonly busyFans: number;
}

/** One batch of a renewal run: whatever is due from these people, those whom nobody else has locked. */
export async function renewPeople(
  tx: Tx,
  personIds: readonly string[],
  services: Services,
  options: Pick<ChargeDueOptions, 'asOf' | 'catchUp' | 'isForecast'> & DueBy,
): Promise<BatchOutcome> {
  await limitTransaction(tx);
  const people = await lockIdlePeople(tx, personIds);
  const subscriptions = await lockDue(tx, [...people.keys()], options);
  // A run may take a past time for now, but what it takes today counts against today's caps, and nobody's retries are over by then.
  const now = laterOf(options.asOf, services.get(clockService).now());
  const outcome = await chargeDue(tx, services, subscriptions, { ...options, now, people, onUnpaid: 'DUN' });
  return { ...outcome, due: subscriptions.length, busyFans: personIds.length - people.size };
}

/**
 * A worker that is stopped while a statement's parameters are on their way is not idle to PostgreSQL, which waits for the rest of them:
 * only this limit, of version 17 and later, then frees its locks.
 */
export async function limitTransaction(tx: Tx): Promise<void> {
  await tx.query(`SELECT set_config('transaction_timeout', '60s', true) WHERE current_setting('server_version_num')::integer >= 170000`);
}

export function laterOf(a: Date, b: Date): Date {
  return a > b ? a : b;
}

/** The oldest debts come first: when a wallet is short, it is the youngest that stays unpaid. */
async function lockDue(tx: Tx, personIds: readonly string[], { asOf, isDunningPaused }: DueBy): Promise<Subscription[]> {
  // Nobody waits here and so reads what was before: whoever writes a subscription has locked its person, as we have.
  const rows = await tx.query<SubscriptionRow>(
    `SELECT ${subscriptionColumns} FROM subscription s
     WHERE s.person_id = ANY ($1::uuid[]) AND s.next_charge_at <= $2 AND NOT ($3::boolean AND s.status = 'PAST_DUE') ORDER BY s.id FOR NO KEY UPDATE`,
    [personIds, asOf, isDunningPaused],
  );
  return rows.map(subscriptionOf).sort((a, b) => a.nextChargeAt!.getTime() - b.nextChargeAt!.getTime());
}
