import { paymentActionOf, type StoredPaymentAction } from '../api/room.ts';
import type { Sql } from '../database/room.ts';
import type { IntentPage, SaveMethodOutcome } from '../payments/room.ts';
import { failureOf, storedAction, type FailureColumns, type Step } from './charge-step.ts';
import type { PaymentMethod, PaymentMethodStatus, SavedMethod } from './payment-method.ts';

interface PaymentMethodRow extends FailureColumns {
  id: string;
  person_id: string;
  provider: string;
  provider_key: string;
  given_token: string;
  customer: string;
  return_url: string | null;
  wants_default: boolean;
  status: PaymentMethodStatus;
  action: StoredPaymentAction | null;
  token: string | null;
  label: string | null;
  expires_on: string | null;
  is_default: boolean;
  created_at: Date;
}

export type SavedOutcome = Extract<SaveMethodOutcome, { status: 'SUCCEEDED' }>;

/** Methods that can be charged, in the order of the ids; null for one that is not there, not saved, or removed. */
export async function readSavedMethods(sql: Sql, ids: readonly string[]): Promise<(SavedMethod | null)[]> {
  const rows = await sql.query<PaymentMethodRow>(`SELECT * FROM payment_method WHERE id = ANY ($1::uuid[]) AND status = 'SAVED' AND removed_at IS NULL`, [ids]);
  const byId = new Map(rows.map((row) => [row.id, methodOf(row) as SavedMethod]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** The same, those that were removed since too: what a page still shows can be read. */
export async function readMethodNodes(sql: Sql, ids: readonly string[]): Promise<(SavedMethod | null)[]> {
  const rows = await sql.query<PaymentMethodRow>(`SELECT * FROM payment_method WHERE id = ANY ($1::uuid[]) AND status = 'SAVED'`, [ids]);
  const byId = new Map(rows.map((row) => [row.id, methodOf(row) as SavedMethod]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** A person's methods, the newest first. */
export async function readSavedMethodsOf(sql: Sql, personId: string): Promise<SavedMethod[]> {
  const rows = await sql.query<PaymentMethodRow>(
    `SELECT * FROM payment_method WHERE person_id = $1 AND status = 'SAVED' AND removed_at IS NULL ORDER BY id DESC`,
    [personId],
  );
  return rows.map((row) => methodOf(row) as SavedMethod);
}

export async function readPendingMethods(sql: Sql, page: IntentPage): Promise<PaymentMethod[]> {
  const rows = await sql.query<PaymentMethodRow>(
    `SELECT * FROM payment_method WHERE status IN ('PENDING', 'ACTION_REQUIRED') AND created_at < $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
    [page.madeBefore, page.afterId, page.limit],
  );
  return rows.map(methodOf);
}

export async function readMethodByKey(sql: Sql, provider: string, key: string): Promise<PaymentMethod | null> {
  const [row] = await sql.query<PaymentMethodRow>('SELECT * FROM payment_method WHERE provider = $1 AND provider_key = $2', [provider, key]);
  return row ? methodOf(row) : null;
}

/** Throws when there is none. */
export async function readMethod(sql: Sql, id: string): Promise<PaymentMethod> {
  const [row] = await sql.query<PaymentMethodRow>('SELECT * FROM payment_method WHERE id = $1', [id]);
  if (!row) throw new Error(`There is no payment method ${id}.`);
  return methodOf(row);
}

export async function insertMethod(tx: Sql, method: PaymentMethod): Promise<void> {
  await tx.query(
    `INSERT INTO payment_method (id, person_id, provider, provider_key, given_token, customer, return_url, wants_default, status, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      method.id, method.personId, method.provider, method.providerKey, method.givenToken, method.customer, method.returnUrl, method.wantsDefault,
      method.status, method.createdAt,
    ],
  );
}

/** Stores a step of a method whose person is locked. */
export async function storeMethodStep(tx: Sql, id: string, step: Step<SavedOutcome>, now: Date): Promise<void> {
  const saved = step.status === 'SUCCEEDED' ? step.outcome : null;
  const failure = step.status === 'FAILED' ? step.failure : null;
  await tx.query(
    `UPDATE payment_method SET status = $2, action = $3, token = $4, label = $5, expires_on = $6, failure_code = $7, failure_reason = $8,
       failure_retryable = $9, settled_at = $10 WHERE id = $1`,
    [
      id, saved ? 'SAVED' : step.status, storedAction(step), saved?.methodToken ?? null, saved?.label ?? null, saved?.expiresOn ?? null,
      failure?.code ?? null, failure?.reason ?? null, failure?.retryable ?? null, step.status === 'ACTION_REQUIRED' ? null : now,
    ],
  );
}

/** Makes one method the person's default, and no other. */
export async function makeDefault(tx: Sql, personId: string, id: string): Promise<void> {
  await tx.query('UPDATE payment_method SET is_default = false WHERE person_id = $1 AND is_default AND id <> $2', [personId, id]);
  await tx.query('UPDATE payment_method SET is_default = true WHERE id = $1', [id]);
}

export async function readCustomer(sql: Sql, personId: string, provider: string): Promise<string | null> {
  const [row] = await sql.query<{ customer: string }>('SELECT customer FROM provider_customer WHERE person_id = $1 AND provider = $2', [personId, provider]);
  return row?.customer ?? null;
}

/** Keeps a customer, unless another process was first, and answers the one that is kept. */
export async function keepCustomer(sql: Sql, personId: string, provider: string, customer: string, now: Date): Promise<string> {
  await sql.query('INSERT INTO provider_customer (person_id, provider, customer, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [personId, provider, customer, now]);
  return (await readCustomer(sql, personId, provider)) as string;
}

function methodOf(row: PaymentMethodRow): PaymentMethod {
  return {
    id: row.id,
    personId: row.person_id,
    provider: row.provider,
    providerKey: row.provider_key,
    givenToken: row.given_token,
    customer: row.customer,
    returnUrl: row.return_url,
    wantsDefault: row.wants_default,
    status: row.status,
    action: paymentActionOf(row.action),
    failure: failureOf(row),
    token: row.token,
    label: row.label,
    expiresOn: row.expires_on,
    isDefault: row.is_default,
    createdAt: row.created_at,
  };
}
