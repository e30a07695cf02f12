import { randomBytes } from 'node:crypto';
import type { Clock, Database } from '../../database/room.ts';
import { SandboxProcessor, type ControlOperation } from './processor.ts';
import { SandboxProvider } from './sandbox-provider.ts';
import { decode, encode } from './wire.ts';

export interface SandboxOptions {
  readonly db: Database;
  readonly clock: Clock;
  /** Where payers reach this server, without a trailing slash. */
  readonly publicUrl: string;
}

/** Payers reach the processor's pages below this path of our server: the processor itself listens on this machine alone. */
export const sandboxPagesPath = '/sandbox/pages';

/** The simulated processor and the adapter that speaks to it. It listens from its first use on. */
export class Sandbox {
  readonly provider: SandboxProvider;
  readonly #processor: SandboxProcessor;
  readonly #apiKey = `sk_sandbox_${randomBytes(24).toString('base64url')}`;

  constructor({ db, clock, publicUrl }: SandboxOptions) {
    const webhookSecret = `whsec_sandbox_${randomBytes(24).toString('base64url')}`;
    this.#processor = new SandboxProcessor({ db, clock, pagesUrl: `${publicUrl}${sandboxPagesPath}`, apiKey: this.#apiKey, webhookSecret });
    this.provider = new SandboxProvider({ url: () => this.#processor.start(), apiKey: this.#apiKey, webhookSecrets: [webhookSecret] });
  }

  /** Starts it, and sends its webhooks to a server. */
  async deliverTo(serverUrl: string): Promise<void> {
    await this.#processor.start();
    this.#processor.deliverTo(`${serverUrl}/webhooks/sandbox`);
  }

  /**
   * Does what payers, banks and networks do, through its control endpoints: "settings" ({webhookDelayMs, webhookCopies, isShuffled,
   * stallMs}, each optional), "dispute" ({key}), "close-dispute" ({disputeId, status}), "return-refund" ({key}), "decide-payout" ({key,
   * status}), "deliver" ({}: all webhooks that are due, now).
   */
  async control<T>(operation: ControlOperation, body: object = {}): Promise<T> {
    const answer = await fetch(`${await this.#processor.start()}/control/${operation}`, {
      method: 'POST', headers: { authorization: `Bearer ${this.#apiKey}` }, body: encode(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`The sandbox answered ${answer.status}: ${text}`);
    return decode<T>(text);
  }

  /** Answers for the processor's pages. */
  async page(request: Request): Promise<Response> {
    const url = `${await this.#processor.start()}/pages/${encodeURIComponent(new URL(request.url).pathname.slice(sandboxPagesPath.length + 1))}`;
    const body = request.method === 'POST' ? await request.text() : undefined;
    return fetch(url, { method: request.method, body, redirect: 'manual' });
  }

  close(): Promise<void> {
    return this.#processor.close();
  }
}
