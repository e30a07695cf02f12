import type { RoomFace } from '../database/room.ts';
import type { NodeType } from './node.ts';

/** A room that speaks GraphQL: its resolvers, what types hang on interfaces alone, and its node types. */
export interface ApiFace extends RoomFace {
  readonly resolvers?: readonly Function[];
  /** Object types that only an interface or union leads to. */
  readonly orphanedTypes?: readonly Function[];
  readonly nodes?: readonly NodeType[];
}
