import type { FormattedExecutionResult } from 'graphql-ws';
import type { Ask } from './link.ts';
import { reportAlert, reportOverlay } from './operations.ts';

/** What became of one showing: SHOWN to its end, or given back. */
export interface Report {
  readonly alertId: string;
  readonly lease: string;
  readonly state: 'SHOWN' | 'QUEUED';
}

const retryAfterMs = 1_000;
/** Of an answer that is a fault of the server: no report may keep a page from going on for ever. */
const mostFaults = 5;
const passing = new Set(['UNAVAILABLE', 'OVERLOADED', 'OUTCOME_UNKNOWN', 'RATE_LIMITED']);

/**
 * What the page has to tell the server, in order, each until it was answered. A new socket first tells what the last one could not;
 * whether the page is seen goes before everything else, so that nothing is started for a page that is not.
 */
export class Outbox {
  readonly #reports: Report[] = [];
  readonly #retryAfterMs: number;
  #isVisible = true;
  /** What this socket's server takes the page for: visible, until it hears otherwise. */
  #toldVisible = true;
  #ask: Ask | undefined;
  #sending: Promise<void> | undefined;

  constructor(retryMs = retryAfterMs) {
    this.#retryAfterMs = retryMs;
  }

  get isEmpty(): boolean {
    return this.#reports.length === 0 && this.#isVisible === this.#toldVisible;
  }

  /** Whether the server knows that the page is hidden. */
  get isKnownHidden(): boolean {
    return this.#ask !== undefined && !this.#toldVisible && !this.#isVisible;
  }

  /** A new socket. Resolves when all that was left is told; rejects when the socket is gone before. */
  async open(ask: Ask): Promise<void> {
    this.#ask = ask;
    this.#toldVisible = true;
    this.#sending = undefined;
    await this.#flush();
  }

  close(): void {
    this.#ask = undefined;
  }

  report(report: Report): void {
    this.#reports.push(report);
    this.#flushSoon();
  }

  setVisible(isVisible: boolean): void {
    this.#isVisible = isVisible;
    this.#flushSoon();
  }

  #flushSoon(): void {
    // A socket that is lost is the link's to mend; what was not answered stays for the next one.
    this.#flush().catch(() => {});
  }

  #flush(): Promise<void> {
    const ask = this.#ask;
    if (!ask) return Promise.resolve();
    this.#sending ??= this.#sendAll(ask).finally(() => {
      if (this.#ask === ask) this.#sending = undefined;
    });
    return this.#sending;
  }

  async #sendAll(ask: Ask): Promise<void> {
    while (this.#ask === ask && !this.isEmpty) {
      if (this.#isVisible !== this.#toldVisible) {
        const visible = this.#isVisible;
        await this.#tell(ask, reportOverlay, { visible });
        if (this.#ask === ask) this.#toldVisible = visible;
        continue;
      }
      await this.#tell(ask, reportAlert, this.#reports[0]!);
      if (this.#ask === ask) this.#reports.shift();
    }
  }

  /** Asks until there is an answer that asking again would not change. */
  async #tell(ask: Ask, mutation: string, input: object): Promise<void> {
    for (let faults = 0; this.#ask === ask; ) {
      const { errors } = await ask(mutation, { input });
      if (!errors?.length) return;
      const codes = codesOf(errors);
      if (!codes.some((code) => passing.has(code)) && ++faults >= (codes.includes('INTERNAL_SERVER_ERROR') ? mostFaults : 1)) return;
      await new Promise((resolve) => setTimeout(resolve, this.#retryAfterMs));
    }
  }
}

function codesOf(errors: NonNullable<FormattedExecutionResult['errors']>): string[] {
  return errors.map(({ extensions }) => String(extensions?.code));
}
