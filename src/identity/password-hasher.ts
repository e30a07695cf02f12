import { AsyncLocalStorage } from 'node:async_hooks';
import { hash, verify } from '@node-rs/argon2';
import { Overloaded } from '../database/room.ts';

/** Argon2id with the first choice of parameters of OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane. */
const argon2id = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** What a request learned on its way: the stored hash that its password matched. */
export interface PasswordTrace {
  matchedHash?: string;
}

export const passwordTrace = new AsyncLocalStorage<PasswordTrace>();

/**
 * Hashes and checks passwords, a few at a time: each takes some 20 ms of a core and 19 MiB, and a flood of sign-ins shall slow sign-ins
 * alone. More than `waitingLimit` waiting is `Overloaded`.
 */
export class PasswordHasher {
  readonly #atATime: number;
  readonly #waitingLimit: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(atATime = 2, waitingLimit = 100) {
    this.#atATime = atATime;
    this.#waitingLimit = waitingLimit;
  }

  readonly hash = (password: string): Promise<string> => this.#inTurn(() => hash(normalized(password), argon2id));

  readonly verify = async (given: { hash: string; password: string }): Promise<boolean> => {
    const matches = await this.#inTurn(() => verify(given.hash, normalized(given.password)));
    const trace = passwordTrace.getStore();
    if (matches && trace) trace.matchedHash = given.hash;
    return matches;
  };

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#atATime) {
      if (this.#waiting.length >= this.#waitingLimit) throw new Overloaded(`${this.#waiting.length} passwords wait to be checked; no more may.`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}

/** Keyboards write one text in several ways; a password is the same however it was composed (NIST SP 800-63B, 5.1.1.2). */
function normalized(password: string): string {
  return password.normalize('NFKC');
}
