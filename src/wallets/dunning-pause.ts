import { defineEntity, p } from '@mikro-orm/core';
import { clockService, databaseService, logService, type Services, type Sql } from '../database/room.ts';

/** The one row of a switch: until when nobody is dunned, and why. It is set here, or by an operator, and read by billing. */
export const DunningPauseEntity = defineEntity({
  name: 'DunningPause',
  tableName: 'dunning_pause',
  properties: {
    id: p.boolean().primary().defaultRaw('true'),
    pausedUntil: p.datetime().columnType('timestamptz'),
    reason: p.text(),
  },
});

const minuteMs = 60_000;
const windowMs = 15 * minuteMs;
const pauseMs = 60 * minuteMs;
/** Fewer answers than these within the window are chance. */
const fewestAnswers = 40;
const spikePercent = 60n;
/** Of the declined cards, and of those that were paid, no more count of one account or one address: one visitor is no network. */
const mostOfOne = 3;

/** Until when dunning and automatic top-ups are paused; null when they are not. */
export async function dunningPausedUntil(sql: Sql, now: Date): Promise<Date | null> {
  const [row] = await sql.query<{ paused_until: Date }>('SELECT paused_until FROM dunning_pause WHERE paused_until > $1', [now]);
  return row?.paused_until ?? null;
}

/**
 * Pauses dunning for an hour when cards are declined as never else: the fault is then the network's or a card tester's, and nobody
 * should lose a membership or an automatic top-up by it. Guests, who cost nothing to make, do not count. While it lasts each look pauses anew.
 */
export async function watchDeclines(services: Services): Promise<void> {
  const db = services.get(databaseService);
  const now = services.get(clockService).now();
  const [counted] = await db.query<{ answers: bigint; declines: bigint }>(
    `SELECT count(*) AS answers, count(*) FILTER (WHERE is_declined) AS declines
     FROM (SELECT is_declined, address_hash,
         row_number() OVER (PARTITION BY account_id, is_declined ORDER BY id) AS of_account,
         row_number() OVER (PARTITION BY address_hash, is_declined ORDER BY id) AS of_address
       FROM card_attempt
       WHERE made_at > $1 AND is_declined IS NOT NULL AND NOT EXISTS (SELECT FROM guest_session WHERE guest_session.id = card_attempt.account_id)) attempt
     WHERE of_account <= $2 AND (address_hash IS NULL OR of_address <= $2)`,
    [new Date(now.getTime() - windowMs), mostOfOne],
  );
  const { answers, declines } = counted!;
  if (answers < BigInt(fewestAnswers) || declines * 100n < answers * spikePercent) return;
  const reason = `${declines} of ${answers} cards were declined within ${windowMs / minuteMs} minutes.`;
  const [paused] = await db.query<{ is_new: boolean }>(
    `INSERT INTO dunning_pause AS pause (paused_until, reason) VALUES ($1, $2)
     ON CONFLICT (id) DO UPDATE SET paused_until = greatest(pause.paused_until, excluded.paused_until), reason = excluded.reason
     RETURNING xmax = 0 AS is_new`,
    [new Date(now.getTime() + pauseMs), reason],
  );
  services.get(logService).warn({ answers: Number(answers), declines: Number(declines), isFirst: paused?.is_new }, 'Dunning and automatic top-ups are paused for an hour: cards are declined far too often.');
}
