/**
 * An endless async iterator over what others push: it parks when there is nothing, and `return()` frees it at once, also while a
 * `next()` is pending. Subclasses answer `take()`, and call `wake()` when it may answer more.
 */
export abstract class PullIterator<T> implements AsyncIterableIterator<T> {
  #turn: Promise<unknown> = Promise.resolve();
  #unpark: (() => void) | undefined;
  #ended = false;
  #failure: Error | undefined;

  /** The next value if there is one now. When not, it sets going what will bring one. */
  protected abstract take(): T | undefined;
  /** Called once, when the iterator ends for whatever reason. */
  protected abstract release(): void;

  get ended(): boolean {
    return this.#ended;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const result = this.#turn.then(() => this.#step());
    this.#turn = result.catch(() => {});
    return result;
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Ends the iterator; its next `next()` throws the error. */
  fail(error: Error): void {
    if (this.#ended) return;
    this.#failure = error;
    this.#end();
  }

  protected wake(): void {
    this.#unpark?.();
    this.#unpark = undefined;
  }

  async #step(): Promise<IteratorResult<T, undefined>> {
    while (!this.#ended) {
      const value = this.take();
      if (value !== undefined) return { done: false, value };
      await new Promise<void>((resolve) => {
        this.#unpark = resolve;
      });
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
    return { done: true, value: undefined };
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.release();
    this.wake();
  }
}
