import { isIPv6 } from 'node:net';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

const minuteSeconds = 60;

/** Counts attempts a minute by address, in this process alone. */
export class AttemptLimit {
  readonly perMinute: number;
  readonly #limiter: RateLimiterMemory;

  constructor(perMinute: number) {
    this.perMinute = perMinute;
    this.#limiter = new RateLimiterMemory({ points: perMinute, duration: minuteSeconds });
  }

  /** Counts one attempt. Answers 0 when it may go on, else the seconds to wait. */
  async take(remoteAddress: string): Promise<number> {
    try {
      await this.#limiter.consume(addressGroup(remoteAddress));
      return 0;
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      return Math.max(1, Math.ceil(refusal.msBeforeNext / 1000));
    }
  }
}

/** Whom an address stands for: itself, and for IPv6 its /64, since a single household gets at least that many. */
export function addressGroup(address: string): string {
  const plain = address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail = ''] = new URL(`http://[${plain}]`).hostname.slice(1, -1).split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === '' ? [] : tail.split(':');
  const groups = [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
