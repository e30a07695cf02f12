import { createHash, randomBytes } from 'node:crypto';

/** A new overlay's token: 32 random bytes as 43 letters of base64url. Only its hash is ever stored. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of a token; null for text that is none. So long a random secret needs no slow hash. */
export function hashToken(token: string): Buffer | null {
  return /^[\w-]{43}$/.test(token) ? createHash('sha256').update(token).digest() : null;
}
