import { paymentActionOf, type StoredPaymentAction } from '../api/room.ts';
import type { Sql } from '../database/room.ts';
import { wasPaid } from '../payments/room.ts';
import { failureOf, type FailureColumns } from '../wallets/room.ts';
import type { SendTip } from './send-tip.ts';
import type { MessageState, Tip, TipCard, TipStatus } from './tip.ts';

export interface TipRow extends FailureColumns {
  id: string;
  creator_id: string;
  sender_id: string | null;
  scope_id: string;
  idempotency_key: string;
  input_hash: Buffer;
  currency: string;
  amount_micros: bigint;
  fee_bps: number;
  fee_micros: bigint;
  processor_fee_micros: bigint;
  net_micros: bigint;
  display_name: string;
  message: string | null;
  message_state: MessageState;
  is_anonymous: boolean;
  funding: 'WALLET' | 'CARD';
  status: TipStatus;
  created_at: Date;
  guest_id: string | null;
  provider: string | null;
  payment_method: string | null;
  payment_method_id: string | null;
  customer: string | null;
  return_url: string | null;
  provider_key: string | null;
  provider_charge_id: string | null;
  action: StoredPaymentAction | null;
  receipt_email: string | null;
  hold_days: number;
  settled_at: Date | null;
}

export interface KeyedTip {
  readonly inputHash: Buffer;
  readonly tip: Tip;
}

/** Names a command's key among those of everybody. A UUID holds no space, so no two pairs share a name. */
export function keyOf(command: Pick<SendTip, 'senderId' | 'idempotencyKey'>): string {
  return `${command.senderId} ${command.idempotencyKey}`;
}

/** Reads what earlier commands with the same keys made. Call it under the senders' locks. */
export async function readKeyedTips(tx: Sql, commands: readonly SendTip[]): Promise<Map<string, KeyedTip>> {
  const rows = await tx.query<TipRow>(
    `SELECT tip.* FROM unnest($1::uuid[], $2::text[]) AS asked (scope_id, idempotency_key)
     JOIN tip USING (scope_id, idempotency_key)`,
    [commands.map((command) => command.senderId), commands.map((command) => command.idempotencyKey)],
  );
  return new Map(
    rows.map((row) => [
      keyOf({ senderId: row.scope_id, idempotencyKey: row.idempotency_key }),
      { inputHash: row.input_hash, tip: tipOf(row) },
    ]),
  );
}

/** Reads tips by id; one that is not there is missing from the answer. */
export async function readTipsById(sql: Sql, ids: readonly string[]): Promise<Map<string, Tip>> {
  const rows = await sql.query<TipRow>('SELECT * FROM tip WHERE id = ANY ($1::uuid[])', [ids]);
  return new Map(rows.map((row) => [row.id, tipOf(row)]));
}

/** A page of what a person sent, newest first, from the tip before `beforeId` on, or from the newest. */
export async function readTipsOf(sql: Sql, senderId: string, beforeId: string | null, limit: number): Promise<Tip[]> {
  const text = beforeId === null
    ? 'SELECT * FROM tip WHERE sender_id = $1 ORDER BY id DESC LIMIT $2'
    : 'SELECT * FROM tip WHERE sender_id = $1 AND id < $3 ORDER BY id DESC LIMIT $2';
  return (await sql.query<TipRow>(text, [senderId, limit, ...(beforeId === null ? [] : [beforeId])])).map(tipOf);
}

export interface TipToInsert {
  readonly tip: Tip;
  readonly command: SendTip;
}

export async function insertTips(tx: Sql, tips: readonly TipToInsert[]): Promise<void> {
  const column = <T>(pick: (row: TipToInsert) => T) => tips.map(pick);
  await tx.query(
    `INSERT INTO tip (id, creator_id, sender_id, scope_id, idempotency_key, input_hash, currency, amount_micros, fee_bps, fee_micros,
       processor_fee_micros, net_micros, display_name, message, message_state, is_anonymous, funding, status, created_at)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bytea[], $7::text[], $8::bigint[], $9::integer[],
       $10::bigint[], $11::bigint[], $12::bigint[], $13::text[], $14::text[], $15::text[], $16::boolean[], $17::text[], $18::text[],
       $19::timestamptz[])`,
    [
      column(({ tip }) => tip.id),
      column(({ tip }) => tip.creatorId),
      column(({ tip }) => tip.senderId),
      column(({ command }) => command.senderId),
      column(({ command }) => command.idempotencyKey),
      column(({ command }) => command.inputHash),
      column(({ tip }) => tip.currency),
      column(({ tip }) => tip.amountMicros),
      column(({ tip }) => tip.feeBps),
      column(({ tip }) => tip.feeMicros),
      column(({ tip }) => tip.processorFeeMicros),
      column(({ tip }) => tip.netMicros),
      column(({ tip }) => tip.displayName),
      column(({ tip }) => tip.message),
      column(({ tip }) => tip.messageState),
      column(({ tip }) => tip.isAnonymous),
      column(({ tip }) => tip.funding),
      column(({ tip }) => tip.status),
      column(({ tip }) => tip.createdAt),
    ],
  );
}

export function tipOf(row: TipRow): Tip {
  return {
    id: row.id,
    creatorId: row.creator_id,
    senderId: row.sender_id,
    currency: row.currency,
    amountMicros: row.amount_micros,
    feeBps: row.fee_bps,
    feeMicros: row.fee_micros,
    processorFeeMicros: row.processor_fee_micros,
    netMicros: row.net_micros,
    displayName: row.display_name,
    message: row.message,
    messageState: row.message_state,
    isAnonymous: row.is_anonymous,
    funding: row.funding,
    status: row.status,
    createdAt: row.created_at,
    guestId: row.guest_id,
    paidAt: wasPaid(row.status) ? (row.settled_at ?? row.created_at) : null,
    card: cardOf(row),
  };
}

function cardOf(row: TipRow): TipCard | null {
  if (row.provider === null || row.provider_key === null) return null;
  return {
    provider: row.provider,
    providerKey: row.provider_key,
    paymentMethod: row.payment_method,
    paymentMethodId: row.payment_method_id,
    customer: row.customer,
    returnUrl: row.return_url,
    chargeId: row.provider_charge_id,
    action: paymentActionOf(row.action),
    failure: failureOf(row),
    receiptEmail: row.receipt_email,
    holdDays: row.hold_days,
  };
}
