import { defineEntity, p } from '@mikro-orm/core';
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { configService } from '../config.ts';
import { clockService, databaseService, newId, transaction, type Services, type Sql } from '../database/room.ts';
import type { Guest } from '../api/room.ts';
import { addressGroup } from './attempt-limit.ts';
import { authSecretService } from './secret.ts';

/** Somebody without an account. The row stays as long as a tip names it: it is the scope of the tip's key. */
export const GuestSessionEntity = defineEntity({
  name: 'GuestSession',
  tableName: 'guest_session',
  properties: {
    id: p.uuid().primary(),
    /** Whoever reads the database finds no token. */
    tokenHash: p.blob(),
    addressHash: p.blob(),
    createdAt: p.datetime().columnType('timestamptz'),
    expiresAt: p.datetime().columnType('timestamptz'),
  },
});

const tokenPrefix = 'guest_';
const hourMs = 3_600_000;
const sessionMs = 24 * hourMs;

export interface OpenedGuestSession {
  readonly guestId: string;
  readonly token: string;
  readonly expiresAt: Date;
}

/** Opens a session for a day, or answers null when too many were opened from the address within an hour. */
export async function openGuestSession(services: Services, remoteAddress: string): Promise<OpenedGuestSession | null> {
  const now = services.get(clockService).now();
  const token = `${tokenPrefix}${randomBytes(24).toString('base64url')}`;
  const opened = { guestId: newId(), token, expiresAt: new Date(now.getTime() + sessionMs) };
  const address = addressHash(services, remoteAddress);
  const most = services.get(configService).limits.guestSessionsPerAddress;
  // A session that is left over from a lost COMMIT was seen by nobody, and counts.
  return transaction(services.get(databaseService), async (tx) => {
    await lockNames(tx, [`guests of ${address.toString('hex')}`]);
    const [recent] = await tx.query<{ count: bigint }>(
      'SELECT count(*) AS count FROM guest_session WHERE address_hash = $1 AND created_at > $2',
      [address, new Date(now.getTime() - hourMs)],
    );
    if (recent!.count >= BigInt(most)) return null;
    await tx.query(
      'INSERT INTO guest_session (id, token_hash, address_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING',
      [opened.guestId, tokenHash(token), address, now, opened.expiresAt],
    );
    return opened;
  }, { rerunLostCommit: true });
}

export function isGuestToken(text: string): boolean {
  return text.startsWith(tokenPrefix);
}

/** Whose session it is; null when it is none, or over. */
export async function readGuest(services: Services, token: string): Promise<Guest | null> {
  const [row] = await services.get(databaseService).query<{ id: string }>(
    'SELECT id FROM guest_session WHERE token_hash = $1 AND expires_at > $2',
    [tokenHash(token), services.get(clockService).now()],
  );
  return row ? { guestId: row.id } : null;
}

/** Locks a guest as `lockPeople` locks people; false when the session is not there. */
export async function lockGuest(tx: Sql, guestId: string): Promise<boolean> {
  const rows = await tx.query('SELECT id FROM guest_session WHERE id = $1 FOR NO KEY UPDATE', [guestId]);
  return rows.length > 0;
}

/** What stands for an address, and for the whole /64 of an IPv6 one, where it is counted: nobody reads an address from it. */
export function addressHash(services: Services, remoteAddress: string): Buffer {
  return createHmac('sha256', services.get(authSecretService)).update(`address ${addressGroup(remoteAddress)}`).digest();
}

/**
 * Locks names until the transaction ends, in one order everywhere: what is counted by name is then counted exactly. Its place in the
 * lock order is just after people.
 */
export async function lockNames(tx: Sql, names: readonly string[]): Promise<void> {
  await tx.query(
    `SELECT pg_advisory_xact_lock(key) FROM (SELECT DISTINCT hashtextextended(name, 0) AS key FROM unnest($1::text[]) AS name ORDER BY key) AS keys`,
    [names],
  );
}

function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
