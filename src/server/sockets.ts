import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { handleProtocols } from 'graphql-ws';
import { WebSocketServer } from 'ws';
import { sessionsAlive } from '../identity/room.ts';
import type { ClientAddresses } from './client-address.ts';
import { graphqlPath } from './graphql-route.ts';
import type { Origins } from './origins.ts';
import { closeCodes, SocketConnection } from './socket-connection.ts';
import { speakProtocol, type ProtocolParts } from './socket-protocol.ts';

export interface SocketTimings {
  /** How long a socket may stay silent before connection_init. */
  readonly initTimeoutMs: number;
  readonly pingMs: number;
  /** How often the credentials of open sockets are looked at again. */
  readonly recheckMs: number;
}

export const socketTimings: SocketTimings = { initTimeoutMs: 5_000, pingMs: 12_000, recheckMs: 4_000 };

export interface SocketParts extends Omit<ProtocolParts, 'initTimeoutMs'> {
  readonly origins: Origins;
  readonly addresses: ClientAddresses;
  readonly timings: SocketTimings;
}

/** The WebSockets of one server: who may open one, that each is alive, and that each one's session is. */
export class Sockets {
  readonly #parts: SocketParts;
  readonly #connections = new Set<SocketConnection>();
  readonly #webSockets: WebSocketServer;
  readonly #protocol: ReturnType<typeof speakProtocol>;
  readonly #timers: NodeJS.Timeout[];
  #isClosing = false;

  constructor(parts: SocketParts) {
    const { metrics, timings } = parts;
    this.#parts = parts;
    this.#protocol = speakProtocol({ ...parts, initTimeoutMs: timings.initTimeoutMs });
    this.#webSockets = new WebSocketServer({
      noServer: true, maxPayload: parts.limits.bodyBytes, perMessageDeflate: false, clientTracking: false, handleProtocols,
    });
    metrics.gauge('farthing_sockets_open', 'WebSockets that are open.', () => this.#connections.size);
    this.#timers = [
      setInterval(() => this.#ping(), timings.pingMs).unref(),
      setInterval(() => void this.#recheck(), timings.recheckMs).unref(),
    ];
  }

  attach(server: Server): void {
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Tells every client to come back to another process, and waits a moment for those that say goodbye. */
  async close(patienceMs = 2_000): Promise<void> {
    this.#isClosing = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const connection of this.#connections) connection.close(closeCodes.restart, 'Service restart');
    const deadline = performance.now() + patienceMs;
    while (this.#connections.size > 0 && performance.now() < deadline) await delay(10);
    for (const connection of this.#connections) connection.socket.terminate();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    if (request.url?.split('?')[0] !== graphqlPath) return refuseUpgrade(socket, '404 Not Found', `WebSockets are served at ${graphqlPath}.`);
    if (this.#isClosing) return refuseUpgrade(socket, '503 Service Unavailable', 'The server is stopping.');
    if (!this.#parts.origins.allowsUpgrade(request)) {
      return refuseUpgrade(socket, '403 Forbidden', 'This origin may not open sockets: list it in ALLOWED_ORIGINS.');
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new SocketConnection(webSocket, socket, request, this.#parts.addresses.of(request));
      this.#connections.add(connection);
      this.#serve(connection, request);
    });
  }

  #serve(connection: SocketConnection, request: IncomingMessage): void {
    const { socket, requestId } = connection;
    const { log, metrics } = this.#parts;
    const closed = this.#protocol.opened(
      {
        protocol: socket.protocol,
        send: (data) => connection.send(data),
        close: (code, reason) => connection.close(code ?? closeCodes.tryAgainLater, reason ?? ''),
        onMessage: (handle) =>
          socket.on('message', (data) => {
            handle(String(data)).catch((error: unknown) => {
              log.error({ err: error, requestId }, 'A socket\'s message could not be handled.');
              connection.close(closeCodes.tryAgainLater, 'Try again later');
            });
          }),
      },
      { connection, request },
    );
    socket.on('error', (error) => log.debug({ err: error, requestId }, 'A socket failed.'));
    socket.once('close', (code, reason) => {
      this.#connections.delete(connection);
      metrics.socketsClosed.inc({ code });
      const ms = Math.round(performance.now() - connection.openedAt);
      log.info({ requestId, remoteAddress: connection.remoteAddress, code, reason: String(reason), ms }, 'socket closed');
      closed(code, String(reason)).catch((error: unknown) => log.error({ err: error, requestId }, 'A socket\'s operations could not be ended.'));
    });
  }

  /** A peer that answered nothing since the last ping is gone, whatever TCP believes. */
  #ping(): void {
    for (const connection of this.#connections) {
      if (!connection.isHeard) {
        connection.socket.terminate();
        continue;
      }
      connection.isHeard = false;
      if (connection.isOpen) connection.socket.ping();
    }
  }

  /** Ends the sockets whose session has ended: one statement, however many there are. */
  async #recheck(): Promise<void> {
    const { services, log } = this.#parts;
    const bySession = Map.groupBy(this.#connections, ({ sessionId }) => sessionId);
    bySession.delete(null);
    try {
      const alive = await sessionsAlive(services, [...(bySession.keys() as MapIterator<string>)]);
      for (const [sessionId, connections] of bySession) {
        if (alive.has(sessionId!)) continue;
        for (const connection of connections) connection.close(closeCodes.unauthorized, 'The session has ended');
      }
    } catch (error) {
      log.warn({ err: error }, 'The sessions of open sockets could not be looked at; they are next time.');
    }
  }
}

function refuseUpgrade(socket: Duplex, status: string, reason: string): void {
  const headers = ['content-type: text/plain; charset=utf-8', `content-length: ${Buffer.byteLength(reason)}`, 'connection: close'];
  socket.end(`HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n${reason}`);
}
