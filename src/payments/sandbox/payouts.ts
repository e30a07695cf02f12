import { transaction, type Sql } from '../../database/room.ts';
import type { AddDestinationOutcome, DestinationRequest, PayoutOutcome, PayoutRequest, VerifyDestinationOutcome } from '../port.ts';
import { declined, type RefusalCode } from './cards.ts';
import { announce, sandboxId, type Desk } from './desk.ts';
import { BadRequest, railFor } from './rail.ts';

interface Account {
  readonly isVerified: boolean;
  readonly pays: 'AT_ONCE' | 'WHEN_TOLD' | 'NEVER';
  readonly lastDigits: string;
}

const accounts: ReadonlyMap<string, Account> = new Map([
  ['ba_sandbox_ok', { isVerified: false, pays: 'AT_ONCE', lastDigits: '6789' }],
  ['ba_sandbox_slow', { isVerified: true, pays: 'WHEN_TOLD', lastDigits: '3227' }],
  ['ba_sandbox_closed', { isVerified: true, pays: 'NEVER', lastDigits: '1116' }],
]);

/** The two small deposits that every unverified account gets, in micros. */
const depositsMicros: readonly bigint[] = [320_000n, 450_000n];
const mostAttempts = 10;
/** How long a bank takes to say that an account is closed. */
const failsAfterMs = 1_000;

export async function addDestination({ db, clock }: Desk, { key, token, owner }: DestinationRequest): Promise<AddDestinationOutcome> {
  const account = accounts.get(token);
  if (!account) return declined('invalid_destination');
  await db.query(
    `INSERT INTO sandbox_destination (id, idempotency_key, token, owner, verified_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (idempotency_key) DO NOTHING`,
    [sandboxId('ba'), key, token, owner, account.isVerified ? clock.now() : null],
  );
  const [made] = await db.query<{ id: string; token: string; owner: string; isVerified: boolean }>(
    `SELECT id, token, owner, verified_at IS NOT NULL AS "isVerified" FROM sandbox_destination WHERE idempotency_key = $1`, [key],
  );
  if (made?.token !== token || made.owner !== owner) throw new BadRequest(`The sandbox was asked for another destination under the key ${key} before.`);
  return { status: 'ADDED', destinationToken: made.id, label: `Sandbox Bank account ending in ${account.lastDigits}`, isVerified: made.isVerified };
}

export async function verifyDestination({ db, clock }: Desk, id: string, amountsMicros: readonly bigint[]): Promise<VerifyDestinationOutcome> {
  return transaction(db, async (tx) => {
    const [destination] = await tx.query<{ attempts: number; verifiedAt: Date | null }>(
      'SELECT attempts, verified_at AS "verifiedAt" FROM sandbox_destination WHERE id = $1 FOR UPDATE', [id],
    );
    if (!destination) throw new BadRequest(`The sandbox knows no destination ${id}.`);
    if (destination.verifiedAt) return { status: 'VERIFIED' };
    if (destination.attempts >= mostAttempts) return { status: 'EXHAUSTED' };
    const isRight = String([...amountsMicros].sort(ascending)) === String(depositsMicros);
    await tx.query('UPDATE sandbox_destination SET attempts = attempts + 1, verified_at = $2 WHERE id = $1', [id, isRight ? clock.now() : null]);
    return isRight ? { status: 'VERIFIED' } : { status: 'WRONG', attemptsLeft: mostAttempts - destination.attempts - 1 };
  });
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface Payout {
  readonly id: string;
  readonly destinationId: string;
  readonly amountMicros: bigint;
  readonly currency: string;
  readonly status: 'PENDING' | 'SUCCEEDED' | 'DECLINED';
  readonly declineCode: RefusalCode | null;
  readonly failsAt: Date | null;
}

/** Sends money to a verified destination, once a key. Throws `BadRequest` for another request under a key that is taken. */
export async function createPayout(desk: Desk, { key, destination, amountMicros, currency }: PayoutRequest): Promise<PayoutOutcome> {
  return transaction(desk.db, async (tx) => {
    railFor(amountMicros, currency, 'PAYOUT');
    const [known] = await tx.query<{ token: string; isVerified: boolean }>(
      'SELECT token, verified_at IS NOT NULL AS "isVerified" FROM sandbox_destination WHERE id = $1', [destination],
    );
    const account = accounts.get(known?.token ?? '');
    if (!known || !account) throw new BadRequest(`The sandbox knows no destination ${destination}.`);
    const now = desk.clock.now();
    const status = !known.isVerified ? 'DECLINED' : account.pays === 'AT_ONCE' ? 'SUCCEEDED' : 'PENDING';
    const failsAt = status === 'PENDING' && account.pays === 'NEVER' ? new Date(now.getTime() + failsAfterMs) : null;
    const [made] = await tx.query<{ id: string }>(
      `INSERT INTO sandbox_payout (id, idempotency_key, destination_id, amount_micros, currency, status, decline_code, fails_at, created_at, paid_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (idempotency_key) DO NOTHING RETURNING id`,
      [
        sandboxId('po'), key, destination, amountMicros, currency, status, status === 'DECLINED' ? 'destination_unverified' : null, failsAt, now,
        status === 'SUCCEEDED' ? now : null,
      ],
    );
    if (made) await announce(tx, { kind: 'PAYOUT', key, providerId: made.id }, now, failsAt ?? now);
    const payout = (await readPayout(tx, key)) as Payout;
    if (payout.destinationId !== destination || payout.amountMicros !== amountMicros || payout.currency !== currency) {
      throw new BadRequest(`The sandbox was asked for another payout under the key ${key} before.`);
    }
    return outcomeOf(desk, payout);
  }, { rerunLostCommit: true });
}

export async function readPayoutOutcome(desk: Desk, key: string): Promise<PayoutOutcome | null> {
  const payout = await readPayout(desk.db, key);
  return payout && outcomeOf(desk, payout);
}

/** The bank decides a payout that is pending, or sends back one that had arrived. Answers whether that changed it. */
export async function decidePayout({ db, clock }: Desk, key: string, status: 'SUCCEEDED' | 'DECLINED'): Promise<boolean> {
  return transaction(db, async (tx) => {
    const now = clock.now();
    const [decided] = await tx.query<{ id: string }>(
      `UPDATE sandbox_payout SET status = $2, decline_code = CASE WHEN $2 = 'DECLINED' THEN 'account_closed' END,
         paid_at = CASE WHEN $2 = 'SUCCEEDED' THEN $3 ELSE paid_at END
       WHERE idempotency_key = $1 AND (status = 'PENDING' OR status = 'SUCCEEDED' AND $2 = 'DECLINED') RETURNING id`,
      [key, status, now],
    );
    if (decided) await announce(tx, { kind: 'PAYOUT', key, providerId: decided.id }, now);
    return decided !== undefined;
  });
}

async function readPayout(sql: Sql, key: string): Promise<Payout | null> {
  const [payout] = await sql.query<Payout>(
    `SELECT id, destination_id AS "destinationId", amount_micros AS "amountMicros", currency, status, decline_code AS "declineCode", fails_at AS "failsAt"
     FROM sandbox_payout WHERE idempotency_key = $1`,
    [key],
  );
  return payout ?? null;
}

function outcomeOf({ clock }: Desk, payout: Payout): PayoutOutcome {
  if (payout.status === 'SUCCEEDED') return { status: 'SUCCEEDED', payoutId: payout.id };
  if (payout.status === 'DECLINED') return declined(payout.declineCode as RefusalCode);
  return payout.failsAt !== null && clock.now() >= payout.failsAt ? declined('account_closed') : { status: 'PENDING' };
}
