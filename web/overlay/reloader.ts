/** What a page that is no build, such as Vite's development server gives, calls itself. */
export const unbuilt = ['', 'development', 'unbuilt'];
const memory = 'farthing-overlay-reloaded';
/** A reload that brought the same old page, from a cache or a server that is not yet replaced, is not tried again sooner. */
const againAfterMs = 60_000;

export interface ReloaderParts {
  readonly ownBuildId: string;
  /** Whether now is between two alerts, with nothing left to tell. */
  isFree(): boolean;
  reload(): void;
  /** Outlives a reload of the page, such as `sessionStorage`. */
  readonly storage: { getItem(name: string): string | null; setItem(name: string, value: string): void };
  now(): number;
}

/** Loads the page anew when the server has another build of it, between two alerts. */
export class Reloader {
  readonly #parts: ReloaderParts;
  #serverBuildId: string;

  constructor(parts: ReloaderParts) {
    this.#parts = parts;
    this.#serverBuildId = parts.ownBuildId;
  }

  /** What the server says its build is. */
  heard(buildId: string): void {
    this.#serverBuildId = buildId;
    this.look();
  }

  /** Reloads if there is a reason to and nothing is going on. */
  look(): void {
    const { ownBuildId, storage, now } = this.#parts;
    const server = this.#serverBuildId;
    if (server === ownBuildId || unbuilt.includes(server) || unbuilt.includes(ownBuildId) || !this.#parts.isFree()) return;
    const [lastBuildId, lastAt] = (storage.getItem(memory) ?? '').split('@');
    if (lastBuildId === server && now() - Number(lastAt) < againAfterMs) return;
    storage.setItem(memory, `${server}@${now()}`);
    this.#parts.reload();
  }
}
