/** Lets a few at a time pass; the others wait for their turn in the order they came. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(most: number) {
    this.#free = most;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when it is one's turn. `finish` must be called once for each. */
  take(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  finish(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
