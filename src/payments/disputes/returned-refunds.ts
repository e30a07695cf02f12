import type { Sql } from '../../database/room.ts';
import { readStandingDisputes } from './dispute-rows.ts';
import type { Dispute, DisputedPayment } from './dispute.ts';

/**
 * Has the disputes of a payment that were not won take over an amount of a refund that came back after they had opened, the oldest
 * first and each up to its room. Answers how much they took. Call it under the lock of the payment.
 */
export async function passToDisputes(tx: Sql, payment: DisputedPayment, amountMicros: bigint, roomOf: (dispute: Dispute) => bigint): Promise<bigint> {
  const parts = partsOf(await readStandingDisputes(tx, payment), amountMicros, roomOf);
  for (const { id, micros } of parts) {
    await tx.query('UPDATE dispute SET from_refunds_micros = from_refunds_micros + $2 WHERE id = $1', [id, micros]);
  }
  return sumOf(parts);
}

/**
 * Raises what the disputes of a tip lowered its creator's totals by to what they should have: all that they took back, up to what no
 * refund did. Answers by how much. Call it under the lock of the tip, once a refund of it has failed.
 */
export async function raiseDisputedTotals(tx: Sql, tipId: string, unrefundedMicros: bigint): Promise<bigint> {
  const disputes = await readStandingDisputes(tx, { kind: 'TIP', id: tipId });
  const loweredMicros = disputes.reduce((sum, { totalsMicros }) => sum + totalsMicros, 0n);
  const parts = partsOf(disputes, unrefundedMicros - loweredMicros, ({ amountMicros, totalsMicros }) => amountMicros - totalsMicros);
  for (const { id, micros } of parts) await tx.query('UPDATE dispute SET totals_micros = totals_micros + $2 WHERE id = $1', [id, micros]);
  return sumOf(parts);
}

interface Part {
  readonly id: string;
  readonly micros: bigint;
}

function partsOf(disputes: readonly Dispute[], amountMicros: bigint, roomOf: (dispute: Dispute) => bigint): Part[] {
  let leftMicros = amountMicros;
  return disputes.flatMap((dispute) => {
    const room = roomOf(dispute);
    const micros = room < leftMicros ? room : leftMicros;
    if (micros <= 0n) return [];
    leftMicros -= micros;
    return [{ id: dispute.id, micros }];
  });
}

function sumOf(parts: readonly Part[]): bigint {
  return parts.reduce((sum, { micros }) => sum + micros, 0n);
}
