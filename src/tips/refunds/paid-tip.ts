import type { Sql, Tx } from '../../database/room.ts';
import type { RecordedTip } from '../../creators/room.ts';
import { paidStatus, readDisputeSums, type DisputeState } from '../../payments/room.ts';
import { readRefundSums } from '../../wallets/room.ts';
import type { TipStatus } from '../tip.ts';
import type { StandingTip } from './fee-returned.ts';

/** A tip as refunds and disputes read it. */
export interface PaidTip {
  readonly id: string;
  readonly creatorId: string;
  readonly senderId: string | null;
  /** The sender, or the guest's session. */
  readonly payerId: string;
  readonly currency: string;
  readonly amountMicros: bigint;
  readonly feeBps: number;
  readonly feeMicros: bigint;
  readonly displayName: string;
  readonly isAnonymous: boolean;
  readonly status: TipStatus;
  /** Who charged the card; null for a tip from a wallet. */
  readonly provider: string | null;
  readonly chargeId: string | null;
  readonly paidAt: Date;
  /** The moment in whose hour it was held back from payouts; null while it is not paid. */
  readonly heldFrom: Date | null;
}

const select = `
  SELECT tip.id, tip.creator_id AS "creatorId", tip.sender_id AS "senderId",
    coalesce(tip.sender_id, tip.guest_id) AS "payerId", tip.currency, tip.amount_micros AS "amountMicros",
    tip.fee_bps AS "feeBps", tip.fee_micros AS "feeMicros", tip.display_name AS "displayName", tip.is_anonymous AS "isAnonymous", tip.status,
    tip.provider, tip.provider_charge_id AS "chargeId", coalesce(tip.settled_at, tip.created_at) AS "paidAt",
    (SELECT coalesce(posting.held_from, posting.created_at) FROM posting WHERE posting.cause_id = tip.id AND posting.kind = 'TIP') AS "heldFrom"
  FROM tip`;

export async function readPaidTip(sql: Sql, id: string): Promise<PaidTip | null> {
  return (await sql.query<PaidTip>(`${select} WHERE tip.id = $1`, [id]))[0] ?? null;
}

/** Locks a tip that is there and then reads it: a lock and a read in one statement would see different moments. */
export async function lockPaidTip(tx: Tx, id: string): Promise<PaidTip> {
  await tx.query('SELECT id FROM tip WHERE id = $1 FOR NO KEY UPDATE', [id]);
  const tip = await readPaidTip(tx, id);
  if (!tip) throw new Error(`There is no tip ${id}.`);
  return tip;
}

/** The tip whose charge is disputed, by the charge's id or by our key; null when it is none of a tip. */
export async function findChargedTip(sql: Sql, provider: string, { chargeId, key }: DisputeState): Promise<PaidTip | null> {
  const rows = await sql.query<PaidTip>(`${select} WHERE tip.provider = $1 AND (tip.provider_charge_id = $2 OR tip.provider_key = $3) LIMIT 1`, [provider, chargeId, key]);
  return rows[0] ?? null;
}

/** What of a locked tip still stands, refunds that are on their way and disputes taken off. */
export async function readStanding(tx: Sql, tip: PaidTip): Promise<StandingTip> {
  const refunds = await readRefundSums(tx, 'TIP', tip.id);
  const disputes = await readDisputeSums(tx, { kind: 'TIP', id: tip.id });
  const leftMicros = tip.amountMicros - refunds.promisedMicros - disputes.amountMicros;
  return {
    feeBps: tip.feeBps,
    leftMicros: leftMicros > 0n ? leftMicros : 0n,
    feeKeptMicros: tip.feeMicros - refunds.feeReturnedMicros - disputes.feeReturnedMicros,
  };
}

/** What of a locked tip no refund gave back or is to. */
export async function readUnrefunded(tx: Sql, tip: PaidTip): Promise<bigint> {
  return tip.amountMicros - (await readRefundSums(tx, 'TIP', tip.id)).promisedMicros;
}

/** Gives a locked tip the status that follows from its refunds and disputes. */
export async function followRefunds(tx: Sql, tip: PaidTip): Promise<void> {
  const { refundedMicros } = await readRefundSums(tx, 'TIP', tip.id);
  const { isDisputed } = await readDisputeSums(tx, { kind: 'TIP', id: tip.id });
  await tx.query('UPDATE tip SET status = $2 WHERE id = $1', [tip.id, paidStatus({ paidMicros: tip.amountMicros, refundedMicros, isDisputed })]);
}

/** What goals and totals are told when an amount of a tip goes back (below zero), or is here again (above it). */
export function correctionOf(tip: PaidTip, amountMicros: bigint): RecordedTip {
  return {
    tipId: tip.id,
    creatorId: tip.creatorId,
    tipperId: tip.isAnonymous ? null : tip.senderId,
    displayName: tip.displayName,
    amountMicros,
    currency: tip.currency,
    createdAt: tip.paidAt,
    isCorrection: true,
  };
}

/** From when on money of a tip that comes back is held: a tip that is held for longer stays so. */
export function heldAgainFrom({ heldFrom }: PaidTip, now: Date): Date | null {
  return heldFrom !== null && heldFrom > now ? heldFrom : null;
}
