import { defineEntity, p } from '@mikro-orm/core';
import type { Sql } from '../database/room.ts';
import { creatorTopics, type Topic } from './topic.ts';

/** One creator's events of one topic. `head` is the sequence of the last one, and how many there are. */
export const StreamSchema = defineEntity({
  name: 'Stream',
  tableName: 'stream',
  properties: {
    creatorId: p.uuid().primary(),
    topic: p.text().$type<Topic>().primary(),
    head: p.bigint().defaultRaw('0'),
  },
});

/**
 * Makes a creator's streams, one a topic; doing it again changes nothing. Commit before the first `append`: a stream made by a
 * transaction that also appends to it could not be locked in order with others.
 */
export async function openStreams(tx: Sql, creatorId: string): Promise<void> {
  await tx.query('INSERT INTO stream (creator_id, topic) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING', [creatorId, creatorTopics]);
}

/** Those of some people who have a stream of payments: nobody else is told of theirs. */
export async function havePaymentStream(sql: Sql, personIds: readonly string[]): Promise<Set<string>> {
  if (personIds.length === 0) return new Set();
  const rows = await sql.query<{ id: string }>(`SELECT creator_id AS id FROM stream WHERE topic = 'payments' AND creator_id = ANY ($1::uuid[])`, [personIds]);
  return new Set(rows.map((row) => row.id));
}

/** Makes a person's or a guest's stream of payments, if it is not there; committed, like a creator's, before the first `append`. */
export async function openPaymentStream(sql: Sql, payerId: string): Promise<void> {
  await sql.query(`INSERT INTO stream (creator_id, topic) VALUES ($1, 'payments') ON CONFLICT DO NOTHING`, [payerId]);
}

/** Lets go of the streams of payers who never had a payment, and never will. */
export async function dropPaymentStreams(tx: Sql, payerIds: readonly string[]): Promise<void> {
  await tx.query(`DELETE FROM stream WHERE topic = 'payments' AND creator_id = ANY ($1::uuid[])`, [payerIds]);
}
