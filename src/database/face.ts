import type { EntitySchema } from '@mikro-orm/core';
import type { Services } from './services.ts';

/** A statement about the stored data that must hold. Its SQL answers the rows that break it: none when it holds. */
export interface Invariant {
  /** A sentence, such as "every tip that moved money has its posting". */
  readonly name: string;
  /** One SELECT without parameters; each row it answers is a violation, printed as it is. Bounded by the caller. */
  readonly sql: string;
}

/** Work a running server does on a timer. Each run stands alone and may be cut off at any moment. */
export interface Job {
  readonly name: string;
  readonly everyMs: number;
  /** A long run ends early, and in order, when `stop` is aborted: the server waits for it. */
  run(services: Services, stop: AbortSignal): Promise<void>;
}

/** What every room shows of itself to the composition root. Rooms with a GraphQL side show more (`ApiFace`). */
export interface RoomFace {
  readonly name: string;
  readonly entities?: readonly EntitySchema[];
  readonly invariants?: readonly Invariant[];
  readonly jobs?: readonly Job[];
}
