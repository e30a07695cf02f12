import type { EntityManager } from '@mikro-orm/postgresql';
import { databaseService, type Services } from '../database/room.ts';

/** Who signed in. */
export interface Viewer {
  readonly personId: string;
  readonly email: string;
  /** The session the credential belongs to, so that its end can end sockets. */
  readonly sessionId: string;
}

/** An overlay that signed in with its own token: it shows one creator's page, and may do nothing else. */
export interface OverlayCredential {
  readonly creatorId: string;
  readonly overlayId: string;
  /** The socket, as the overlays' connections are told apart. */
  readonly connectionId: string;
}

/** Somebody without an account who may tip by card. */
export interface Guest {
  readonly guestId: string;
}

/** Whoever came: somebody who signed in, a guest, or neither. */
export interface Visitor {
  readonly viewer: Viewer | null;
  readonly guest: Guest | null;
}

/** What every resolver gets: made anew for each request, and for each event of a subscription. */
export interface RequestContext {
  readonly services: Services;
  readonly em: EntityManager;
  /** Null when nobody signed in. In an execution that is shared by many sockets, reading it throws. */
  readonly viewer: Viewer | null;
  /**
   * The overlay whose socket this is; null for everybody else, and always over HTTP. In an execution that is shared, reading it throws;
   * in one that the overlays of a creator share, only `creatorId` may be read.
   */
  readonly overlay: OverlayCredential | null;
  /** Who came with a guest's token; never there together with a viewer. In a shared execution, reading it throws too. */
  readonly guest: Guest | null;
  /** True where one execution answers many sockets: nobody in particular is looking. */
  readonly isShared: boolean;
  /** Caches that live as long as the request: see `cached`. */
  readonly caches: Map<string, unknown>;
  readonly requestId: string;
  /** The address the request came from, for limits. */
  readonly remoteAddress: string;
}

export interface ContextParts {
  readonly services: Services;
  readonly viewer: Viewer | null;
  readonly overlay?: OverlayCredential | null;
  readonly guest?: Guest | null;
  readonly requestId: string;
  readonly remoteAddress: string;
}

export function createContext(parts: ContextParts): RequestContext {
  let em: EntityManager | undefined;
  return {
    ...parts,
    overlay: parts.overlay ?? null,
    guest: parts.guest ?? null,
    isShared: false,
    // Made at its first use: sending a tip, for one, is plain SQL and needs none.
    get em() {
      return (em ??= parts.services.get(databaseService).fork());
    },
    caches: new Map(),
  };
}

/** A context for an execution whose answer goes to many: asking it who is looking is a bug, and throws. */
export function createSharedContext(parts: Omit<ContextParts, 'viewer' | 'overlay' | 'guest'>): RequestContext {
  let em: EntityManager | undefined;
  return {
    ...parts,
    isShared: true,
    get em() {
      return (em ??= parts.services.get(databaseService).fork());
    },
    caches: new Map(),
    get viewer(): never {
      throw new Error('A shared execution was asked for its viewer: mark the field as viewer-dependent.');
    },
    get overlay(): never {
      throw new Error('A shared execution was asked for its overlay: mark the field as viewer-dependent.');
    },
    get guest(): never {
      throw new Error('A shared execution was asked for its guest: mark the field as viewer-dependent.');
    },
  };
}

/**
 * Whether the viewer is that person. In a shared execution nobody is: those whose answer would differ (an event's insiders, such as
 * the sender of a tip) were given executions of their own.
 */
export function isViewer(context: RequestContext, personId: string | null): boolean {
  return !context.isShared && personId !== null && context.viewer?.personId === personId;
}

/** The account or the guest that pays, and whose stream tells of its payments; undefined for everybody else. */
export function payerIdOf({ viewer, guest }: Visitor): string | undefined {
  return viewer?.personId ?? guest?.guestId;
}

/** The same of a guest. */
export function isGuest(context: RequestContext, guestId: string | null): boolean {
  return !context.isShared && guestId !== null && context.guest?.guestId === guestId;
}

/** Makes a thing (a DataLoader, mostly) once a request: `cached(context, 'creator.byId', () => new DataLoader(…))`. */
export function cached<T>(context: RequestContext, name: string, create: () => T): T {
  if (!context.caches.has(name)) context.caches.set(name, create());
  return context.caches.get(name) as T;
}
