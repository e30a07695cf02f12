import { defineEntity, p } from '@mikro-orm/core';
import type { Limits } from '../config.ts';
import type { Sql } from '../database/room.ts';
import { lockNames } from '../identity/room.ts';

/** A try to charge or save a card, under the id of what was tried. Kept for a day, to be counted. */
export const CardAttemptEntity = defineEntity({
  name: 'CardAttempt',
  tableName: 'card_attempt',
  properties: {
    id: p.uuid().primary(),
    /** A person, or a guest's session. */
    accountId: p.uuid(),
    /** Null for what nobody's request asked for. */
    addressHash: p.blob().nullable(),
    creatorId: p.uuid().nullable(),
    madeAt: p.datetime().columnType('timestamptz'),
    /** Null while there is no answer. */
    isDeclined: p.boolean().nullable(),
  },
});

export interface CardAttempt {
  readonly id: string;
  readonly accountId: string;
  readonly addressHash: Buffer | null;
  /** Whom the card was to pay; null for a top-up and for a card that is only saved. */
  readonly creatorId: string | null;
}

/** Which limit an attempt would pass, and how many declined ones it allows an hour. */
export interface AttemptRefusal {
  readonly kind: 'TOO_MANY_ATTEMPTS';
  readonly of: 'ACCOUNT' | 'ADDRESS' | 'CREATOR';
  readonly most: number;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/**
 * Waves of stolen cards show by what is declined, and a mobile network puts thousands of honest fans behind one address: a payment that
 * came through weighs a tenth of one that was declined or has no answer yet.
 */
const tenths = `(10 * count(*) FILTER (WHERE is_declined IS NOT FALSE) + count(*) FILTER (WHERE is_declined IS FALSE))`;

/**
 * Counts an attempt in the transaction that stores what is tried, or answers the limit that forbids it. Exact among all processes: each
 * account, address and creator is locked by name, just after the person.
 */
export async function takeAttempt(tx: Sql, attempt: CardAttempt, limits: Limits, now: Date): Promise<AttemptRefusal | null> {
  const { accountId, addressHash, creatorId } = attempt;
  const names = [accountId, addressHash?.toString('hex'), creatorId].filter((name) => name != null);
  await lockNames(tx, names.map((name) => `card attempts of ${name}`));
  const [made] = await tx.query<{ account: bigint; address: bigint; creator: bigint }>(
    `SELECT (SELECT ${tenths} FROM card_attempt WHERE account_id = $1 AND made_at > $4) AS account,
       (SELECT ${tenths} FROM card_attempt WHERE address_hash = $2 AND made_at > $4) AS address,
       (SELECT ${tenths} FROM card_attempt WHERE creator_id = $3 AND made_at > $4) AS creator`,
    [accountId, addressHash, creatorId, new Date(now.getTime() - hourMs)],
  );
  const counts = [
    { of: 'ACCOUNT', count: made!.account, most: limits.cardAttemptsPerAccount },
    { of: 'ADDRESS', count: made!.address, most: limits.cardAttemptsPerAddress },
    { of: 'CREATOR', count: made!.creator, most: limits.cardAttemptsPerCreator },
  ] as const;
  const passed = counts.find(({ count, most }) => count >= BigInt(most) * 10n);
  if (passed) return { kind: 'TOO_MANY_ATTEMPTS', of: passed.of, most: passed.most };
  await tx.query(
    'INSERT INTO card_attempt (id, account_id, address_hash, creator_id, made_at) VALUES ($1, $2, $3, $4, $5)',
    [attempt.id, accountId, addressHash, creatorId, now],
  );
  return null;
}

/** Stores what became of an attempt, if it is young enough to be remembered. */
export async function answerAttempt(tx: Sql, id: string, isDeclined: boolean): Promise<void> {
  await tx.query('UPDATE card_attempt SET is_declined = $2 WHERE id = $1', [id, isDeclined]);
}

/** Lets go of attempts that no limit counts any more. */
export async function forgetAttempts(sql: Sql, now: Date): Promise<void> {
  await sql.query('DELETE FROM card_attempt WHERE made_at < $1', [new Date(now.getTime() - dayMs)]);
}

const whose: Record<AttemptRefusal['of'], string> = {
  ACCOUNT: 'with this account',
  ADDRESS: 'from your address',
  CREATOR: 'for this creator',
};

/** A refusal in words. */
export function describeRefusal({ of, most }: AttemptRefusal): string {
  return `Cards were tried ${most} times within an hour ${whose[of]}, and no more are. Try again later.`;
}
