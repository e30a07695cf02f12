import type { Guest, OverlayCredential, Viewer, Visitor } from '../api/room.ts';
import { closeCodes, type LiveSocket } from './live-socket.ts';

/** What may wait in this process for one reader. */
export const queueLimits = { events: 2_048, bytes: 4 << 20 } as const;

/** A replay, which could fill any queue, goes on once less than this waits. */
const replayOnBelow = { events: 256, bytes: 256 << 10 } as const;

export interface LiveOperationParts extends Visitor {
  readonly overlay: OverlayCredential | null;
  readonly requestId: string;
  readonly remoteAddress: string;
  readonly socket: LiveSocket;
  /** The `id` of the socket's `subscribe` message. */
  readonly operationId: string;
}

/**
 * One subscription of one socket, as graphql-ws takes it: an async generator that yields nothing, since the frames go to the socket
 * from here, and that ends when the subscription does. It throws what is to be an `error` message.
 */
export class LiveOperation implements AsyncGenerator<never, void, void> {
  readonly viewer: Viewer | null;
  readonly guest: Guest | null;
  readonly overlay: OverlayCredential | null;
  readonly requestId: string;
  readonly remoteAddress: string;
  readonly #socket: LiveSocket;
  readonly #frameStart: string;
  readonly #over = Promise.withResolvers<void>();
  readonly #cleanups: (() => void)[] = [];
  #ended = false;
  /** Frames that have not left this process. */
  #waiting = 0;
  #drained: PromiseWithResolvers<void> | undefined;

  constructor({ viewer, guest, overlay, requestId, remoteAddress, socket, operationId }: LiveOperationParts) {
    this.viewer = viewer;
    this.guest = guest;
    this.overlay = overlay;
    this.requestId = requestId;
    this.remoteAddress = remoteAddress;
    this.#socket = socket;
    this.#frameStart = `{"id":${JSON.stringify(operationId)},"type":"next","payload":`;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Called once when the operation ends, or at once if it has. */
  onEnd(cleanup: () => void): void {
    if (this.#ended) cleanup();
    else this.#cleanups.push(cleanup);
  }

  /** Sends a result, already JSON. A reader that has too much waiting is closed: it comes back with its cursor when it can. */
  send(payload: string): void {
    if (this.#ended) return;
    this.#waiting++;
    this.#socket.send(`${this.#frameStart}${payload}}`, this.#onSent);
    if (this.#isOver(queueLimits)) this.close(closeCodes.tryAgainLater, 'slow reader');
  }

  /** Waits, if need be, until the reader has taken most of what was sent. */
  async drained(): Promise<void> {
    if (this.#ended || this.#isDrained) return;
    this.#drained ??= Promise.withResolvers();
    await this.#drained.promise;
  }

  /** Closes the whole socket for a passing reason. */
  close(code: number, reason: string): void {
    if (this.#ended) return;
    this.#end();
    this.#over.resolve();
    this.#socket.close(code, reason);
  }

  /** Ends the operation with an `error` message, which clients take as final. */
  refuse(reason: Error): void {
    if (this.#ended) return;
    this.#end();
    // The transport may not have asked yet.
    this.#over.promise.catch(() => {});
    this.#over.reject(reason);
  }

  async next(): Promise<IteratorResult<never, void>> {
    await this.#over.promise;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<never, void>> {
    this.#end();
    this.#over.resolve();
    return { done: true, value: undefined };
  }

  async throw(): Promise<IteratorResult<never, void>> {
    return this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  readonly #onSent = (error?: Error | null): void => {
    this.#waiting--;
    if (error) void this.return();
    if (this.#drained && this.#isDrained) this.#release();
  };

  /** With nothing of its own waiting, it is another operation that fills the socket: nothing here would ever tell when it is done. */
  get #isDrained(): boolean {
    return this.#waiting === 0 || !this.#isOver(replayOnBelow);
  }

  #isOver(limits: { readonly events: number; readonly bytes: number }): boolean {
    return this.#waiting > limits.events || this.#socket.bufferedAmount > limits.bytes;
  }

  #release(): void {
    this.#drained?.resolve();
    this.#drained = undefined;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#release();
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
  }
}
