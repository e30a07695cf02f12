import { createHmac, timingSafeEqual } from 'node:crypto';
import { WebhookRefused } from './port.ts';

/** How far a webhook's time may lie from ours, either way. Older ones may be replays; later ones would stay replayable for longer. */
const toleranceSeconds = 300;

/** Signs in the manner of Stripe: HMAC-SHA256 over the time and the body, as "t=1767225600,v1=<hex>". */
export function signatureHeader(body: string, secret: string, now: Date): string {
  const seconds = Math.floor(now.getTime() / 1_000);
  return `t=${seconds},v1=${hmac(seconds, body, secret).toString('hex')}`;
}

/** Refuses a body that none of the secrets signed, or that was signed more than 300 s before or after now. Throws `WebhookRefused`. */
export function checkSignature(rawBody: Buffer, header: string | string[] | undefined, secrets: readonly string[], now: Date): void {
  const { seconds, signatures } = partsOf(header);
  const body = rawBody.toString('utf8');
  const isSigned = secrets.some((secret) => {
    const expected = hmac(seconds, body, secret);
    return signatures.some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected));
  });
  if (!isSigned) throw new WebhookRefused('The signature is none that we know a secret of.');
  checkAge(seconds, now);
}

/** Throws `WebhookRefused` for a time more than 300 s from now. */
export function checkAge(seconds: number, now: Date): void {
  const age = Math.floor(now.getTime() / 1_000) - seconds;
  if (Math.abs(age) <= toleranceSeconds) return;
  throw new WebhookRefused(`It was signed ${Math.abs(age)} s ${age > 0 ? 'ago' : 'in the future'}; ${toleranceSeconds} s are allowed.`);
}

/** The time in a signature's header, in seconds. Throws `WebhookRefused` where there is none. */
export function signedAt(header: string | string[] | undefined): number {
  return partsOf(header).seconds;
}

function partsOf(header: string | string[] | undefined): { readonly seconds: number; readonly signatures: readonly Buffer[] } {
  if (typeof header !== 'string') throw new WebhookRefused('It has no signature.');
  const parts = header.split(',').map((part) => part.split('=', 2) as [string, string?]);
  const times = parts.filter(([name, value]) => name === 't' && /^\d{1,12}$/.test(value ?? ''));
  if (times.length !== 1) throw new WebhookRefused('Its signature says no time.');
  return {
    seconds: Number(times[0]![1]),
    signatures: parts.filter(([name]) => name === 'v1').map(([, value = '']) => Buffer.from(value, 'hex')),
  };
}

function hmac(seconds: number, body: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(`${seconds}.${body}`).digest();
}
