import type { Sql } from '../../database/room.ts';
import type { AlertKindName } from '../entities.ts';
import { isWanted, type AlertSettings } from './settings.ts';

/** A tip in its creator's stream. */
export interface TipFact {
  readonly sequence: bigint;
  readonly createdAt: Date;
  readonly tipId: string;
  readonly currency: string;
  readonly amountMicros: bigint;
  /** Whether its message waits for an approval. */
  readonly isHeld: boolean;
  /** Whether all of it went back to whoever sent it. */
  readonly isRefunded: boolean;
}

/** What became of a membership, in its creator's stream. */
export interface MemberFact {
  readonly sequence: bigint;
  readonly createdAt: Date;
  readonly kind: string;
  readonly subscriptionId: string;
  readonly currency: string;
  readonly amountMicros: bigint;
}

/** A goal and the tip that brought it to its target. */
export interface ReachedGoal {
  readonly goalId: string;
  readonly tipId: string;
  readonly targetMicros: bigint;
}

/** Which alerts memberships make; what else becomes of them is the creator's own business. */
export const membershipAlerts: Readonly<Record<string, AlertKindName>> = { STARTED: 'SUBSCRIPTION_STARTED', RENEWED: 'SUBSCRIPTION_RENEWED' };

const tipFacts = `
  SELECT event.sequence, event.created_at AS "createdAt", tip.id AS "tipId", tip.currency, tip.amount_micros AS "amountMicros",
    tip.message_state = 'HELD' AS "isHeld", tip.status = 'REFUNDED' AS "isRefunded"
  FROM stream_event event JOIN tip ON tip.id = event.subject_id
  WHERE event.creator_id = $1 AND event.topic = 'tips'`;

/** The creator's next tips after a sequence. */
export function readTips(sql: Sql, creatorId: string, after: bigint, limit: number): Promise<TipFact[]> {
  return sql.query<TipFact>(`${tipFacts} AND event.sequence > $2 ORDER BY event.sequence LIMIT $3`, [creatorId, after, limit]);
}

/** The tips up to a sequence whose messages wait for an approval. */
export function readHeldTips(sql: Sql, creatorId: string, upTo: bigint): Promise<TipFact[]> {
  return sql.query<TipFact>(`${tipFacts} AND event.sequence <= $2 AND tip.message_state = 'HELD' ORDER BY event.sequence`, [creatorId, upTo]);
}

/** Those of the tips that were refunded in full. */
export async function readRefunded(sql: Sql, tipIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (tipIds.length === 0) return new Set();
  const rows = await sql.query<{ id: string }>(`SELECT id FROM tip WHERE id = ANY ($1::uuid[]) AND status = 'REFUNDED'`, [tipIds]);
  return new Set(rows.map(({ id }) => id));
}

/** What became of the creator's members after a sequence. */
export function readMembers(sql: Sql, creatorId: string, after: bigint, limit: number): Promise<MemberFact[]> {
  return sql.query<MemberFact>(
    `SELECT event.sequence, event.created_at AS "createdAt", event.kind, s.id AS "subscriptionId", s.currency, s.amount_micros AS "amountMicros"
     FROM stream_event event JOIN subscription s ON s.id = event.subject_id
     WHERE event.creator_id = $1 AND event.topic = 'members' AND event.sequence > $2 ORDER BY event.sequence LIMIT $3`,
    [creatorId, after, limit],
  );
}

/** The goals that any of these tips brought to their targets. */
export async function readReachedGoals(sql: Sql, tipIds: readonly string[]): Promise<ReachedGoal[]> {
  if (tipIds.length === 0) return [];
  return sql.query<ReachedGoal>(
    'SELECT id AS "goalId", reached_by AS "tipId", target_micros AS "targetMicros" FROM goal WHERE reached_by = ANY ($1::uuid[]) ORDER BY id',
    [tipIds],
  );
}

/** How far each stream goes in events from before a moment. */
export interface Bounds {
  readonly tips: bigint;
  readonly members: bigint;
}

export async function boundsBefore(sql: Sql, creatorId: string, moment: Date): Promise<Bounds> {
  // Newest first with a limit: the primary key is read backwards, and only as far as events are young.
  const last = (topic: string) =>
    `coalesce((SELECT sequence FROM stream_event WHERE creator_id = $1 AND topic = '${topic}' AND created_at < $2 ORDER BY sequence DESC LIMIT 1), 0)`;
  const [row] = await sql.query<Bounds>(`SELECT ${last('tips')} AS tips, ${last('members')} AS members`, [creatorId, moment]);
  return row as Bounds;
}

/** How many alerts there would be, and the sum of their tips and memberships. */
export interface Sum {
  readonly count: number;
  readonly amountMicros: bigint;
}

/** Counts what would be alerts up to the bounds, held messages and refunded tips left out, without making any. */
export async function sumUpTo(sql: Sql, settings: AlertSettings, bounds: Bounds): Promise<Sum> {
  const wants = (kind: AlertKindName) => isWanted(settings, kind, null);
  const memberKinds = Object.keys(membershipAlerts).filter((kind) => wants(membershipAlerts[kind] as AlertKindName));
  const [row] = await sql.query<Sum>(
    `SELECT (tips.count + members.count + goals.count)::integer AS count, (tips.sum + members.sum)::bigint AS "amountMicros"
     FROM (SELECT count(*), coalesce(sum(tip.amount_micros), 0) AS sum
           FROM stream_event event JOIN tip ON tip.id = event.subject_id
           WHERE $5 AND event.creator_id = $1 AND event.topic = 'tips' AND event.sequence <= $2
             AND tip.amount_micros >= $4 AND tip.message_state <> 'HELD' AND tip.status <> 'REFUNDED') tips,
       (SELECT count(*), coalesce(sum(s.amount_micros), 0) AS sum
           FROM stream_event event JOIN subscription s ON s.id = event.subject_id
           WHERE event.creator_id = $1 AND event.topic = 'members' AND event.sequence <= $3
             AND s.amount_micros >= $4 AND event.kind = ANY ($6::text[])) members,
       (SELECT count(*) FROM goal
           WHERE $7 AND goal.creator_id = $1 AND goal.reached_by IN (
             SELECT subject_id FROM stream_event WHERE creator_id = $1 AND topic = 'tips' AND sequence <= $2)) goals`,
    [settings.creatorId, bounds.tips, bounds.members, settings.minimumMicros, wants('TIP'), memberKinds, wants('GOAL_REACHED')],
  );
  return row as Sum;
}
