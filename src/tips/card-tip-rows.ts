import type { Sql } from '../database/room.ts';
import type { IntentPage } from '../payments/room.ts';
import { storedAction, type Step } from '../wallets/room.ts';
import type { KeyedTip, TipRow } from './tip-rows.ts';
import { tipOf } from './tip-rows.ts';
import type { Tip, TipCard } from './tip.ts';

/** A tip that is paid by card. */
export interface CardTip extends Tip {
  readonly card: TipCard;
}

/** With the creator's handle, which stands on the payer's statement. */
export interface NamedCardTip extends CardTip {
  readonly handle: string;
}

const select = 'SELECT tip.*, creator.handle FROM tip JOIN creator ON creator.id = tip.creator_id WHERE tip.provider IS NOT NULL';

/** What an earlier call with this key made, by card or not. Call it under the payer's lock. */
export async function readKeyedTip(tx: Sql, scopeId: string, idempotencyKey: string): Promise<KeyedTip | null> {
  const [row] = await tx.query<TipRow>('SELECT * FROM tip WHERE scope_id = $1 AND idempotency_key = $2', [scopeId, idempotencyKey]);
  return row ? { inputHash: row.input_hash, tip: tipOf(row) } : null;
}

/** Throws when there is no such tip by card. */
export async function readCardTip(sql: Sql, id: string): Promise<NamedCardTip> {
  const [row] = await sql.query<NamedRow>(`${select} AND tip.id = $1`, [id]);
  if (!row) throw new Error(`There is no tip ${id} by card.`);
  return namedTipOf(row);
}

export async function readCardTipByKey(sql: Sql, provider: string, key: string): Promise<NamedCardTip | null> {
  const [row] = await sql.query<NamedRow>(`${select} AND tip.provider = $1 AND tip.provider_key = $2`, [provider, key]);
  return row ? namedTipOf(row) : null;
}

export async function readPendingCardTips(sql: Sql, page: IntentPage): Promise<NamedCardTip[]> {
  const rows = await sql.query<NamedRow>(
    `${select} AND tip.status IN ('PENDING', 'ACTION_REQUIRED') AND tip.created_at < $1 AND ($2::uuid IS NULL OR tip.id > $2) ORDER BY tip.id LIMIT $3`,
    [page.madeBefore, page.afterId, page.limit],
  );
  return rows.map(namedTipOf);
}

/** Locks a tip by card and then reads it: a lock and a read in one statement would see different moments. */
export async function lockCardTip(tx: Sql, id: string): Promise<NamedCardTip> {
  await tx.query('SELECT id FROM tip WHERE id = $1 FOR NO KEY UPDATE', [id]);
  return readCardTip(tx, id);
}

export async function insertCardTip(tx: Sql, tip: CardTip, key: { readonly scopeId: string; readonly idempotencyKey: string; readonly inputHash: Buffer }): Promise<void> {
  const { card } = tip;
  await tx.query(
    `INSERT INTO tip (id, creator_id, sender_id, guest_id, scope_id, idempotency_key, input_hash, currency, amount_micros, fee_bps, fee_micros,
       processor_fee_micros, net_micros, display_name, message, message_state, is_anonymous, funding, status, created_at,
       provider, provider_key, payment_method, payment_method_id, customer, return_url, receipt_email, hold_days)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)`,
    [
      tip.id, tip.creatorId, tip.senderId, tip.guestId, key.scopeId, key.idempotencyKey, key.inputHash, tip.currency, tip.amountMicros, tip.feeBps,
      tip.feeMicros, tip.processorFeeMicros, tip.netMicros, tip.displayName, tip.message, tip.messageState, tip.isAnonymous, tip.funding, tip.status,
      tip.createdAt, card.provider, card.providerKey, card.paymentMethod, card.paymentMethodId, card.customer, card.returnUrl, card.receiptEmail,
      card.holdDays,
    ],
  );
}

/** Stores a step of a locked tip that waits for one, and answers it as it is then. */
export async function storeCardStep<T extends CardTip>(tx: Sql, tip: T, step: Step<{ readonly chargeId: string }>, now: Date): Promise<T> {
  const failure = step.status === 'FAILED' ? step.failure : null;
  const action = step.status === 'ACTION_REQUIRED' ? step.action : null;
  const chargeId = step.status === 'SUCCEEDED' ? step.outcome.chargeId : null;
  await tx.query(
    `UPDATE tip SET status = $2, provider_charge_id = $3, action = $4, failure_code = $5, failure_reason = $6, failure_retryable = $7, settled_at = $8
     WHERE id = $1 AND status IN ('PENDING', 'ACTION_REQUIRED')`,
    [tip.id, step.status, chargeId, storedAction(step), failure?.code ?? null, failure?.reason ?? null, failure?.retryable ?? null, action ? null : now],
  );
  return { ...tip, status: step.status, paidAt: step.status === 'SUCCEEDED' ? now : null, card: { ...tip.card, chargeId, action, failure } };
}

/** Stores how much longer the earnings of a tip are held, and answers it as it is then. */
export async function holdLonger<T extends CardTip>(tx: Sql, tip: T, holdDays: number): Promise<T> {
  await tx.query('UPDATE tip SET hold_days = $2 WHERE id = $1', [tip.id, holdDays]);
  return { ...tip, card: { ...tip.card, holdDays } };
}

/** Whether somebody tipped a page of the sender's since a moment, or is about to: their tip back would close a circle. */
export async function closesCircle(sql: Sql, senderId: string, receiverId: string, since: Date): Promise<boolean> {
  const rows = await sql.query(
    `SELECT FROM creator own JOIN tip ON tip.creator_id = own.id
     WHERE own.owner_id = $1 AND tip.sender_id = $2 AND tip.created_at > $3 AND tip.status <> 'FAILED' LIMIT 1`,
    [senderId, receiverId, since],
  );
  return rows.length > 0;
}

type NamedRow = TipRow & { readonly handle: string };

function namedTipOf(row: NamedRow): NamedCardTip {
  return { ...(tipOf(row) as CardTip), handle: row.handle };
}
