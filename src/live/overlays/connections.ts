import { setImmediate as nextTurn } from 'node:timers/promises';
import DataLoader from 'dataloader';
import type { OverlayCredential } from '../../api/room.ts';
import { databaseService, failureKind, logService, newId, service, Unavailable, type Database, type Log, type Services } from '../../database/room.ts';
import type { OverlayWidgetName } from '../entities.ts';
import { conductorService } from '../queue/conductor.ts';
import { keepConnections, removeConnections } from './connection-rows.ts';
import { hashToken } from './token.ts';

/** How often this process says that its overlays are still there, and hears of tokens that no longer count. */
const beatMs = 2_000;

interface Connection {
  readonly id: string;
  readonly overlayId: string;
  readonly creatorId: string;
  readonly tokenHash: Buffer;
  /** Closes the socket: its token was replaced, or its overlay deleted. */
  readonly revoke: () => void;
  readonly widgets: OverlayWidgetName[];
  isVisible: boolean;
  /** Whether its row said that it shows alerts. */
  wasShowing: boolean;
}

interface TokenRow {
  readonly id: string;
  readonly creator_id: string;
  readonly token_hash: Buffer;
}

/**
 * The sockets of this process that are signed in as overlays, each with a row that other processes read. One writer takes turns at the
 * rows, with what is in memory then: so a row never goes back, and a row of a socket that closed never comes back.
 */
export class OverlayConnections {
  readonly #services: Services;
  readonly #db: Database;
  readonly #log: Log;
  readonly #open = new Map<string, Connection>();
  readonly #closed = new Set<string>();
  readonly #changed = new Set<string>();
  readonly #overlays: DataLoader<Buffer, TokenRow | null, string>;
  #beat: NodeJS.Timeout | undefined;
  /** Whether every row is to be written, not only what changed. */
  #isDue = false;
  #lastWrite: Promise<void> = Promise.resolve();
  #nextWrite: Promise<void> | undefined;

  constructor(services: Services) {
    this.#services = services;
    this.#db = services.get(databaseService);
    this.#log = services.get(logService);
    this.#overlays = new DataLoader((hashes) => this.#readOverlays(hashes), {
      cache: false,
      // One turn of the event loop gathers the overlays that come back together.
      batchScheduleFn: (read) => setImmediate(read),
      cacheKeyFn: (hash) => hash.toString('hex'),
    });
  }

  /**
   * Signs a socket in; null for a token that opens nothing. `revoke` is called when the token no longer counts, and `close` must be
   * called when the socket is gone. Throws `Unavailable` when the database cannot tell.
   */
  async signIn(token: string, revoke: () => void): Promise<OverlayCredential | null> {
    const tokenHash = hashToken(token);
    const overlay = tokenHash && (await this.#overlays.load(tokenHash));
    if (!overlay) return null;
    const credential = { creatorId: overlay.creator_id, overlayId: overlay.id, connectionId: newId() };
    const { creatorId, overlayId, connectionId: id } = credential;
    this.#open.set(id, { id, overlayId, creatorId, tokenHash: overlay.token_hash, revoke, widgets: [], isVisible: true, wasShowing: false });
    this.#beat ??= setInterval(() => this.#onBeat(), beatMs).unref();
    this.#touch(id);
    return credential;
  }

  /** Takes the connection of a socket that is gone out. */
  close(connectionId: string): void {
    if (!this.#open.delete(connectionId)) return;
    this.#closed.add(connectionId);
    this.#report(this.#write());
  }

  /** A connection subscribed to a widget, until what is answered is called. */
  watch(connectionId: string, widget: OverlayWidgetName): () => void {
    const connection = this.#open.get(connectionId);
    if (!connection) return () => {};
    connection.widgets.push(widget);
    this.#touch(connectionId);
    return () => {
      connection.widgets.splice(connection.widgets.indexOf(widget), 1);
      this.#touch(connectionId);
    };
  }

  /** Says whether a connection's page can be seen; resolves once that is stored. */
  async setVisible(connectionId: string, isVisible: boolean): Promise<void> {
    const connection = this.#open.get(connectionId);
    if (!connection) return;
    connection.isVisible = isVisible;
    this.#changed.add(connectionId);
    await this.#write();
  }

  /** Whether the token with which a connection signed in still opens its overlay. Throws `Unavailable` when the database cannot tell. */
  async isAlive(connectionId: string): Promise<boolean> {
    const connection = this.#open.get(connectionId);
    return connection !== undefined && (await this.#overlays.load(connection.tokenHash))?.id === connection.overlayId;
  }

  /** Closes this process's sockets of an overlay at once; other processes find out with their next beat. */
  revoke(overlayId: string): void {
    for (const connection of [...this.#open.values()]) {
      if (connection.overlayId === overlayId) connection.revoke();
    }
  }

  /** Takes every row out: whoever was connected comes back to another process. */
  async stop(): Promise<void> {
    clearInterval(this.#beat);
    for (const id of this.#open.keys()) this.#closed.add(id);
    this.#open.clear();
    await this.#write().catch((error: unknown) => this.#log.warn({ err: error }, 'Overlays\' connections could not be taken out; they run out by themselves.'));
  }

  #onBeat(): void {
    if (this.#open.size + this.#closed.size === 0) {
      clearInterval(this.#beat);
      this.#beat = undefined;
      return;
    }
    this.#isDue = true;
    this.#report(this.#write());
  }

  #touch(connectionId: string): void {
    this.#changed.add(connectionId);
    this.#report(this.#write());
  }

  /** Writes what changed until now, after what is being written; those who ask meanwhile share one write. */
  #write(): Promise<void> {
    if (!this.#nextWrite) {
      this.#nextWrite = this.#lastWrite.then(nextTurn).then(() => {
        this.#nextWrite = undefined;
        return this.#writeOnce();
      });
      this.#lastWrite = this.#nextWrite.catch(() => {});
    }
    return this.#nextWrite;
  }

  async #writeOnce(): Promise<void> {
    const connections = [...(this.#isDue ? this.#open.keys() : this.#changed)].flatMap((id) => this.#open.get(id) ?? []);
    this.#isDue = false;
    this.#changed.clear();
    if (connections.length > 0) await this.#keep(connections);
    if (this.#closed.size > 0) await this.#remove([...this.#closed]);
  }

  async #keep(connections: readonly Connection[]): Promise<void> {
    const rows = connections.map(({ id, overlayId, tokenHash, widgets, isVisible }) => ({ id, overlayId, tokenHash, widget: mainWidget(widgets), isVisible }));
    const alive = await keepConnections(this.#db, rows);
    const waitedFor = new Set<string>();
    connections.forEach((connection, index) => {
      if (!alive.has(connection.id)) return connection.revoke();
      const { widget, isVisible } = rows[index]!;
      const isShowing = widget === 'ALERTS' && isVisible;
      if (isShowing && !connection.wasShowing) waitedFor.add(connection.creatorId);
      connection.wasShowing = isShowing;
    });
    for (const creatorId of waitedFor) void this.#services.get(conductorService).advance(creatorId);
  }

  async #remove(ids: readonly string[]): Promise<void> {
    await removeConnections(this.#db, ids);
    for (const id of ids) this.#closed.delete(id);
  }

  #report(writing: Promise<void>): void {
    writing.catch((error: unknown) => this.#log.warn({ err: error }, 'Overlays\' connections could not be written; they are with the next beat.'));
  }

  async #readOverlays(hashes: readonly Buffer[]): Promise<(TokenRow | null)[]> {
    try {
      const rows = await this.#db.query<TokenRow>('SELECT id, creator_id, token_hash FROM overlay WHERE token_hash = ANY ($1::bytea[])', [hashes]);
      const byHash = new Map(rows.map((row) => [row.token_hash.toString('hex'), row]));
      return hashes.map((hash) => byHash.get(hash.toString('hex')) ?? null);
    } catch (error) {
      if (failureKind(error) === 'RETRY') throw new Unavailable(`Overlays cannot be read: ${(error as Error).message}`, { cause: error });
      throw error;
    }
  }
}

/** Of what a socket subscribed to, the one that matters to others: who shows alerts is waited for. */
function mainWidget(widgets: readonly OverlayWidgetName[]): OverlayWidgetName | null {
  return widgets.includes('ALERTS') ? 'ALERTS' : (widgets.at(-1) ?? null);
}

/** The overlays that are connected to this process. */
export const overlayConnectionsService = service(
  'live.overlayConnections',
  (services) => new OverlayConnections(services),
  (connections) => connections.stop(),
);
