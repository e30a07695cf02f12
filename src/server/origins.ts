import type { IncomingMessage } from 'node:http';

/** Decides which browsers' pages may call, over HTTP and sockets. */
export class Origins {
  readonly #allowed: ReadonlySet<string>;

  constructor(trusted: readonly string[]) {
    this.#allowed = new Set(trusted);
  }

  allows(origin: string): boolean {
    return this.#allowed.has(origin);
  }

  /**
   * Browsers do not hold sockets to CORS, so the upgrade itself is checked: a page of an allowed origin, or of the very host that
   * is asked, such as this machine's address on its own network. What sends no Origin is no browser.
   */
  allowsUpgrade({ headers }: IncomingMessage): boolean {
    const { origin, host } = headers;
    if (origin === undefined || this.allows(origin)) return true;
    return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
  }
}
