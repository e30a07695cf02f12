import type { Sql } from '../database/room.ts';
import { askedChange, type Pending, type PendingChange, type Subscription } from './subscription.ts';

/** The columns of a row, for `SELECT ${subscriptionColumns} FROM subscription s`: what `subscriptionOf` reads. */
export const subscriptionColumns = `s.id, s.person_id, s.creator_id, s.tier_id, s.currency, s.amount_micros, s.interval, s.status, s.started_at,
  s.plan_since, s.anchor, s.anchor_index, s.period_index, s.period_start, s.period_end, s.next_charge_at, s.past_due_since, s.failed_attempts,
  s.access_until, s.paused_until, s.pending_kind, s.pending_tier_id, s.pending_amount_micros, s.pending_interval, s.pending_paused_until,
  s.pending_beneath, s.ended_at, s.charge_count`;

export interface SubscriptionRow {
  readonly id: string;
  readonly person_id: string;
  readonly creator_id: string;
  readonly tier_id: string | null;
  readonly currency: string;
  readonly amount_micros: bigint;
  readonly interval: Subscription['interval'];
  readonly status: Subscription['status'];
  readonly started_at: Date;
  readonly plan_since: Date;
  readonly anchor: Date;
  readonly anchor_index: number;
  readonly period_index: number;
  readonly period_start: Date;
  readonly period_end: Date;
  readonly next_charge_at: Date | null;
  readonly past_due_since: Date | null;
  readonly failed_attempts: number;
  readonly access_until: Date;
  readonly paused_until: Date | null;
  readonly pending_kind: Pending['kind'] | null;
  readonly pending_tier_id: string | null;
  readonly pending_amount_micros: bigint | null;
  readonly pending_interval: Subscription['interval'] | null;
  readonly pending_paused_until: Date | null;
  readonly pending_beneath: PendingChange['kind'] | null;
  readonly ended_at: Date | null;
  readonly charge_count: number;
}

export function subscriptionOf(row: SubscriptionRow): Subscription {
  return {
    id: row.id,
    personId: row.person_id,
    creatorId: row.creator_id,
    tierId: row.tier_id,
    currency: row.currency,
    amountMicros: row.amount_micros,
    interval: row.interval,
    status: row.status,
    startedAt: row.started_at,
    planSince: row.plan_since,
    anchor: row.anchor,
    anchorIndex: row.anchor_index,
    periodIndex: row.period_index,
    periodStart: row.period_start,
    periodEnd: row.period_end,
    nextChargeAt: row.next_charge_at,
    pastDueSince: row.past_due_since,
    failedAttempts: row.failed_attempts,
    accessUntil: row.access_until,
    pausedUntil: row.paused_until,
    pending: pendingOf(row),
    endedAt: row.ended_at,
    chargeCount: row.charge_count,
  };
}

function pendingOf(row: SubscriptionRow): Pending | null {
  return row.pending_kind === 'CANCEL' ? { kind: 'CANCEL', beneath: changeOf(row, row.pending_beneath) } : changeOf(row, row.pending_kind);
}

function changeOf(row: SubscriptionRow, kind: PendingChange['kind'] | null): PendingChange | null {
  switch (kind) {
    case null:
      return null;
    case 'DOWNGRADE':
      // A CHECK keeps both there for a downgrade.
      return { kind: 'DOWNGRADE', tierId: row.pending_tier_id, amountMicros: row.pending_amount_micros!, interval: row.pending_interval! };
    case 'PAUSE':
      return { kind: 'PAUSE', until: row.pending_paused_until };
  }
}

/** Locks subscriptions, ascending by id, after their people and before tiers and accounts; then reads them, those that exist. */
export async function lockSubscriptions(tx: Sql, ids: readonly string[]): Promise<Map<string, Subscription>> {
  await tx.query('SELECT id FROM subscription WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE', [ids]);
  // A statement of its own: a SELECT that waits for its lock would still show what it saw before it waited.
  const rows = await tx.query<SubscriptionRow>(`SELECT ${subscriptionColumns} FROM subscription s WHERE s.id = ANY ($1::uuid[])`, [ids]);
  return new Map(rows.map((row) => [row.id, subscriptionOf(row)]));
}

/** The subscription that a fan has to a creator, without a lock; null when there is none that is stored as live. */
export async function findLive(sql: Sql, personId: string, creatorId: string): Promise<Subscription | null> {
  const [row] = await sql.query<SubscriptionRow>(
    `SELECT ${subscriptionColumns} FROM subscription s WHERE s.person_id = $1 AND s.creator_id = $2 AND s.status <> 'ENDED'`,
    [personId, creatorId],
  );
  return row ? subscriptionOf(row) : null;
}

/** What a new row carries besides the subscription itself. */
export interface KeyedInput {
  readonly idempotencyKey: string;
  readonly inputHash: Buffer;
}

export async function insertSubscription(tx: Sql, subscription: Subscription, { idempotencyKey, inputHash }: KeyedInput): Promise<void> {
  const s = subscription;
  await tx.query(
    `INSERT INTO subscription (id, person_id, creator_id, tier_id, currency, amount_micros, interval, status, idempotency_key, input_hash,
       started_at, plan_since, anchor, anchor_index, period_index, period_start, period_end, next_charge_at, access_until, charge_count)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
    [
      s.id, s.personId, s.creatorId, s.tierId, s.currency, s.amountMicros, s.interval, s.status, idempotencyKey, inputHash,
      s.startedAt, s.planSince, s.anchor, s.anchorIndex, s.periodIndex, s.periodStart, s.periodEnd, s.nextChargeAt, s.accessUntil, s.chargeCount,
    ],
  );
}

/** What a plain renewal changes and nothing else. */
const renewed: readonly (keyof Subscription)[] = ['periodIndex', 'periodStart', 'periodEnd', 'nextChargeAt', 'accessUntil', 'chargeCount'];

function isPlainRenewal(before: Subscription, after: Subscription): boolean {
  return (Object.keys(after) as (keyof Subscription)[]).every((field) => before[field] === after[field] || renewed.includes(field));
}

/** Stores subscriptions that the transaction has locked. Plain renewals, nearly all of a run's, are written by a statement of six columns. */
export async function updateSubscriptions(tx: Sql, moves: readonly { readonly before: Subscription; readonly after: Subscription }[]): Promise<void> {
  const { plain = [], other = [] } = Object.groupBy(moves, ({ before, after }) => (isPlainRenewal(before, after) ? 'plain' : 'other'));
  await updateRenewed(tx, plain.map(({ after }) => after));
  await updateWhole(tx, other.map(({ after }) => after));
}

async function updateRenewed(tx: Sql, rows: readonly Subscription[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `UPDATE subscription s SET period_index = n.period_index, period_start = n.period_start, period_end = n.period_end,
       next_charge_at = n.next_charge_at, access_until = n.access_until, charge_count = n.charge_count
     FROM unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::integer[])
       AS n (id, period_index, period_start, period_end, next_charge_at, access_until, charge_count)
     WHERE s.id = n.id`,
    [
      rows.map((row) => row.id), rows.map((row) => row.periodIndex), rows.map((row) => instant(row.periodStart)),
      rows.map((row) => instant(row.periodEnd)), rows.map((row) => instant(row.nextChargeAt)), rows.map((row) => instant(row.accessUntil)),
      rows.map((row) => row.chargeCount),
    ],
  );
}

async function updateWhole(tx: Sql, rows: readonly Subscription[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `UPDATE subscription s SET tier_id = n.tier_id, amount_micros = n.amount_micros, interval = n.interval, status = n.status,
       anchor = n.anchor, anchor_index = n.anchor_index, period_index = n.period_index, period_start = n.period_start,
       period_end = n.period_end, next_charge_at = n.next_charge_at, past_due_since = n.past_due_since, failed_attempts = n.failed_attempts,
       access_until = n.access_until, paused_until = n.paused_until, pending_kind = n.pending_kind, pending_tier_id = n.pending_tier_id,
       pending_amount_micros = n.pending_amount_micros, pending_interval = n.pending_interval,
       pending_paused_until = n.pending_paused_until, pending_beneath = n.pending_beneath, ended_at = n.ended_at, charge_count = n.charge_count,
       plan_since = n.plan_since
     FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::timestamptz[], $7::integer[], $8::integer[],
         $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::integer[], $14::timestamptz[],
         $15::timestamptz[], $16::text[], $17::uuid[], $18::bigint[], $19::text[], $20::timestamptz[], $21::text[], $22::timestamptz[],
         $23::integer[], $24::timestamptz[])
       AS n (id, tier_id, amount_micros, interval, status, anchor, anchor_index, period_index, period_start, period_end, next_charge_at,
         past_due_since, failed_attempts, access_until, paused_until, pending_kind, pending_tier_id, pending_amount_micros,
         pending_interval, pending_paused_until, pending_beneath, ended_at, charge_count, plan_since)
     WHERE s.id = n.id`,
    [
      rows.map((row) => row.id), rows.map((row) => row.tierId), rows.map((row) => row.amountMicros), rows.map((row) => row.interval),
      rows.map((row) => row.status), rows.map((row) => instant(row.anchor)), rows.map((row) => row.anchorIndex),
      rows.map((row) => row.periodIndex), rows.map((row) => instant(row.periodStart)), rows.map((row) => instant(row.periodEnd)),
      rows.map((row) => instant(row.nextChargeAt)), rows.map((row) => instant(row.pastDueSince)), rows.map((row) => row.failedAttempts),
      rows.map((row) => instant(row.accessUntil)), rows.map((row) => instant(row.pausedUntil)), ...pendingColumns(rows.map((row) => row.pending)),
      rows.map((row) => instant(row.endedAt)), rows.map((row) => row.chargeCount), rows.map((row) => instant(row.planSince)),
    ],
  );
}

function pendingColumns(pendings: readonly (Pending | null)[]): unknown[][] {
  const changes = pendings.map(askedChange);
  const downgrades = changes.map((change) => (change?.kind === 'DOWNGRADE' ? change : null));
  return [
    pendings.map((pending) => pending?.kind ?? null),
    downgrades.map((change) => change?.tierId ?? null),
    downgrades.map((change) => change?.amountMicros ?? null),
    downgrades.map((change) => change?.interval ?? null),
    changes.map((change) => (change?.kind === 'PAUSE' ? instant(change.until) : null)),
    pendings.map((pending) => (pending?.kind === 'CANCEL' ? (pending.beneath?.kind ?? null) : null)),
  ];
}

/** As text: the driver prints a Date in the machine's own time zone, digit by digit, which a batch of many thousands feels. */
export function instant(date: Date | null): string | null {
  return date && date.toISOString();
}
