import { createHmac, timingSafeEqual } from 'node:crypto';
import { cookiePrefix } from './auth.ts';

/** What a request or a socket brings to say who it is. */
export interface Credentials {
  /** The whole `Authorization` header. */
  readonly authorization?: string | null;
  /** The whole `Cookie` header. */
  readonly cookie?: string | null;
}

export interface GivenToken {
  readonly text: string;
  /** A browser sends its cookies whether they live or not, so a dead one is no mistake of the client's. */
  readonly source: 'BEARER' | 'COOKIE';
}

const cookieNames = [`__Secure-${cookiePrefix}.session_token`, `${cookiePrefix}.session_token`];

/** Finds the session token: a bearer token first, for it was sent on purpose. Other schemes of `Authorization` are not ours to judge. */
export function givenToken(credentials: Credentials): GivenToken | null {
  const bearer = /^bearer +(\S+) *$/i.exec(credentials.authorization ?? '')?.[1];
  if (bearer !== undefined) return { text: bearer, source: 'BEARER' };
  const pairs = (credentials.cookie ?? '').split(';').map((pair) => pair.trim());
  for (const name of cookieNames) {
    const pair = pairs.find((candidate) => candidate.startsWith(`${name}=`));
    if (pair) return { text: pair.slice(name.length + 1), source: 'COOKIE' };
  }
  return null;
}

const longestToken = 256;

/** Checks the signature that better-auth put behind the token (HMAC-SHA256 in Base64); answers the token as it is stored, or null. */
export function verifySessionToken(text: string, secret: string): string | null {
  if (text.length > longestToken) return null;
  const signed = unescaped(text);
  const dot = signed.lastIndexOf('.');
  if (dot < 1) return null;
  const token = signed.slice(0, dot);
  // Compared as text, since Base64 is read leniently and one signature would have many spellings.
  const expected = Buffer.from(createHmac('sha256', secret).update(token).digest('base64'));
  const given = Buffer.from(signed.slice(dot + 1));
  return given.length === expected.length && timingSafeEqual(given, expected) ? token : null;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
