import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Guest, OverlayCredential, Viewer } from '../api/room.ts';
import type { LiveSocket } from '../live/room.ts';
import { holdWrites } from './held-writes.ts';
import { requestIdOf } from './request-id.ts';
import { Turns } from './turns.ts';

/** Close codes that clients of graphql-transport-ws tell apart: after the first two they come back by themselves. */
export const closeCodes = {
  /** Service restart (RFC 6455's registry): this process stops. */
  restart: 1012,
  /** Try again later: a passing fault, or a reader that fell behind. */
  tryAgainLater: 1013,
  unauthorized: 4401,
} as const;

/** Queries and mutations of one socket that run, or whose answers have not left the process yet; further ones wait. */
const mostRunning = 4;

/** Bytes that may wait for a reader. One answer may be larger; nothing is run or sent behind it until it has gone. */
const mostUnreadBytes = 4_000_000;

/** One open socket. */
export class SocketConnection {
  readonly socket: WebSocket;
  /** The socket for subscriptions that write their own frames: those of one turn leave together. */
  readonly frames: LiveSocket;
  readonly requestId: string;
  readonly remoteAddress: string;
  readonly openedAt = performance.now();
  /** Set by connection_init; null until then and for those who did not sign in. */
  viewer: Viewer | null = null;
  /** Set by connection_init for a guest. */
  guest: Guest | null = null;
  /** Set by connection_init for an overlay, whose viewer is nobody. */
  overlay: OverlayCredential | null = null;
  /** Whether anything was heard since the last ping. */
  isHeard = true;
  readonly turns = new Turns(mostRunning);

  constructor(socket: WebSocket, stream: Duplex, request: IncomingMessage, remoteAddress: string) {
    this.socket = socket;
    this.frames = {
      get bufferedAmount() {
        return socket.bufferedAmount;
      },
      send: (text, done) => {
        holdWrites(stream);
        socket.send(text, done);
      },
      close: (code, reason) => socket.close(code, reason),
    };
    this.requestId = requestIdOf(request.headers);
    this.remoteAddress = remoteAddress;
    socket.on('pong', () => (this.isHeard = true));
    socket.on('message', () => (this.isHeard = true));
  }

  /** Of an account or a guest: with it the socket ends. */
  get sessionId(): string | null {
    return this.viewer?.sessionId ?? this.guest?.guestId ?? null;
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** Nothing is sent after this: who closes for a passing cause must not send a final `error` too. */
  close(code: number, reason: string): void {
    if (this.isOpen) this.socket.close(code, reason);
  }

  /** Closes the socket of a reader that is too far behind for one more answer, and says so. */
  closeIfSlow(): boolean {
    if (this.socket.bufferedAmount <= mostUnreadBytes) return false;
    this.close(closeCodes.tryAgainLater, 'slow reader');
    return true;
  }

  /** Resolves when the message has left the process, so that a slow reader slows what feeds it. */
  send(data: string): Promise<void> {
    if (!this.isOpen || this.closeIfSlow()) return Promise.resolve();
    return new Promise((resolve) => this.socket.send(data, () => resolve()));
  }
}
