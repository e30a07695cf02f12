import { randomUUID } from 'node:crypto';
import { hashInput } from '../../src/api/room.ts';
import { invariants } from '../../src/app.ts';
import type { Clock, Database } from '../../src/database/room.ts';
import { money } from '../../src/money/room.ts';
import { tipSenderService, type SendTip, type SendTipOutcome, type TipSender } from '../../src/tips/room.ts';
import { expectCleanBooks } from '../support/books.ts';
import type { TestDatabase } from '../support/database.ts';
import { servicesOn } from '../support/world.ts';

/** A tip sender as one process has it. */
export function senderOn(database: TestDatabase, options: { readonly feeBps?: number; readonly db?: Database; readonly clock?: Clock } = {}): TipSender {
  const environment = { PLATFORM_FEE_BPS: String(options.feeBps ?? 500) };
  return servicesOn(database, { ...options, environment }).get(tipSenderService);
}

export interface Wish {
  readonly senderId: string;
  readonly creatorId: string;
  readonly amountMicros: bigint;
  readonly currency?: string;
  readonly key?: string;
  readonly message?: string | null;
  readonly displayName?: string | null;
  readonly isAnonymous?: boolean;
}

export function wish({ senderId, creatorId, amountMicros, currency = 'USD', key = randomUUID(), ...more }: Wish): SendTip {
  const input = { creatorId, amount: money(amountMicros, currency), message: null, displayName: null, isAnonymous: false, ...more };
  return { ...input, senderId, idempotencyKey: key, inputHash: hashInput('sendTip', input) };
}

/** How often each kind of outcome came. */
export function tally(outcomes: readonly SendTipOutcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of outcomes) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

export interface Stored {
  readonly tips: number;
  readonly postings: number;
  readonly events: number;
}

export async function stored(db: Database): Promise<Stored> {
  const [row] = await db.query<{ tips: bigint; postings: bigint; events: bigint }>(
    `SELECT (SELECT count(*) FROM tip) AS tips, (SELECT count(*) FROM posting WHERE kind = 'TIP') AS postings,
       (SELECT count(*) FROM stream_event WHERE topic = 'tips') AS events`,
  );
  return { tips: Number(row?.tips), postings: Number(row?.postings), events: Number(row?.events) };
}

/** The sequences of a creator's tips stream must be 1..N. */
export async function sequencesOf(db: Database, creatorId: string): Promise<bigint[]> {
  const rows = await db.query<{ sequence: bigint }>(`SELECT sequence FROM stream_event WHERE creator_id = $1 AND topic = 'tips' ORDER BY sequence`, [creatorId]);
  return rows.map((row) => row.sequence);
}

export function countTo(n: number): bigint[] {
  return Array.from({ length: n }, (_, index) => BigInt(index + 1));
}

export function expectCleanTips(db: Database): Promise<void> {
  return expectCleanBooks(db, invariants);
}
