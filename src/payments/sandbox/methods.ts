import { transaction, type Sql } from '../../database/room.ts';
import type { CustomerRequest, SaveMethodOutcome, SaveMethodRequest } from '../port.ts';
import { cardOfToken, declined, type RefusalCode } from './cards.ts';
import { actionExpiry, actionOf, announce, sandboxId, type Desk } from './desk.ts';
import { BadRequest } from './rail.ts';

export interface Method {
  readonly id: string;
  readonly key: string;
  readonly token: string;
  readonly customer: string;
  readonly returnUrl: string | null;
  readonly status: 'SUCCEEDED' | 'DECLINED' | 'ACTION_REQUIRED';
  readonly declineCode: RefusalCode | null;
  readonly actionExpiresAt: Date | null;
  readonly createdAt: Date;
}

const columns = `id, idempotency_key AS key, token, customer, return_url AS "returnUrl", status, decline_code AS "declineCode",
  action_expires_at AS "actionExpiresAt", created_at AS "createdAt"`;

/** Every card expires in its fifth year. */
const yearsValid = 4;

export async function createCustomer({ db }: Desk, { key, email, name }: CustomerRequest): Promise<string> {
  await db.query(
    `INSERT INTO sandbox_customer (id, idempotency_key, email, name) VALUES ($1, $2, $3, $4) ON CONFLICT (idempotency_key) DO NOTHING`,
    [sandboxId('cus'), key, email, name],
  );
  const [customer] = await db.query<{ id: string }>('SELECT id FROM sandbox_customer WHERE idempotency_key = $1', [key]);
  return customer!.id;
}

/** Keeps a card for a customer. A card without funds is kept: it may have some when it is charged. */
export async function saveMethod(desk: Desk, { key, token, customer, returnUrl }: SaveMethodRequest): Promise<SaveMethodOutcome> {
  return transaction(desk.db, async (tx) => {
    const [known] = await tx.query('SELECT id FROM sandbox_customer WHERE id = $1', [customer]);
    if (!known) throw new BadRequest(`The sandbox knows no customer ${customer}.`);
    const card = cardOfToken(token);
    const refusal: RefusalCode | null = !card ? 'invalid_payment_method' : card.refusal === 'card_declined' ? 'card_declined' : null;
    const status = refusal !== null ? 'DECLINED' : card?.asksForAction ? 'ACTION_REQUIRED' : 'SUCCEEDED';
    const now = desk.clock.now();
    const [made] = await tx.query<{ id: string }>(
      `INSERT INTO sandbox_method (id, idempotency_key, token, customer, return_url, status, decline_code, action_expires_at, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (idempotency_key) DO NOTHING RETURNING id`,
      [sandboxId('card'), key, token, customer, returnUrl, status, refusal, status === 'ACTION_REQUIRED' ? actionExpiry(now) : null, now],
    );
    if (made) await announce(tx, { kind: 'METHOD', key, providerId: made.id }, now);
    const method = (await readMethod(tx, key)) as Method;
    if (method.token !== token || method.customer !== customer) throw new BadRequest(`The sandbox was asked to save another method under the key ${key} before.`);
    return outcomeOf(desk, method);
  }, { rerunLostCommit: true });
}

export async function readMethodOutcome(desk: Desk, key: string): Promise<SaveMethodOutcome | null> {
  const method = await readMethod(desk.db, key);
  return method && outcomeOf(desk, method);
}

/** What the payer answers on the page, or that nobody waits any more. Answers the method as it is then. */
export async function decideMethod({ db, clock }: Desk, id: string, decision: 'CONFIRMED' | 'REFUSED' | 'CANCELED'): Promise<Method | null> {
  return transaction(db, async (tx) => {
    await tx.query('SELECT id FROM sandbox_method WHERE id = $1 FOR UPDATE', [id]);
    const method = await readMethodById(tx, id);
    if (method?.status !== 'ACTION_REQUIRED') return method;
    const now = clock.now();
    const refusal = isExpired(method, now) ? 'action_expired' : decision === 'REFUSED' ? 'action_refused' : decision === 'CANCELED' ? 'canceled' : null;
    await tx.query(`UPDATE sandbox_method SET status = $2, decline_code = $3 WHERE id = $1`, [id, refusal === null ? 'SUCCEEDED' : 'DECLINED', refusal]);
    await announce(tx, { kind: 'METHOD', key: method.key, providerId: id }, now);
    return readMethodById(tx, id);
  }, { rerunLostCommit: true });
}

export async function cancelMethod(desk: Desk, key: string): Promise<SaveMethodOutcome | null> {
  const method = await readMethod(desk.db, key);
  const decided = method && (await decideMethod(desk, method.id, 'CANCELED'));
  return decided && outcomeOf(desk, decided);
}

export async function forgetMethod({ db, clock }: Desk, id: string): Promise<void> {
  await db.query('UPDATE sandbox_method SET forgotten_at = coalesce(forgotten_at, $2) WHERE id = $1', [id, clock.now()]);
}

async function readMethod(sql: Sql, key: string): Promise<Method | null> {
  const [method] = await sql.query<Method>(`SELECT ${columns} FROM sandbox_method WHERE idempotency_key = $1`, [key]);
  return method ?? null;
}

export async function readMethodById(sql: Sql, id: string): Promise<Method | null> {
  const [method] = await sql.query<Method>(`SELECT ${columns} FROM sandbox_method WHERE id = $1`, [id]);
  return method ?? null;
}

function isExpired({ actionExpiresAt }: Method, now: Date): boolean {
  return actionExpiresAt !== null && now >= actionExpiresAt;
}

function outcomeOf(desk: Desk, method: Method): SaveMethodOutcome {
  if (method.status === 'DECLINED') return declined(method.declineCode as RefusalCode);
  if (method.status === 'ACTION_REQUIRED') {
    if (isExpired(method, desk.clock.now())) return declined('action_expired');
    return { status: 'ACTION_REQUIRED', action: actionOf(desk, method.id, method.actionExpiresAt as Date) };
  }
  const label = `Visa ending in ${cardOfToken(method.token)?.lastDigits}`;
  return { status: 'SUCCEEDED', methodToken: method.id, label, expiresOn: `${method.createdAt.getUTCFullYear() + yearsValid}-12` };
}
