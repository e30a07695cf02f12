import { createContext, createSharedContext, type Guest, type OverlayCredential, type RequestContext, type Viewer } from '../api/room.ts';
import { newId, type Services } from '../database/room.ts';
import type { LiveExecution, Variables } from './execution.ts';
import type { DocumentNode } from 'graphql';

/** Somebody whom an execution answers alone; nobody in particular where `viewer` is undefined, and somebody signed out where it is null. */
export interface Onlooker {
  readonly viewer: Viewer | null | undefined;
  readonly guest: Guest | null;
  readonly overlay: OverlayCredential | null;
  readonly remoteAddress: string;
}

export interface RunnerParts {
  readonly services: Services;
  readonly execution: LiveExecution;
  readonly document: DocumentNode;
  readonly operationName: string | null;
  readonly variables: Variables;
  /** Told of each execution, for metrics. */
  readonly executed: () => void;
}

/** A passing fault in the middle of an execution: its sockets are closed, so that their clients come back. */
export class TransientFault extends Error {
  override name = 'TransientFault';
}

/** Runs one operation on one event after another, each in a context of its own. */
export class Runner {
  readonly #parts: RunnerParts;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** A context that nobody in particular looks through. */
  sharedContext(): RequestContext {
    return createSharedContext({ services: this.#parts.services, requestId: newId(), remoteAddress: '' });
  }

  contextOf({ viewer, guest, overlay, remoteAddress }: Onlooker): RequestContext {
    if (viewer === undefined) return this.sharedContext();
    return createContext({ services: this.#parts.services, viewer, guest, overlay, requestId: newId(), remoteAddress });
  }

  /** The whole result as JSON, the errors as clients may see them. Throws `TransientFault` where no client should see them. */
  async run(rootValue: unknown, onlooker: Onlooker): Promise<string> {
    const { execution, document, operationName, variables, executed } = this.#parts;
    const context = this.contextOf(onlooker);
    executed();
    const result = await execution.execute({ document, operationName, variables, rootValue, context });
    if (!result.errors?.length) return JSON.stringify({ data: result.data });
    const passing = result.errors.find((error) => execution.isTransient(error));
    if (passing) throw new TransientFault(passing.message, { cause: passing });
    return JSON.stringify({ data: result.data, errors: result.errors.map((error) => execution.toPublicError(error, context.requestId).toJSON()) });
  }
}

export const nobody: Onlooker = { viewer: undefined, guest: null, overlay: null, remoteAddress: '' };

/** Any overlay of a creator: what they share must not depend on which of them looks. */
export function overlaysOf(creatorId: string): Onlooker {
  const alone = (): never => {
    throw new Error('An execution that overlays share was asked which of them it is for.');
  };
  const overlay = { creatorId, get overlayId() { return alone(); }, get connectionId() { return alone(); } };
  return { viewer: null, guest: null, overlay, remoteAddress: '' };
}
