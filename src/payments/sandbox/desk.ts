import { newId, type Clock, type Database, type Sql } from '../../database/room.ts';
import type { PaymentActionNeeded, WebhookSubject } from '../port.ts';
import { encode } from './wire.ts';

/** What the simulated processor works with. Its tables are its own, as another company's would be. */
export interface Desk {
  readonly db: Database;
  readonly clock: Clock;
  /** Where payers reach its pages, without a trailing slash. */
  readonly pagesUrl: string;
}

export interface Settings {
  readonly webhookDelayMs: bigint;
  readonly webhookCopies: number;
  readonly isShuffled: boolean;
  readonly stallMs: number;
}

export async function readSettings(sql: Sql): Promise<Settings> {
  const [row] = await sql.query<Settings>(
    `SELECT webhook_delay_ms AS "webhookDelayMs", webhook_copies AS "webhookCopies", is_shuffled AS "isShuffled", stall_ms AS "stallMs" FROM sandbox_setting`,
  );
  return row as Settings;
}

/** Changes what is given and answers all of it. */
export async function changeSettings(sql: Sql, change: Partial<Record<keyof Settings, unknown>>): Promise<Settings> {
  await sql.query(
    `UPDATE sandbox_setting SET webhook_delay_ms = coalesce($1, webhook_delay_ms), webhook_copies = coalesce($2, webhook_copies),
       is_shuffled = coalesce($3, is_shuffled), stall_ms = coalesce($4, stall_ms)`,
    [change.webhookDelayMs ?? null, change.webhookCopies ?? null, change.isShuffled ?? null, change.stallMs ?? null],
  );
  return readSettings(sql);
}

/** An id in the manner of processors, such as "ch_sandbox_0198…". */
export function sandboxId(prefix: string): string {
  return `${prefix}_sandbox_${newId().replaceAll('-', '')}`;
}

const actionWithinMs = 3_600_000;

export function actionExpiry(now: Date): Date {
  return new Date(now.getTime() + actionWithinMs);
}

/** The page on which a payer confirms a charge or a method to be saved. */
export function actionOf({ pagesUrl }: Desk, id: string, expiresAt: Date): PaymentActionNeeded {
  return { redirectUrl: `${pagesUrl}/${id}`, clientSecret: null, expiresAt };
}

/** Queues a webhook, as often and as late as the settings say, in the transaction of what it tells. */
export async function announce(tx: Sql, subject: WebhookSubject, now: Date, dueAt: Date = now): Promise<void> {
  const body = encode({ id: sandboxId('evt'), createdAt: now, subject });
  await tx.query(
    `INSERT INTO sandbox_webhook (body, created_at, deliver_at)
     SELECT $1, $2, $3::timestamptz + interval '1 ms' * CASE WHEN is_shuffled THEN random() * (2 * webhook_delay_ms + 1000) ELSE webhook_delay_ms END
     FROM sandbox_setting, generate_series(1, webhook_copies)`,
    [body, now, dueAt],
  );
}
